"""A target that cannot be copied: writers side by side work one after the other, and that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import MergeLayers, Outcome, StartWorker
from orchestrator.models.entries import Command, LayersMerged, StartFailed, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_tree import (
    Aggregator,
    Failure,
    GateNode,
    MergeResult,
    NodePath,
    Strategy,
    StrategyNode,
)
from orchestrator.models.workers import WorkerStatus
from tests.session.team_play import READERS, answers, closes, node, started, taken_over_anywhere, writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

ONE, TWO = node("one", access="write"), node("two", access="write")


def cannot_be_copied(p: Play, worker: str, layer: str) -> None:
    name, effect = next(
        (name, effect)
        for name, effect in reversed(p.effects)
        if isinstance(effect, StartWorker) and effect.worker == worker
    )
    p.take(StartFailed(WorkerId(worker), effect.attempt, "it is too large", name, layer=NodePath(layer)))


def merges(p: Play) -> None:
    name, effect = p.last(MergeLayers)
    p.take(LayersMerged(MergeResult(effect.leaf.path, success=True), name))


def test_writers_without_copies_work_one_after_the_other_in_the_target(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=StrategyNode(Strategy.PARALLEL, (ONE, node("reader"), TWO)))
    cannot_be_copied(p, "one", "1.1")
    cannot_be_copied(p, "two", "1.3")
    assert p.session.lost == {}, "the CLIs have done nothing wrong"
    assert [p.session.workers[WorkerId(name)].status for name in ("one", "two")] == [WorkerStatus.WAITING] * 2
    assert sum("one after the other: it is too large" in warning for warning in p.session.warnings) == 2
    answers(p, "reader")
    assert started(p) == ["one", "reader", "two", "one"]
    first = p.last(StartWorker)[1]
    assert (first.attempt, first.assignment.target) == (2, p.session.options.target)
    assert p.session.options.target in first.assignment.writable
    writes(p, "one", "a.py")
    assert started(p)[-1] == "two"
    writes(p, "two", "b.py")
    merges(p)
    p.snapshot("a.py", "b.py")
    p.reviews("reviewer", "approved")
    assert closes(p).outcome is Outcome.DONE
    assert taken_over_anywhere(p)


def test_a_writer_that_is_started_again_after_its_layer_was_merged_works_in_the_target(
    play: Callable[..., Play],
) -> None:
    side = StrategyNode(Strategy.PARALLEL, (ONE, TWO))
    p = play(*READERS, plan=StrategyNode(Strategy.SEQUENTIAL, (side, node("reader"))), plan_rules=2)
    writes(p, "one", "a.py")
    writes(p, "two", "b.py")
    p.take(UserCommand(Command.RESTART, by="terminal", worker=WorkerId("one")))
    assert "while what it made is being merged" in p.session.warnings[-1]
    name, effect = p.last(MergeLayers)
    p.take(LayersMerged(MergeResult(effect.leaf.path, success=True, taken=effect.leaf.take), name))
    p.start("reader")
    p.take(UserCommand(Command.RESTART, by="terminal", worker=WorkerId("one")))
    assert started(p) == ["one", "two", "reader"], "nobody writes there while somebody reads"
    answers(p, "reader")
    again = p.last(StartWorker)[1]
    assert (again.worker, again.assignment.target) == ("one", p.session.options.target)
    writes(p, "one", "c.py")
    p.snapshot("a.py", "b.py", "c.py")
    p.reviews("reviewer", "approved")
    assert closes(p).outcome is Outcome.DONE
    assert taken_over_anywhere(p)


def test_one_of_those_that_were_chosen_among_is_not_started_again(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (ONE, TWO), aggregator=Aggregator.PRIORITY_LIST, priority=("one", "two"))
    p = play(*READERS, plan=StrategyNode(Strategy.SEQUENTIAL, (plan, node("reader"))), plan_rules=2)
    writes(p, "one", "a.py")
    writes(p, "two", "b.py")
    name, effect = p.last(MergeLayers)
    p.take(LayersMerged(MergeResult(effect.leaf.path, success=True, taken=effect.leaf.take), name))
    p.take(UserCommand(Command.RESTART, by="terminal", worker=WorkerId("two")))
    assert "has been chosen already" in p.session.warnings[-1]
    assert started(p) == ["one", "two", "reader"]


def test_one_without_a_copy_waits_for_those_that_have_theirs(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (ONE, StrategyNode(Strategy.SEQUENTIAL, (TWO, node("three")))))
    p = play(*READERS, plan=plan)
    cannot_be_copied(p, "two", "1.2")
    assert started(p) == ["one", "two"]
    writes(p, "one", "a.py")
    assert started(p) == ["one", "two", "two"]
    writes(p, "two", "b.py")
    assert started(p)[-1] == "three"
    assert p.last(StartWorker)[1].assignment.target == p.session.options.target
    answers(p, "three")
    assert p.last(MergeLayers)[1].writers == {"1.1": ("one",), "1.2": ()}


@pytest.mark.parametrize(
    "plan",
    [
        StrategyNode(Strategy.BEST_OF, (ONE, TWO), gate=GateNode(("tests",))),
        StrategyNode(Strategy.PARALLEL, (ONE, TWO), aggregator=Aggregator.PRIORITY_LIST),
    ],
)
def test_what_is_to_be_chosen_among_cannot_be_made_in_one_place(play: Callable[..., Play], plan: StrategyNode) -> None:
    p = play(*READERS, plan=plan)
    cannot_be_copied(p, "one", "1.1")
    cannot_be_copied(p, "two", "1.2")
    assert started(p) == ["one", "two"]
    merges(p)
    assert p.session.lost == {}
    close = closes(p)
    assert close.outcome is Outcome.FAILED
    assert "it needs a copy of the target" in close.reason
    result = p.session.plan_run.result
    assert result is not None
    assert [each.failure for each in result.outputs] == [Failure.FAILED] * 2
