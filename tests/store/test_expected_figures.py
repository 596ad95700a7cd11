from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentNode, Strategy, StrategyNode
from orchestrator.store.composition_names import plan_digest
from orchestrator.store.expected_figures import (
    UNKNOWN,
    ExpectedFigures,
    as_document,
    expected_figures,
    in_rows,
    recorded_outcomes,
)
from orchestrator.store.log_records import LogRecord
from orchestrator.store.recorder import as_record
from tests.store.test_estimates import session

ALONE = [AgentName("claude")]


def test_where_nothing_was_recorded_nothing_is_estimated(tmp_path: Path) -> None:
    assert recorded_outcomes({"XDG_STATE_HOME": str(tmp_path)}) == ()
    (tmp_path / "orchestrate").mkdir()
    (tmp_path / "orchestrate/outcomes.jsonl").mkdir()
    assert recorded_outcomes({"XDG_STATE_HOME": str(tmp_path)}) == ()
    assert as_document(ExpectedFigures())["because"] == UNKNOWN
    assert in_rows(ExpectedFigures()) == [("estimates", f"tokens, cost and time {UNKNOWN}")]


def test_a_plan_of_ones_own_is_estimated_by_its_hash_and_solo_beside_it() -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (AgentNode("writer"),))
    now = datetime.now(UTC)
    outcomes = [session(number, plan=plan_digest(plan), team="mine") for number in range(10)]
    records = [LogRecord(now, as_record(one)) for one in outcomes]
    found = expected_figures(
        "Write tests", Path("/shop"), records, team="mine", no_change=False, agents=(), solo=ALONE, plan=plan
    )
    assert found.team is not None
    assert found.solo is not None
    assert (found.team.is_known, found.solo.sessions) == (True, 0)
    assert in_rows(found)[1][1].startswith("one agent alone: tokens, cost and time unknown: 0 of the 10")
    assert as_document(found)["solo"]["tokens"] is None
