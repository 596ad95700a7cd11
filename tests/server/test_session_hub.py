from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import OrchestrateError, SessionUnknown
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.server import session_hub as halls
from orchestrator.server.session_hub import SessionHub
from tests.server.conftest import Stage, serving


async def test_without_a_name_the_newest_live_session_is_meant(staged: Callable[..., Stage], workspace: Path) -> None:
    older, newer = staged("0001"), staged("0002")
    hub = SessionHub(workspace)
    assert hub.folder(None).id == newer.folder.id
    older.hold()
    assert hub.folder(None).id == older.folder.id
    assert SessionHub(workspace, newer.folder.id).folder(None).id == newer.folder.id


def test_what_is_not_there_is_said(workspace: Path) -> None:
    with pytest.raises(OrchestrateError, match="no session in this workspace"):
        SessionHub(workspace).folder(None)
    for name in ("20261121-175811-ffff", "../..", "x"):
        with pytest.raises(SessionUnknown):
            SessionHub(workspace).folder(name)


async def test_sessions_nobody_looks_at_are_forgotten(
    staged: Callable[..., Stage], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halls, "MOST_UNWATCHED", 2)
    for i in range(5):
        staged(f"000{i}").take(SessionClosed(Outcome.DONE, "done"))
    async with serving(workspace) as served:
        ids = [one["id"] for one in await served.get("/api/sessions")]
        for name in ids:
            assert (await served.get("/api/session", session=name))["status"] == "done"
        assert len(served.dashboard.hub.followed()) <= 3
        assert (await served.get("/api/session", session=ids[0]))["id"] == ids[0]


async def test_a_session_that_is_damaged_is_listed_and_said(stage: Stage, workspace: Path) -> None:
    stage.folder.journal_file.write_text("garbage\n")
    async with serving(workspace) as served:
        answer = await served.client.get("/api/session")
        assert answer.status_code == 409
        assert "damaged" in answer.json()["detail"]
        (listed,) = await served.get("/api/sessions")
        assert listed["status"] in ("damaged", "running")
        with anyio.fail_after(60):
            answer = await served.client.get("/api/events/stream")
        assert answer.status_code == 409
