from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import CloseSession, MeasureGates, Outcome, StartWorker
from orchestrator.models.entries import CoordinatorResumed, GatesMeasured, SessionClosed
from orchestrator.models.facts import PlanFinished
from orchestrator.models.plan_tree import (
    AgentResult,
    GateNode,
    GateResult,
    MeasuredGate,
    NodePath,
    Strategy,
    StrategyNode,
)
from orchestrator.models.quality_gates import GateState
from orchestrator.session.retries import standing
from tests.session.team_play import (
    READERS,
    answers,
    closes,
    malformed,
    node,
    started,
    taken_over_anywhere,
    tree,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def fails(p: Play) -> None:
    name, close = p.last(CloseSession)
    assert close.outcome is Outcome.FAILED
    p.take(SessionClosed(close.outcome, close.reason, name))


def test_who_failed_works_again_and_who_did_well_does_not(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=tree(Strategy.PARALLEL, "a", "b", "c"), no_change=True, plan_rules=2)
    answers(p, "a", "what a found")
    malformed(p, "b")
    answers(p, "c", "what c found")
    fails(p)
    p.take(CoordinatorResumed(7, retries=True))
    assert started(p) == ["a", "b", "c", "b"]
    assert p.last(StartWorker)[1].attempt == 2
    answers(p, "b", "what b found")
    assert closes(p).outcome is Outcome.DONE
    assert [told.result.success for told in p.wanted(PlanFinished)] == [False, True]
    assert taken_over_anywhere(p) > 5


def test_what_came_after_a_failure_is_done_anew(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=tree(Strategy.SEQUENTIAL, "a", "b", "c"), no_change=True, plan_rules=2)
    answers(p, "a", "the first")
    malformed(p, "b")
    answers(p, "c", "without b")
    fails(p)
    p.take(CoordinatorResumed(7, retries=True))
    answers(p, "b", "now with words")
    assert "now with words" in p.last(StartWorker)[1].assignment.prompt
    answers(p, "c", "with b")
    assert closes(p).outcome is Outcome.DONE
    assert started(p) == ["a", "b", "c", "b", "c"]


def test_a_gate_is_measured_again_and_a_review_of_the_failure_lets_nothing_stand(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (node("writer", access="write"), GateNode(("tests",))))
    p = play(*READERS, plan=plan, plan_rules=2)
    writes(p, "writer", "a.py")
    gate(p, GateState.FAIL)
    p.snapshot("a.py")
    p.reviews("reviewer", "approved")
    fails(p)
    p.take(CoordinatorResumed(7, retries=True))
    gate(p, GateState.PASS)
    p.snapshot("a.py")
    p.reviews("reviewer", "approved")
    assert closes(p).outcome is Outcome.DONE
    assert started(p) == ["writer", "reviewer", "reviewer"]


def gate(p: Play, state: GateState) -> None:
    name, effect = p.last(MeasureGates)
    p.take(GatesMeasured(GateResult(effect.path, (MeasuredGate("tests", state),)), name))


def test_a_journal_from_before_keeps_its_result(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=tree(Strategy.SEQUENTIAL, "a"), no_change=True)
    malformed(p, "a")
    fails(p)
    p.take(CoordinatorResumed(7))
    assert started(p) == ["a"]
    assert p.last(CloseSession)[1].outcome is Outcome.FAILED


def test_what_was_tried_because_something_failed_does_not_stand() -> None:
    plan = tree(Strategy.ADAPTIVE, "solo", "team", gate=GateNode(("tests",)))
    good = {NodePath(path): AgentResult(NodePath(path), path, success=True) for path in ("1.1", "1.2")}
    bad = GateResult(NodePath("1.gate"), (MeasuredGate("tests", GateState.FAIL),))
    assert list(standing(plan, {**good, bad.path: bad})) == ["1.1"]
