"""Choose which lessons of earlier sessions are shown to the next one; this module is pure.

Lessons come from sessions of one project and one kind of task that gates measured as a success.  They are promoted only
when a batch of sessions is complete, so that what is shown never changes from one session to the next by that session's
own word, and a batch after which less succeeds is withdrawn for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from orchestrator.models.lesson import Lesson
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.log_records import LessonForgotten, LogRecord, SessionEnded
from orchestrator.value_class import value_class

BATCH: Final = 10
"""Sessions that gates measured; when so many are complete, what they taught is promoted."""
MOST_SHOWN: Final = 10
"""Of one kind of task; the newest."""
LASTS: Final = timedelta(days=90)
CLOCKS_DIFFER: Final = timedelta(days=1)
"""A lesson that is learned later than so much from now was learned by a wrong clock: it would be shown for years."""
WORSE_BY: Final = 0.3
"""A batch of lessons is withdrawn on evidence that success has fallen by so much since it was promoted."""
EVIDENCE: Final = 20.0
"""How strong that evidence has to be: by Ville's inequality a batch that changes nothing is withdrawn in at most 1 of
20 cases, however often one looks, as far as the rate before it is known."""

Standing: TypeAlias = Literal["waiting", "in use", "replaced", "expired", "withdrawn", "forgotten"]


@value_class
class JudgedLesson:
    """A lesson, and whether the next session is shown it."""

    lesson: Lesson
    pattern: str
    standing: Standing
    because: str
    """Why, for people."""


def sessions_of(records: Iterable[LogRecord], store: str) -> tuple[Sequence[RecordedOutcome], frozenset[str]]:
    """The outcomes of one project, each session once, oldest first, and the ids of the lessons it is to forget."""
    ended: dict[str, RecordedOutcome] = {}
    forgotten: set[str] = set()
    for record in records:
        match record.body:
            case SessionEnded(store=where, outcome=outcome) if where == store:
                ended[str(outcome.session)] = outcome
            case LessonForgotten(store=where, lesson=lesson) if where == store:
                forgotten.add(lesson)
    return sorted(ended.values(), key=lambda one: (one.closed_at, str(one.session))), frozenset(forgotten)


def judged_lessons(
    outcomes: Sequence[RecordedOutcome], forgotten: Collection[str], *, at: datetime
) -> Sequence[JudgedLesson]:
    """Every lesson of these sessions, newest first, with its standing.

    Args:
        outcomes: Of one project, oldest first; rehearsals and sessions that no gate measured teach nothing.
        forgotten: Ids of lessons that a person has struck.
    """
    counted = [one for one in outcomes if not one.rehearsal and one.result != "unknown"]
    patterns = dict.fromkeys(one.pattern for one in counted)
    found = [each for pattern in patterns for each in _of_pattern(pattern, counted, forgotten, at=at)]
    return sorted(found, key=lambda each: (each.lesson.learned_at, each.lesson.id), reverse=True)


def lessons_in_use(judged: Sequence[JudgedLesson], pattern: str) -> tuple[Lesson, ...]:
    """The lessons that the next session on this kind of task is shown, the newest first."""
    return tuple(each.lesson for each in judged if each.pattern == pattern and each.standing == "in use")


def _of_pattern(
    pattern: str, counted: Sequence[RecordedOutcome], forgotten: Collection[str], *, at: datetime
) -> Iterator[JudgedLesson]:
    sessions = [one for one in counted if one.pattern == pattern]
    seen: set[str] = set()
    shown = 0
    for begin in reversed(range(0, len(sessions), BATCH)):
        batch = sessions[begin : begin + BATCH]
        lessons = [lesson for one in reversed(batch) if one.result == "success" for lesson in reversed(one.lessons)]
        new = {lesson.id: lesson for lesson in reversed(lessons) if lesson.id not in seen}
        seen.update(new)
        worse = _regression(new, sessions[: begin + BATCH], sessions[begin + BATCH :]) if len(batch) == BATCH else ""
        for lesson in reversed(new.values()):
            standing, because = _standing(lesson, missing=BATCH - len(batch), worse=worse, forgotten=forgotten, at=at)
            if standing == "in use":
                shown += 1
                if shown > MOST_SHOWN:
                    standing, because = "replaced", f"{MOST_SHOWN} newer ones are shown"
            yield JudgedLesson(lesson, pattern, standing, because)


def _standing(
    lesson: Lesson, *, missing: int, worse: str, forgotten: Collection[str], at: datetime
) -> tuple[Standing, str]:
    if lesson.id in forgotten:
        return "forgotten", "a person has struck it"
    if at - lesson.learned_at > LASTS:
        return "expired", f"it is older than {LASTS.days} days"
    if lesson.learned_at - at > CLOCKS_DIFFER:
        return "waiting", f"by its clock it is of {lesson.learned_at:%Y-%m-%d}, which is to come"
    if missing:
        return "waiting", f"{missing} more measured session{'s' if missing > 1 else ''} until its batch is complete"
    if worse:
        return "withdrawn", worse
    return "in use", f"shown until {lesson.learned_at + LASTS:%Y-%m-%d}"


def _regression(new: Collection[str], before: Sequence[RecordedOutcome], after: Sequence[RecordedOutcome]) -> str:
    """Why a batch of lessons is withdrawn, in words; empty where it is not.

    The bet that success has fallen by :data:`WORSE_BY` is multiplied over the sessions that were shown any of the new
    lessons.  Whatever else changed meanwhile counts against them as well: a lesson is cheap to lose.
    """
    recent = before[-2 * BATCH :]
    rate = (sum(one.result == "success" for one in recent) + 1) / (len(recent) + 2)
    fallen = max(rate - WORSE_BY, rate / 2)
    wealth, uses, successes = 1.0, 0, 0
    for one in after:
        if not new or not set(one.lessons_shown) & set(new):
            continue
        succeeded = one.result == "success"
        uses, successes = uses + 1, successes + succeeded
        wealth *= fallen / rate if succeeded else (1 - fallen) / (1 - rate)
        if wealth >= EVIDENCE:
            return f"{successes} of {uses} sessions succeeded that were shown it, against {rate:.0%} before"
    return ""
