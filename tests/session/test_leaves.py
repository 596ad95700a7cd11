from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import MergeLayers, Outcome, StartWorker
from orchestrator.models.entries import Command, LayersMerged, TimePassed, UserCommand
from orchestrator.models.facts import PersonAsked, Warned
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_tree import (
    MergeResult,
    NodePath,
    Strategy,
    StrategyNode,
    Tier,
)
from tests.session.team_play import (
    READERS,
    answers,
    bounds,
    closes,
    node,
    started,
    tree,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_writers_side_by_side_have_layers_that_are_merged_when_all_have_ended(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (node("one", access="write"), node("reader"), node("two", access="write")))
    p = play(*READERS, plan=plan)
    assert started(p) == ["one", "reader", "two"]
    places = [effect.assignment.target for effect in p.wanted(StartWorker)]
    options = p.session.options
    assert places == [
        options.session_dir / "layers/1.1/target",
        options.target,
        options.session_dir / "layers/1.3/target",
    ]
    assert options.target not in p.wanted(StartWorker)[0].assignment.writable
    writes(p, "one", "a.py")
    answers(p, "reader")
    assert p.wanted(MergeLayers) == []
    writes(p, "two", "b.py")
    name, effect = p.last(MergeLayers)
    assert (effect.leaf.take, effect.writers) == (("1.1", "1.3"), {"1.1": ("one",), "1.3": ("two",)})
    p.take(LayersMerged(MergeResult(effect.leaf.path, success=True, taken=effect.leaf.take), name))
    assert p.session.plan_run.result is not None
    assert p.session.plan_run.result.success


def test_more_than_may_be_at_work_at_once_wait(play: Callable[..., Play]) -> None:
    names = tuple(f"r{number}" for number in range(6))
    p = play(*READERS, plan=tree(Strategy.PARALLEL, *names), no_change=True)
    assert started(p) == ["r0", "r1", "r2", "r3"]
    said = [told.text for told in p.wanted(Warned)]
    assert [text for text in said if "r4" in text] == ["r4 (1.5) waits: 4 agents are at work (--max-parallel 4)"]
    answers(p, "r2")
    assert started(p)[-1] == "r4"
    assert not any("r4" in told.text for told in p.wanted(Warned)[len(said) :]), "it is said once"


def test_of_those_that_wait_the_most_urgent_starts_first(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (node("a"), node("b"), node("c", priority=1)))
    p = play(*READERS, plan=plan, no_change=True, sandbox=bounds(max_parallel=1))
    assert started(p) == ["c"]
    answers(p, "c")
    assert started(p) == ["c", "a"]


def test_more_than_may_be_started_within_a_minute_wait_for_the_minute_to_pass(play: Callable[..., Play]) -> None:
    from orchestrator.session.clock import next_deadline

    sandbox = bounds(max_parallel=9, starts_per_minute=2)
    p = play(*READERS, plan=tree(Strategy.PARALLEL, "a", "b", "c"), no_change=True, sandbox=sandbox)
    assert started(p) == ["a", "b"]
    answers(p, "a")
    answers(p, "b")
    assert p.session.ending is None
    due = next_deadline(p.session)
    assert due is not None
    p.later((due - p.at).total_seconds())
    p.take(TimePassed())
    assert started(p) == ["a", "b", "c"]


def test_a_person_is_asked_before_more_agents_are_started_than_the_bound(play: Callable[..., Play]) -> None:
    sandbox = bounds(max_workers=1)
    plan = tree(Strategy.SEQUENTIAL, "a", "b")
    p = play(*READERS, plan=plan, no_change=True, sandbox=sandbox, interactive=True)
    answers(p, "a")
    assert started(p) == ["a"]
    (asked,) = p.wanted(PersonAsked)
    assert "wants more" in asked.question.text
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on", question=asked.question.id))
    assert started(p) == ["a", "b"]
    answers(p, "b")
    assert closes(p).outcome is Outcome.DONE


def test_without_a_person_a_plan_that_wants_more_agents_ends_resumable(play: Callable[..., Play]) -> None:
    p = play(*READERS, plan=tree(Strategy.SEQUENTIAL, "a", "b"), no_change=True, sandbox=bounds(max_workers=1))
    answers(p, "a")
    assert closes(p).outcome is Outcome.NEEDS_PERSON


def test_without_a_person_those_at_work_come_to_their_end_first(play: Callable[..., Play]) -> None:
    plan = tree(Strategy.PARALLEL, "a", "b", "c")
    p = play(*READERS, plan=plan, no_change=True, sandbox=bounds(max_workers=2))
    answers(p, "a")
    assert p.session.ending is None, "b is still at work"
    answers(p, "b")
    assert closes(p).outcome is Outcome.NEEDS_PERSON
    assert set(p.session.plan_run.results) == {"1.1", "1.2"}


def test_an_agent_that_is_not_there_is_a_failed_result(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (node("a", agent=AgentName("codex")), node("b")))
    p = play("claude", plan=plan, no_change=True)
    assert started(p) == ["b"], "the one after it is asked all the same"
    answers(p, "b")
    assert p.session.plan_run.results[NodePath("1.1")].success is False  # type: ignore[union-attr]  # an agent's
    assert closes(p).outcome is Outcome.FAILED


def test_a_second_worker_of_one_agent_has_a_number_that_nobody_else_has(play: Callable[..., Play]) -> None:
    plan = StrategyNode(Strategy.DEBATE, (node("a"), node("a-2")), rounds=2)
    p = play(*READERS, plan=plan, no_change=True)
    assert started(p) == ["a", "a-2"]
    answers(p, "a", "yes", 0.9)
    answers(p, "a-2", "no", 0.9)
    assert len(started(p)) == len(set(started(p)))
    first, second = p.session.workers[WorkerId("a")], p.session.workers[WorkerId("a-3")]
    assert first.agent == second.agent, "who is asked again is the one that was asked before"


def test_a_tier_leads_to_the_model_and_the_cli_that_the_settings_name(play: Callable[..., Play]) -> None:
    plan = StrategyNode(
        Strategy.SEQUENTIAL, (node("cheap", tier=Tier.CHEAP), node("best", tier=Tier.PREMIUM), node("any"))
    )
    claude, codex = AgentName("claude"), AgentName("codex")
    p = play(
        *READERS,
        plan=plan,
        no_change=True,
        tier_models={"CHEAP": {codex: "small"}, "PREMIUM": {claude: "large"}},
        tier_agents={"CHEAP": (codex,), "PREMIUM": (AgentName("absent"), claude)},
    )
    for worker in ("cheap", "best"):
        answers(p, worker)
    chosen = [p.session.details[WorkerId(worker)].assignment for worker in started(p)]
    assert [(one.agent, one.model) for one in chosen[:2]] == [(codex, "small"), (claude, "large")]
    assert chosen[2].model is None
