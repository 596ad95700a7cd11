"""Which lessons the next session is shown: promoted in batches, taken back where less succeeds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.models.identity import AgentName, ReviewId, SessionId
from orchestrator.models.lesson import Lesson
from orchestrator.models.recorded_outcomes import RecordedOutcome, Result
from orchestrator.models.suite_measurements import SuiteMeasured
from orchestrator.store.derived_outcomes import outcome_of
from orchestrator.store.lesson_standings import (
    BATCH,
    LASTS,
    MOST_SHOWN,
    JudgedLesson,
    judged_lessons,
    lessons_in_use,
    sessions_of,
)
from orchestrator.store.log_records import LessonForgotten, LogRecord
from orchestrator.store.recorder import as_record
from tests.store.conftest import FAILED, PASSED, closed, outcome

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
NOW = BEGINNING + timedelta(days=30)
PLAIN = outcome(PASSED)


def session(number: int, result: Result = "success", *texts: str, shown: Sequence[str] = ()) -> RecordedOutcome:
    at, name = BEGINNING + timedelta(hours=number), SessionId(f"s{number:04}")
    lessons = tuple(Lesson(text, AgentName("codex"), name, ReviewId("001-milestone"), at) for text in texts)
    return replace(PLAIN, session=name, result=result, closed_at=at, lessons=lessons, lessons_shown=tuple(shown))


def batch(begin: int, *texts: str, shown: Sequence[str] = (), of: str = "s" * BATCH) -> list[RecordedOutcome]:
    """A batch whose first success teaches the texts; ``of`` has a letter for each session."""
    results: dict[str, Result] = {"s": "success", "f": "failure"}
    made = [session(begin + n, results[each], shown=shown) for n, each in enumerate(of)]
    first = next(n for n, one in enumerate(made) if one.result == "success")
    made[first] = session(begin + first, "success", *texts, shown=shown)
    return made


def standings(outcomes: Sequence[RecordedOutcome], *, at: datetime = NOW) -> dict[str, str]:
    return {each.lesson.text: each.standing for each in judged_lessons(outcomes, frozenset(), at=at)}


def only(found: Sequence[JudgedLesson]) -> JudgedLesson:
    (one,) = found
    return one


def test_a_lesson_waits_until_its_batch_is_complete() -> None:
    whole = batch(0, "Test the parser.")
    waiting = only(judged_lessons(whole[:-1], frozenset(), at=NOW))
    assert (waiting.standing, waiting.because) == ("waiting", "1 more measured session until its batch is complete")
    assert lessons_in_use([waiting], PLAIN.pattern) == ()
    used = judged_lessons(whole, frozenset(), at=NOW)
    assert [lesson.text for lesson in lessons_in_use(used, PLAIN.pattern)] == ["Test the parser."]


def test_what_is_shown_is_the_same_all_through_a_batch() -> None:
    first, second = batch(0, "One."), batch(BATCH, "Two.")
    for end in range(BATCH):
        found = judged_lessons([*first, *second[:end]], frozenset(), at=NOW)
        assert [lesson.text for lesson in lessons_in_use(found, PLAIN.pattern)] == ["One."]


def test_rehearsals_and_what_no_gate_measured_teach_nothing_and_complete_no_batch() -> None:
    rehearsed = [replace(one, rehearsal=True) for one in batch(0, "A script said so.")]
    unknown = [replace(one, result="unknown") for one in batch(20, "Nobody measured it.")]
    assert standings([*rehearsed, *unknown]) == {}
    assert standings([*batch(40, "One.")[:-1], *rehearsed, *unknown]) == {"One.": "waiting"}


def test_work_that_gates_did_not_find_good_teaches_nothing() -> None:
    failed = session(0, "failure", "It was right, though.")
    assert standings([failed, *batch(1, "One.")[:-1]]) == {"One.": "in use"}


def test_a_lesson_ends_with_its_time() -> None:
    whole = batch(0, "One.")
    assert standings(whole, at=BEGINNING + LASTS) == {"One.": "in use"}
    assert standings(whole, at=BEGINNING + LASTS + timedelta(days=1)) == {"One.": "expired"}


def test_a_lesson_of_a_clock_that_was_ahead_is_not_shown_for_years() -> None:
    """Its session ended, by that clock, long after those of its batch, and those that come."""
    whole = batch(0, "One.")
    ahead = session(24 * 365 * 5, "success", "Two.")
    found = {each.lesson.text: each for each in judged_lessons([*whole[:-1], ahead], frozenset(), at=NOW)}
    assert {text: each.standing for text, each in found.items()} == {"One.": "in use", "Two.": "waiting"}
    assert "2031" in found["Two."].because
    assert standings([*whole[:-1], ahead], at=NOW + timedelta(days=365 * 5)) == {"One.": "expired", "Two.": "in use"}


def test_what_is_taught_again_lasts_from_then_on_and_is_said_once() -> None:
    whole = [*batch(0, "One."), *batch(BATCH, "one.")]
    found = only(judged_lessons(whole, frozenset(), at=NOW))
    assert (found.lesson.text, found.lesson.session) == ("one.", SessionId(f"s{BATCH:04}"))


def test_of_many_the_newest_are_shown() -> None:
    texts = [f"Lesson {number}." for number in range(MOST_SHOWN + 3)]
    found = list(standings(batch(0, *texts)).values())
    assert (found.count("in use"), found.count("replaced")) == (MOST_SHOWN, 3)
    later = standings([*batch(0, *texts), *batch(BATCH, "Newest.")])
    assert later["Newest."] == "in use"
    assert sum(standing == "in use" for standing in later.values()) == MOST_SHOWN


def test_a_person_strikes_a_lesson_for_good() -> None:
    whole = batch(0, "One.", "Two.")
    struck = next(lesson.id for one in whole for lesson in one.lessons if lesson.text == "One.")
    records = [LogRecord(one.closed_at, as_record(one)) for one in whole]
    store = records[0].body.store
    records.insert(0, LogRecord(NOW, LessonForgotten(store, struck)))
    outcomes, forgotten = sessions_of(records, store)
    assert {each.lesson.text: each.standing for each in judged_lessons(outcomes, forgotten, at=NOW)} == {
        "One.": "forgotten",
        "Two.": "in use",
    }
    assert sessions_of(records, "elsewhere") == ([], frozenset())


def test_a_session_counts_once_as_the_log_says_last() -> None:
    whole = batch(0, "One.")
    again = replace(whole[0], lessons=())
    records = [LogRecord(one.closed_at, as_record(one)) for one in [*whole, again]]
    outcomes, _ = sessions_of(records, records[0].body.store)
    assert (len(outcomes), standings(outcomes)) == (BATCH, {})


def test_lessons_after_which_less_succeeds_are_withdrawn_and_stay_so() -> None:
    good = [*batch(0), *batch(BATCH, "Rewrite everything.")]
    shown = [lesson.id for one in good for lesson in one.lessons]
    after = batch(2 * BATCH, shown=shown, of="fffsfsfffs")
    found = only(judged_lessons([*good, *after], frozenset(), at=NOW))
    assert found.standing == "withdrawn"
    assert "against 95% before" in found.because
    recovered = [*good, *after, *batch(3 * BATCH), *batch(4 * BATCH)]
    assert standings(recovered) == {"Rewrite everything.": "withdrawn"}


def test_failures_that_were_not_shown_a_lesson_say_nothing_of_it() -> None:
    whole = [*batch(0), *batch(BATCH, "One."), *batch(2 * BATCH, of="fffsfsfffs")]
    assert standings(whole) == {"One.": "in use"}


@pytest.mark.parametrize(("before", "after", "least", "most"), [(0.8, 0.8, 0, 6), (0.85, 0.45, 90, 100)])
def test_withdrawals_in_a_hundred_lives_of_forty_sessions(before: float, after: float, least: int, most: int) -> None:
    chance = random.Random(20261130)

    def lives(begin: int, count: int, rate: float, shown: Sequence[str] = ()) -> list[RecordedOutcome]:
        return [
            session(begin + n, "success" if chance.random() < rate else "failure", shown=shown) for n in range(count)
        ]

    withdrawn = 0
    for _ in range(100):
        known = lives(0, 2 * BATCH - 1, before)
        taught = session(2 * BATCH - 1, "success", "One.")
        shown = [taught.lessons[0].id]
        withdrawn += standings([*known, taught, *lives(2 * BATCH, 40, after, shown)]) == {"One.": "withdrawn"}
    assert least <= withdrawn <= most


def test_a_lesson_is_what_a_reviewer_held_against_work_that_gates_then_found_good() -> None:
    def taught(*suites: SuiteMeasured, **how: Any) -> list[tuple[str, str]]:
        found = outcome_of(closed(*suites, **how).session)
        assert found is not None
        return [(lesson.text, str(lesson.by)) for lesson in found.lessons]

    doubts = ("concerns", "the  parser\nis not tested")
    assert taught(PASSED, learns=True, codex=doubts) == [("the parser is not tested", "codex")]
    assert taught(PASSED, learns=True) == []  # it approved
    assert taught(PASSED, codex=doubts) == []  # nobody asked to learn
    assert taught(FAILED, learns=True, codex=doubts) == []
