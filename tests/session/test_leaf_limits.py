from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import StopWorker
from orchestrator.models.entries import Sampled, TimePassed
from orchestrator.models.events import EventType, Said, TurnEnded, UsageReported
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.plan_tree import AgentLimits, AgentResult, Failure, NodePath, Strategy, StrategyNode
from orchestrator.models.workers import Sample
from orchestrator.session.leaf_limits import limits_of
from tests.session.team_play import READERS, answers, node

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

REPLY = {"answer": "late", "findings": [], "confidence": 1}


def limited(**limits: float) -> StrategyNode:
    return StrategyNode(Strategy.SEQUENTIAL, (node("a", limits=AgentLimits(**limits)), node("b")))  # type: ignore[arg-type]  # whole where it has to be


def failure(p: Play) -> Failure | None:
    result = p.session.plan_run.results[NodePath("1.1")]
    assert isinstance(result, AgentResult)
    return result.failure


def test_a_plan_narrows_the_policy_and_never_widens_it(play: Callable[..., Play]) -> None:
    p = play("claude", plan=limited(timeout_s=60.0, memory_mb=64), no_change=True)
    found = limits_of(p.session, WorkerId("a"))
    assert found.runtime_s == 60.0
    assert found.memory_mib == 310, "less than the CLI needs to start would only kill it"
    p = play("claude", plan=limited(timeout_s=1e6, memory_mb=10**6), no_change=True)
    assert limits_of(p.session, WorkerId("a")) == p.session.options.sandbox.limits


def test_what_an_agent_says_while_it_is_stopped_for_its_time_came_too_late(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=limited(timeout_s=60.0), no_change=True)
    p.start("a")
    p.later(61)
    p.take(TimePassed())
    p.says("a", TurnEnded(ok=True, subtype="success", text="", reply=REPLY), kind=EventType.STATUS)
    p.exits("a", by="stop")
    assert failure(p) is Failure.TIMED_OUT
    answers(p, "b")


def test_one_that_generates_more_tokens_than_its_plan_allows_is_ended(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=limited(max_tokens=100), no_change=True)
    p.start("a")
    p.says("a", UsageReported(Usage(input_tokens=90_000, output_tokens=100)))
    assert p.wanted(StopWorker) == [], "what it reads does not count"
    p.says("a", UsageReported(Usage(output_tokens=1)), Said("more"))
    assert "generated 101 tokens, and its plan allows 100" in p.last(StopWorker)[1].because
    p.exits("a", by="stop")
    assert failure(p) is Failure.FAILED


def test_tokens_that_are_told_with_the_answer_cost_nobody_the_answer(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=limited(max_tokens=100), no_change=True)
    p.start("a")
    ended = TurnEnded(ok=True, subtype="success", text="", reply=REPLY)
    p.says("a", UsageReported(Usage(output_tokens=5_000)), ended)
    p.exits("a")
    assert failure(p) is None


def test_one_that_takes_more_memory_than_its_plan_allows_is_ended(play: Callable[..., Play]) -> None:
    p = play("claude", plan=limited(memory_mb=400), no_change=True)
    p.start("a")
    for _ in range(3):
        p.later(2)
        p.take(Sampled(WorkerId("a"), Sample(10.0, 450.0, 3)))
    p.exits("a", by="stop")
    assert failure(p) is Failure.FAILED
