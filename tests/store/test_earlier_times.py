from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from orchestrator.models.identity import AgentName
from orchestrator.models.options import EarlierTime
from orchestrator.store.composition_names import store_of
from orchestrator.store.earlier_times import earlier_times
from orchestrator.store.log_records import LogRecord
from orchestrator.store.recorder import as_record
from tests.store.conftest import PASSED, outcome

CLAUDE, CODEX = AgentName("claude"), AgentName("codex")
STORE = store_of("/p")


def ended(number: int, shares: Mapping[AgentName, float], *, project: str = "/p", rehearsal: bool = False) -> LogRecord:
    one = replace(outcome(PASSED, number=number), project=project, rehearsal=rehearsal, time_shares=shares)
    return LogRecord(datetime(2026, 11, 30, tzinfo=UTC), as_record(one))


def test_sessions_of_this_project_with_several_agents_count_once_as_they_ended_last() -> None:
    records = [
        ended(1, {CLAUDE: 0.1, CODEX: 0.9}),
        ended(1, {CLAUDE: 0.7, CODEX: 0.2}),
        ended(2, {CLAUDE: 0.69, CODEX: 0.8}),
        ended(3, {CLAUDE: 1.0}),
        ended(4, {}),
        ended(5, {CLAUDE: 0.9, CODEX: 0.1}, project="/other"),
        ended(6, {CLAUDE: 0.9, CODEX: 0.1}, rehearsal=True),
    ]
    assert earlier_times(records, STORE) == (EarlierTime(CLAUDE, 2, 1), EarlierTime(CODEX, 2, 1))
    assert earlier_times([], STORE) == ()


def test_a_session_that_ended_tells_how_its_agents_used_the_time() -> None:
    """Each of the three runs for a part of it; what was taken from its journal is what the log keeps."""
    shares = outcome(PASSED, watch_rules=1).time_shares
    assert set(shares) == {"gemini", "claude", "codex"}
    assert all(0 <= share <= 1 for share in shares.values())
