"""What one agent of a plan cannot do ends its own part, never that of the others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import CoordinatorResumed
from orchestrator.models.events import ConversationStarted, EventType, Failed, FailureKind
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_tree import Aggregator, Failure, Strategy, StrategyNode
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.leaf_failures import can_be_done_without
from tests.session.team_play import READERS, answers, closes, node, started, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

LIMITED = {"final_wait_s": 30.0, "timeout_s": 100.0}
CONSENSUS = tree(Strategy.PARALLEL, "a", "b", "c", aggregator=Aggregator.CONSENSUS)


def meets(p: Play, worker: str, kind: FailureKind, *, resets_in: float | None = None) -> None:
    p.start(worker)
    p.says(worker, ConversationStarted("c-1"), kind=EventType.STATUS)
    at = p.at + timedelta(seconds=resets_in) if resets_in is not None else None
    p.says(worker, Failed("the account is at its limit", kind, resets_at=at, final=True), kind=EventType.ERROR)
    p.exits(worker, 1)


@pytest.mark.parametrize("others", [True, False], ids=["others look at it", "nobody else is there"])
def test_one_that_is_blocked_is_its_own_failed_result_where_nobody_can_be_asked(
    play: Callable[..., Play], others: bool
) -> None:
    p = play(*(READERS if others else ("claude",)), plan=CONSENSUS, no_change=True, plan_rules=2)
    p.start("a")
    p.reports("a", EventType.BLOCKER, "the file is not there")
    if others:
        p.snapshot()
        for name in [name for name in p.session.workers if name.startswith("review-")]:
            p.reviews(name, "blocker", "nor is it anywhere")
        assert p.session.workers[WorkerId("a")].status is WorkerStatus.STOPPING
    p.exits("a", 143, by="stop")
    answers(p, "b", "an answer")
    answers(p, "c", "an answer")
    assert closes(p).outcome is Outcome.DONE
    result = p.session.plan_run.result
    assert result is not None
    assert [each.failure for each in result.outputs] == [Failure.FAILED, None, None]


def test_with_a_person_there_a_blocked_agent_is_theirs_to_help(play: Callable[..., Play]) -> None:
    p = play("claude", plan=CONSENSUS, no_change=True, plan_rules=2, interactive=True)
    p.start("a")
    p.reports("a", EventType.BLOCKER, "the file is not there")
    assert [question.about for question in p.session.approvals.questions] == ["a"]


@pytest.mark.parametrize("resets_in", [7200.0, None])
def test_a_usage_limit_of_one_that_outlasts_the_session_is_its_failed_result(
    play: Callable[..., Play], resets_in: float | None
) -> None:
    p = play(*READERS, plan=CONSENSUS, no_change=True, auto_resume=True, **LIMITED)
    answers(p, "a")
    meets(p, "b", FailureKind.USAGE_LIMIT, resets_in=resets_in)
    assert p.session.workers[WorkerId("b")].status is WorkerStatus.FAILED
    answers(p, "c", "an answer")
    assert closes(p).outcome is Outcome.DONE
    result = p.session.plan_run.result
    assert result is not None
    assert [each.failure for each in result.outputs] == [None, Failure.FAILED, None]
    assert "limit" in result.outputs[1].error


def test_a_limit_whose_end_nobody_knows_is_a_failed_result_where_nobody_can_be_asked(
    play: Callable[..., Play],
) -> None:
    p = play(*READERS, plan=CONSENSUS, no_change=True, auto_resume=False, final_wait_s=30.0)
    meets(p, "b", FailureKind.USAGE_LIMIT)
    answers(p, "a")
    answers(p, "c")
    assert closes(p).outcome is Outcome.DONE


def test_an_overload_of_one_whose_next_try_would_come_too_late_is_its_failed_result(
    play: Callable[..., Play],
) -> None:
    p = play(*READERS, plan=CONSENSUS, no_change=True, final_wait_s=30.0, timeout_s=1.0)
    meets(p, "b", FailureKind.OVERLOADED)
    answers(p, "a")
    answers(p, "c")
    assert closes(p).outcome is Outcome.DONE


def test_others_of_the_account_are_failed_results_as_well_and_start_no_attempt(play: Callable[..., Play]) -> None:
    plan = StrategyNode(
        Strategy.SEQUENTIAL,
        tuple(node(name, agent=AgentName(agent)) for name, agent in (("a", "claude"), ("b", "claude"), ("c", "codex"))),
    )
    p = play(*READERS, plan=plan, no_change=True, auto_resume=True, **LIMITED)
    meets(p, "a", FailureKind.USAGE_LIMIT, resets_in=7200.0)
    assert started(p) == ["a", "c"]
    assert "not started" in p.session.workers[WorkerId("b")].why
    answers(p, "c")
    assert closes(p).outcome is Outcome.FAILED


def test_a_writer_of_the_target_and_one_that_is_alone_are_waited_for_by_whoever_resumes(
    play: Callable[..., Play],
) -> None:
    writer = StrategyNode(Strategy.SEQUENTIAL, (node("w", access="write"), node("r")))
    for plan in (writer, tree(Strategy.SEQUENTIAL, "w")):
        p = play(*READERS, plan=plan, auto_resume=True, **LIMITED)
        assert not can_be_done_without(p.session, WorkerId("w"))
        meets(p, "w", FailureKind.USAGE_LIMIT, resets_in=7200.0)
        assert closes(p).outcome is Outcome.NEEDS_PERSON


def test_whoever_resumes_a_plan_may_have_logged_in_anew(play: Callable[..., Play]) -> None:
    p = play("claude", plan=tree(Strategy.SEQUENTIAL, "a", "b"), no_change=True)
    meets(p, "a", FailureKind.AUTHENTICATION)
    assert closes(p).outcome is Outcome.NEEDS_PERSON
    p.take(CoordinatorResumed(2, alive=()))
    answers(p, "a")
    answers(p, "b")
    assert closes(p).outcome is Outcome.DONE
