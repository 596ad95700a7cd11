"""A login that a CLI renews with a new refresh token, as claude's service gives one with each renewal."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow


def login(lasting: str, ends_in_s: float) -> str:
    ends = int((time.time() + ends_in_s) * 1000)
    value = {"accessToken": f"for {lasting}", "refreshToken": lasting, "expiresAt": ends}
    return json.dumps({"claudeAiOauth": value})


async def test_a_renewed_login_goes_back_while_its_worker_still_runs_and_is_said(stage: Stage) -> None:
    own = stage.root / "home" / ".claude" / ".credentials.json"
    own.parent.mkdir(parents=True)
    before, after = login("first", 60.0), login("second", 30_000.0)
    own.write_text(before)
    act = f"""
    import os, pathlib, time
    copy = pathlib.Path(os.environ["HOME"]) / ".claude" / ".credentials.json"
    copy.write_text({after!r})
    while pathlib.Path({str(own)!r}).read_text() != {after!r}:
        time.sleep(0.05)
    pathlib.Path({str(stage.target)!r}, "a.py").write_text("x = 1")
    """
    result = await stage.run_claude(act)
    assert own.read_text() == after
    assert "~/.claude/.credentials.json was renewed" in (result.folder / "report.md").read_text()
    kept = result.folder / "logins" / "claude" / ".claude_.credentials.json (before)"
    assert kept.read_text() == before
    assert kept.stat().st_mode & 0o777 == 0o600
