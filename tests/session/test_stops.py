from __future__ import annotations

from collections.abc import Callable

from orchestrator.models.effects import CloseSession, Outcome, StartWorker
from orchestrator.models.entries import Command, CoordinatorResumed, PersonsWords, SessionClosed, UserCommand
from orchestrator.models.events import ConversationStarted, EventType
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.next_step import next_step
from orchestrator.session.replaying import replay
from orchestrator.session.stops import stopping_review, told_by_words
from orchestrator.session.summary import summarise
from tests.session.conftest import Play

CLAUDE = WorkerId("claude")
WORDS = PersonsWords("an empty name is not allowed", "dashboard", "ada")


def closes(p: Play) -> None:
    p.done()
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))


def stopped(play: Callable[..., Play], *, began: bool = True) -> Play:
    """A session that a reviewer's blocker has stopped while claude was at work."""
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    if began:
        p.says("claude", ConversationStarted("c-1"), kind=EventType.STATUS)
    p.reports("claude", EventType.BLOCKER, "may names be empty?")
    p.snapshot()
    p.reviews("review-001-gemini", "approved")
    p.reviews("review-001-codex", "blocker", "only a person knows")
    p.exits("claude", 143, by="stop")
    closes(p)
    return p


def last_start(p: Play, worker: str = "claude") -> StartWorker:
    return [one for one in p.wanted(StartWorker) if one.worker == worker][-1]


def test_the_worker_that_a_stop_was_about_goes_on_in_its_conversation_with_the_persons_words(
    play: Callable[..., Play],
) -> None:
    p = stopped(play)
    assert told_by_words(p.session, p.session.closed) == (CLAUDE,)
    p.later(90)
    p.take(CoordinatorResumed(2, away_s=90.0, words=WORDS))
    again = last_start(p)
    assert (again.attempt, again.assignment.resume) == (2, "c-1")
    assert again.assignment.prompt.count(WORDS.text) == 1
    assert "only a person knows" in again.assignment.prompt
    (settled,) = summarise(p.session).settled
    assert (settled.question, settled.about, settled.answer, settled.by, settled.who, settled.at) == (
        *("stop 1", CLAUDE, WORDS.text, "dashboard", "ada"),
        p.at,
    )
    assert settled.asked_at is not None
    assert (p.at - settled.asked_at).total_seconds() == 90
    assert settled.outcome == "told to claude, which goes on"
    assert "only a person knows" in settled.text
    assert replay(p.entries).session.approvals.settled == (settled,)


def test_without_words_nothing_is_told_and_nothing_is_recorded(play: Callable[..., Play]) -> None:
    p = stopped(play)
    p.take(CoordinatorResumed(2))
    assert "has answered" not in last_start(p).assignment.prompt
    assert p.session.approvals.settled == ()


def test_words_whose_attempt_never_began_are_told_again_and_later_words_follow_them(play: Callable[..., Play]) -> None:
    p = stopped(play)
    p.take(CoordinatorResumed(2, words=WORDS))
    # Its process dies with the coordinator before it has taken in a word.
    p.start("claude")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.exits("claude", 143, by="stop")
    closes(p)
    p.take(CoordinatorResumed(3))
    assert last_start(p).assignment.prompt.count(WORDS.text) == 1
    p.start("claude")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.exits("claude", 143, by="stop")
    closes(p)
    p.take(CoordinatorResumed(4, words=PersonsWords("and no blank one")))
    said = last_start(p).assignment
    assert said.resume == "c-1"
    assert 0 < said.prompt.index(WORDS.text) < said.prompt.index("and no blank one")
    assert [one.question for one in p.session.approvals.settled] == ["stop 1", "stop 2"]


def test_a_worker_without_a_conversation_is_told_the_task_and_the_words(play: Callable[..., Play]) -> None:
    p = stopped(play, began=False)
    p.take(CoordinatorResumed(2, words=WORDS))
    told = last_start(p).assignment
    assert told.resume is None
    assert told.prompt.index("Add input validation") < told.prompt.index(WORDS.text)


def test_words_to_a_session_that_a_person_stopped_are_for_whoever_worked(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.says("gemini", ConversationStarted("g-1"), kind=EventType.STATUS)
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.exits("gemini", 143, by="stop")
    closes(p)
    assert stopping_review(p.session, p.session.closed) is None
    p.take(CoordinatorResumed(2, words=WORDS))
    assert WORDS.text in last_start(p, "gemini").assignment.prompt
    # Who starts later finds them among the notes.
    p.start("gemini")
    p.works("gemini")
    p.exits("gemini")
    p.measures("gemini")
    assert WORDS.text in last_start(p).assignment.prompt


def test_a_worker_that_still_runs_is_stopped_for_the_words_and_goes_on_by_them(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.says("gemini", ConversationStarted("g-1"), kind=EventType.STATUS)
    # Its coordinator is gone, and it was adopted.
    p.take(CoordinatorResumed(2, (WorkerId("gemini"),), words=WORDS))
    p.exits("gemini", 143, by="stop")
    assert WORDS.text in last_start(p, "gemini").assignment.prompt
    (settled,) = p.session.approvals.settled
    assert (settled.text, settled.asked_at) == ("the coordinator was gone", None)


def test_a_worker_that_waits_for_its_next_attempt_is_told_the_words_with_what_it_waited_to_hear(
    play: Callable[..., Play],
) -> None:
    p = stopped(play)
    p.take(CoordinatorResumed(2, words=WORDS))
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"), kind=EventType.STATUS)
    p.exits("claude", 1)  # it died, and a pause is kept before its restart
    p.take(UserCommand(Command.STOP, by="terminal"))
    closes(p)
    p.take(CoordinatorResumed(3, words=PersonsWords("use the second form")))
    following = p.session.details[CLAUDE].next_assignment
    assert following is not None
    assert following.prompt.count("use the second form") == 1


def test_words_with_nobody_to_go_on_by_them_are_recorded_so(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.take(UserCommand(Command.STOP, by="terminal"))
    p.start("gemini")
    p.exits("gemini", 143, by="stop")
    closes(p)
    assert p.session.closed is not None
    p.take(CoordinatorResumed(2, words=WORDS))
    assert p.session.approvals.answers == (("stop 1", WORDS.text),)


def test_a_coordinator_killed_between_the_words_and_the_start_loses_nothing(play: Callable[..., Play]) -> None:
    p = stopped(play)
    p.take(CoordinatorResumed(2, words=WORDS))
    taken = next(one.n for one in reversed(p.entries) if isinstance(one.body, CoordinatorResumed))
    left = replay(p.entries[:taken])
    (start,) = [wanted for _, wanted in left.unrecorded if isinstance(wanted, StartWorker)]
    assert WORDS.text in start.assignment.prompt
    # The next takeover starts nothing beside it.
    before = len(p.wanted(StartWorker))
    p.take(CoordinatorResumed(3))
    assert len(p.wanted(StartWorker)) == before


def test_what_is_next_after_a_stop_is_to_say_what_was_decided(play: Callable[..., Play]) -> None:
    p = stopped(play)
    step = next_step(summarise(p.session), Outcome.NEEDS_PERSON)
    assert step.command == f'orchestrate resume {p.session.id} --answer "…"'
    assert "decide" in step.words


def test_words_to_a_stop_by_the_final_review_send_its_author_back_and_it_is_reviewed_again(
    play: Callable[..., Play],
) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "blocker", "it would lose data")
    closes(p)
    assert p.session.closed is not None
    assert p.session.closed.outcome is Outcome.NEEDS_PERSON
    assert told_by_words(p.session, p.session.closed) == (CLAUDE,)
    p.take(CoordinatorResumed(2, words=WORDS))
    assert last_start(p).attempt == 2
    assert p.session.workers[WorkerId("codex")].status is WorkerStatus.WAITING
    p.finishes("claude", "a.py")
    p.snapshot("a.py")
    p.reviews("codex", "approved")
    p.done()
    assert p.last(CloseSession)[1].outcome is Outcome.DONE
    replay(p.entries)
