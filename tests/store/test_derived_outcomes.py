from __future__ import annotations

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.plan_tree import GateResult, MeasuredGate, NodePath
from orchestrator.models.quality_gates import GateState
from orchestrator.models.recorded_outcomes import GateOutcome
from orchestrator.models.reviews import Verdict
from orchestrator.store.derived_outcomes import (
    outcome_of,
    outcome_of_journal,
    plan_gates,
    quality_score,
)
from tests.session.conftest import Play
from tests.store.conftest import FAILED, NOT_RUN, PASSED, TREE, closed, outcome


def test_a_session_is_a_success_where_every_gate_passed_on_the_tree_it_left() -> None:
    found = outcome(PASSED)
    assert (found.result, found.quality_score, found.tree, found.ended) == ("success", 100.0, TREE, Outcome.DONE)
    assert [(gate.gate, gate.state) for gate in found.gates] == [("tests: pytest", "passed")]


@pytest.mark.parametrize(
    ("session", "because"),
    [
        (closed(), "no gate was measured"),
        (closed(checked=False), "no gate was measured"),
        (closed(NOT_RUN), "its interpreter is missing"),
        (closed(PASSED, NOT_RUN), "its interpreter is missing"),
        (closed(PASSED, left="b" * 40), "the target changed after that"),
        (closed(PASSED, tree=""), "not certain on which tree"),
        (closed(PASSED, left=""), "not certain on which tree"),
        (closed(PASSED, outcome=Outcome.FAILED), "yet the session ended as failed"),
        (closed(PASSED, outcome=Outcome.NEEDS_PERSON), "yet the session ended as"),
        (closed(PASSED, outcome=Outcome.INTERRUPTED), "yet the session ended as"),
    ],
)
def test_what_gates_do_not_say_is_unknown_however_the_session_ended(session: Play, because: str) -> None:
    found = outcome_of(session.session)
    assert found is not None
    assert found.result == "unknown"
    assert because in found.because


def test_a_gate_that_failed_is_a_failure_although_all_agents_are_content() -> None:
    found = outcome(FAILED, verdict=Verdict.CONCERNS, findings=("pytest: test_a fails",))
    assert found.result == "failure"
    assert found.quality_score is not None
    assert found.quality_score <= 59.0


def test_nothing_changed_is_a_failure_of_a_task_that_asks_for_a_change() -> None:
    found = outcome(PASSED, verdict=Verdict.CONCERNS, findings=("nothing changed in the target",))
    assert (found.result, found.because) == ("failure", "own checks failed: nothing changed in the target")


def test_what_failed_before_as_well_is_not_held_against_the_team() -> None:
    found = outcome(FAILED, before=[FAILED])
    assert (found.result, found.quality_score) == ("success", 75.0)
    worse = outcome(FAILED, before=[PASSED], verdict=Verdict.CONCERNS, findings=("3 fail that did not",))
    assert worse.result == "failure"


def test_an_outcome_follows_from_the_journal_alone() -> None:
    p = closed(PASSED)
    assert outcome_of_journal(p.entries) == outcome_of(p.session)
    assert outcome_of_journal(p.entries[:-1]) is None
    assert outcome_of_journal([]) is None


def test_it_says_who_worked_with_what_and_what_it_took() -> None:
    found = outcome(PASSED)
    assert [(one.agent, one.role, one.version) for one in found.members] == [
        ("gemini", "designer", "1.0"),
        ("claude", "implementer", "1.0"),
        ("codex", "reviewer", "1.0"),
    ]
    assert found.wall_s == 42.0
    assert found.tokens is None
    assert (found.questions, found.rework, found.rehearsal) == (0, 0, False)
    assert (found.project, found.pattern, found.team) == ("/t", "general", "change")


@pytest.mark.parametrize(
    ("gates", "score"),
    [
        ([], None),
        ([GateOutcome("a", "not measured", "")], None),
        ([GateOutcome("a", "passed", "", 1.0)], 100.0),
        ([GateOutcome("a", "passed", "", 1.0), GateOutcome("b", "not measured", "")], 50.0),
        ([GateOutcome("a", "failed", "", 0.99)], 59.0),
        ([GateOutcome("a", "failed", "", 0.2), GateOutcome("b", "passed", "", 1.0)], 59.0),
        ([GateOutcome("a", "failed", "", 0.0)], 0.0),
    ],
)
def test_the_score_is_a_mean_over_all_gates_and_low_where_one_failed(
    gates: list[GateOutcome], score: float | None
) -> None:
    assert quality_score(gates) == score


def test_gates_of_a_plan_count_as_they_were_measured_last_on_the_tree_that_was_left() -> None:
    early = GateResult(
        NodePath("1.gate"), (MeasuredGate("lint", GateState.FAIL), MeasuredGate("types", GateState.FAIL))
    )
    late = GateResult(NodePath("1.gate@2"), (MeasuredGate("lint", GateState.PASS, message="clean"),), snapshot=TREE)
    unmeasured = GateResult(
        NodePath("2"), (MeasuredGate("docs", GateState.NOT_MEASURED, message="no tool"),), snapshot=TREE
    )
    found = plan_gates([early, object(), late, unmeasured], delivered=TREE)
    assert found == (
        GateOutcome("lint", "passed", "clean", 1.0),
        GateOutcome("types", "not measured", "the target changed after that"),
        GateOutcome("docs", "not measured", "no tool"),
    )
    assert plan_gates([late], delivered="")[0].state == "not measured"
