from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import TimePassed
from orchestrator.models.facts import PlanFinished
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_tree import (
    AgentLimits,
    Failure,
    NodePath,
    Strategy,
    StrategyNode,
)
from orchestrator.models.workers import WorkerStatus
from tests.session.team_play import (
    READERS,
    answers,
    closes,
    crashes,
    malformed,
    node,
    overconfident,
    tree,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


@pytest.mark.parametrize(
    ("fails", "failure"),
    [(malformed, Failure.MALFORMED), (crashes, Failure.FAILED), (overconfident, Failure.MALFORMED)],
)
def test_one_that_fails_is_a_failed_result_and_the_others_stand(
    play: Callable[..., Play], fails: Callable[[Play, str], None], failure: Failure
) -> None:
    p = play(*READERS, plan=tree(Strategy.PARALLEL, "a", "b", "c"), no_change=True)
    fails(p, "a")
    assert p.session.workers[WorkerId("a")].status is WorkerStatus.FAILED
    assert p.session.ending is None
    answers(p, "b")
    answers(p, "c")
    (told,) = p.wanted(PlanFinished)
    assert [(output.success, output.failure) for output in told.result.outputs] == [
        (False, failure),
        (True, None),
        (True, None),
    ]
    assert closes(p).outcome is Outcome.FAILED


def test_one_whose_own_time_is_used_up_has_timed_out(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (node("slow", limits=AgentLimits(timeout_s=60.0)), node("quick")))
    p = play(*READERS, plan=plan, no_change=True)
    p.start("slow")
    answers(p, "quick")
    p.later(61)
    p.take(TimePassed())
    p.exits("slow", code=143, by="stop")
    result = p.session.plan_run.results[NodePath("1.1")]
    assert result.failure is Failure.TIMED_OUT  # type: ignore[union-attr]  # it is an agent's
    assert closes(p).outcome is Outcome.FAILED


@pytest.mark.parametrize(("model", "warned"), [("gateway/claude-opus-5", True), (None, False)])
def test_two_clis_on_models_of_one_vendor_count_as_one(
    play: Callable[..., Play], model: str | None, warned: bool
) -> None:
    two = (node("first", agent=AgentName("claude")), node("second", agent=AgentName("codex"), model=model))
    p = play(*READERS, plan=StrategyNode(Strategy.DEBATE, two), no_change=True)
    answers(p, "first", "yes")
    answers(p, "second", "yes")
    (told,) = p.wanted(PlanFinished)
    assert [each.vendor for each in told.result.outputs] == ["Anthropic", "Anthropic" if warned else "OpenAI"]
    assert any("from one vendor (Anthropic)" in warning for warning in told.result.warnings) is warned
    closes(p)
