from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.decisions import Action
from orchestrator.models.effects import (
    CloseSession,
    FreezeWorker,
    MeasureBaseline,
    Outcome,
    RunChecks,
    StartWorker,
    StopWorker,
    ThawWorker,
)
from orchestrator.models.entries import (
    BaselineMeasured,
    ChecksMeasured,
    Command,
    StartFailed,
    TimePassed,
    UserCommand,
)
from orchestrator.models.events import EventType, Retrying, Said, TurnEnded
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.replaying import replay

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_a_blocker_freezes_its_author_at_once_and_is_reviewed_by_the_others(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    effects = p.reports("claude", EventType.BLOCKER, "the schema is unknown")
    assert [type(effect).__name__ for effect in effects[:2]] == ["FreezeWorker", "TakeSnapshot"]
    p.snapshot()
    panel = [effect.assignment.agent for effect in p.wanted(StartWorker)[-2:]]
    assert sorted(panel) == ["codex", "gemini"]


def test_a_blocker_verdict_stops_everybody_and_needs_a_person(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.BLOCKER, "the schema is unknown")
    p.snapshot()
    p.reviews("review-001-gemini", "blocker", "it would lose data")
    p.reviews("review-001-codex", "approved")
    assert p.session.assessment.decisions[-1].action is Action.STOP_AND_ESCALATE
    assert p.last(StopWorker)[1].worker == WorkerId("claude")
    p.exits("claude", 143, by="stop")
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.NEEDS_PERSON


def test_one_concern_is_a_warning_and_the_author_runs_on(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "no test yet")
    p.reviews("review-001-codex", "approved")
    assert p.session.assessment.decisions[-1].action is Action.LOG_WARNING
    assert p.last(ThawWorker)[1].worker == WorkerId("claude")
    assert p.session.workers[WorkerId("claude")].status is WorkerStatus.RUNNING
    assert any("no test yet" in warning for warning in p.session.warnings)


def test_a_final_review_with_doubts_sends_the_change_back_and_is_held_again(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True, max_review_rounds=5)
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    reply = {"verdict": "perhaps"}
    p.start("codex")
    p.says("codex", TurnEnded(ok=True, subtype="success", reply=reply), kind=EventType.STATUS)
    p.exits("codex")
    assert p.session.assessment.decisions[-1].rule == "nobody answered"
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.DONE


def test_a_review_that_is_open_when_its_author_fails_is_still_decided(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.start("gemini")
    p.reports("gemini", EventType.MILESTONE, "a sketch")
    p.snapshot()
    p.exits("gemini", 1)
    assert p.session.workers[WorkerId("gemini")].status is WorkerStatus.FAILED
    assert p.last(StartWorker)[1].worker != "claude", "the next step waits for what the reviewers say"
    p.reviews("review-001-claude", "approved")
    p.reviews("review-001-codex", "approved")
    assert p.wanted(ThawWorker) == []
    assert p.last(StartWorker)[1].worker == "claude"


def test_reviewers_of_an_author_whose_failure_ends_the_session_are_stopped(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half")
    p.snapshot()
    p.start("review-001-codex")
    p.exits("claude", 1)
    assert p.last(StopWorker)[1].worker == "review-001-codex"
    p.exits("review-001-codex", 143, by="stop")
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.FAILED


def test_a_blocker_that_no_other_agent_can_look_at_goes_to_a_person(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True)
    p.start("claude")
    p.reports("claude", EventType.BLOCKER, "the schema is unknown")
    assert "the schema is unknown" in p.last(PersonAsked)[1].question.text
    assert p.session.assessment.reviews == {}
    assert len(p.wanted(FreezeWorker)) == 1


def measured(p: Play, verdict: Verdict, *findings: str) -> None:
    name, _ = p.last(RunChecks)
    p.take(ChecksMeasured(verdict, findings, name))


def baseline(p: Play, problem: str | None = None) -> None:
    name, _ = p.last(MeasureBaseline)
    p.take(BaselineMeasured(SuitesMeasured(problem=problem), name))


def test_the_baseline_is_measured_while_the_agents_work_and_what_measures_waits_for_it(
    play: Callable[..., Play],
) -> None:
    p = play("claude", baseline_s=300.0, measures_final=True)
    assert [effect.within_s for effect in p.wanted(MeasureBaseline)] == [300.0]
    p.finishes("claude", "a.py")
    assert (p.wanted(RunChecks), p.session.ending) == ([], None)
    baseline(p)
    assert [effect.without_baseline for effect in p.wanted(RunChecks)] == [None]
    measured(p, Verdict.APPROVED, "the target's tests pass")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.DONE


def test_a_baseline_that_could_not_be_had_says_so_to_what_measures(play: Callable[..., Play]) -> None:
    p = play("claude", baseline_s=300.0, measures_final=True)
    baseline(p, "it took longer than 300 s")
    p.finishes("claude", "a.py")
    assert p.last(RunChecks)[1].without_baseline == "it took longer than 300 s"


def test_without_a_baseline_nothing_waits(play: Callable[..., Play]) -> None:
    p = play("claude", measures_final=True)
    assert p.wanted(MeasureBaseline) == []
    p.finishes("claude", "a.py")
    assert p.last(RunChecks)[1].without_baseline == "no baseline was asked for"


def test_a_final_review_is_measured_too_and_its_concern_is_never_outvoted(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", measures_final=True)
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    assert not p.session.assessment.decisions
    measured(p, Verdict.CONCERNS, "2 tests fail that did not")
    assert p.session.assessment.decisions[-1].action is Action.PAUSE_AND_CLARIFY
    assert "2 tests fail" in p.last(PersonAsked)[1].question.text


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.ABSTAINED])
def test_what_was_measured_well_or_not_at_all_leaves_it_to_the_reviewers(
    play: Callable[..., Play], verdict: Verdict
) -> None:
    p = play("gemini", "claude", "codex", measures_final=True)
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    measured(p, verdict, "looked")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    assert p.session.assessment.decisions[-1].action is Action.CONTINUE


def test_a_single_measured_concern_about_finished_work_needs_a_person(play: Callable[..., Play]) -> None:
    p = play("claude", measures_final=True)
    p.finishes("claude", "a.py")
    measured(p, Verdict.CONCERNS, "a test is gone")
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON


def milestone(play: Callable[..., Play], **options: object) -> Play:
    """Both others are asked about half of the work."""
    p = play("gemini", "claude", "codex", max_review_retries=2, **options)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    return p


def dies(p: Play, worker: str) -> None:
    p.start(worker)
    p.exits(worker, 1)


def start_due(p: Play, seconds: float) -> None:
    p.later(seconds)
    p.take(TimePassed())


def test_a_reviewer_that_could_not_be_heard_is_asked_again_twice_and_its_word_counts(play: Callable[..., Play]) -> None:
    p = milestone(play)
    p.reviews("review-001-gemini", "approved")
    for pause in (2, 16):
        dies(p, "review-001-codex")
        assert not p.session.assessment.decisions
        start_due(p, pause)
    again = p.last(StartWorker)[1]
    assert (again.worker, again.attempt, again.assignment.resume) == ("review-001-codex", 3, None)
    p.reviews("review-001-codex", "blocker", "it would lose data")
    assert p.session.assessment.decisions[-1].action is Action.STOP_AND_ESCALATE


def test_where_a_reviewer_was_never_heard_a_person_is_asked_whatever_the_others_said(play: Callable[..., Play]) -> None:
    p = milestone(play, interactive=True)
    p.reviews("review-001-gemini", "approved")
    for pause in (2, 16):
        dies(p, "review-001-codex")
        start_due(p, pause)
    dies(p, "review-001-codex")
    assert p.session.assessment.decisions[-1].action is Action.PAUSE_AND_CLARIFY
    assert "codex" in p.last(PersonAsked)[1].question.text
    assert "could not be heard" in p.last(PersonAsked)[1].question.text
    assert replay(p.entries).session == p.session


def test_one_that_could_not_be_started_is_asked_again_too(play: Callable[..., Play]) -> None:
    p = milestone(play)
    name, start = next((n, e) for n, e in p.effects if isinstance(e, StartWorker) and e.worker == "review-001-codex")
    p.take(StartFailed(start.worker, 1, "no more processes", name))
    start_due(p, 2)
    assert (p.last(StartWorker)[1].worker, p.last(StartWorker)[1].attempt) == ("review-001-codex", 2)


def test_a_reviewer_whose_model_said_nothing_is_asked_again_and_one_that_was_slow_abstains(
    play: Callable[..., Play],
) -> None:
    p = milestone(play)
    for worker in ("review-001-gemini", "review-001-codex"):
        p.start(worker)
    p.says("review-001-gemini", Said("let me see"))
    p.says("review-001-codex", Retrying("no connection"))
    start_due(p, p.session.options.review_timeout_s)
    panel = p.session.assessment.reviews[next(iter(p.session.assessment.reviews))].panel
    slow = panel[WorkerId("review-001-gemini")]
    assert slow is not None
    assert (slow.verdict, slow.unheard) == (Verdict.ABSTAINED, False)
    assert panel[WorkerId("review-001-codex")] is None
    p.exits("review-001-codex", 143, by="stop")
    start_due(p, 2)
    assert p.last(StartWorker)[1].attempt == 2
    p.reviews("review-001-codex", "approved")
    assert p.session.assessment.decisions[-1].action is Action.CONTINUE


def test_one_that_a_person_stopped_abstains_at_once(play: Callable[..., Play]) -> None:
    p = milestone(play)
    p.reviews("review-001-gemini", "approved")
    p.start("review-001-codex")
    p.take(UserCommand(Command.STOP, "user", worker=WorkerId("review-001-codex")))
    p.exits("review-001-codex", 143, by="stop")
    assert p.session.assessment.decisions[-1].action is Action.CONTINUE
