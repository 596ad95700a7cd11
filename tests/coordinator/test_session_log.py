from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from orchestrator.journal.folder import SessionFolder

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage


@pytest.mark.slow
async def test_the_log_tells_a_session_from_its_opening_to_its_close(stage: Stage) -> None:
    result = await stage.run("default")
    log = SessionFolder(result.folder).log_file
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] == "session_opened"
    assert events[-1] == "session_closed"
    assert {"worker_started", "worker_exited", "recovered", "decided", "warned"} <= set(events)
    assert [line["n"] for line in lines] == sorted(line["n"] for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(("level", "every"), [("DEBUG", True), ("WARNING", False)])
async def test_the_level_decides_what_is_written(stage: Stage, level: str, every: bool) -> None:
    stage.variables["ORCHESTRATOR_LOG_LEVEL"] = level
    result = await stage.run("plain")
    log = SessionFolder(result.folder).log_file
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    assert (len(lines) == len(stage.journal(result))) is every
