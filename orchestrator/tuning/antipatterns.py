"""Find coordination antipatterns (the specification's 003 and MAST) by exact queries, each with its evidence.

Every bound stands in the table below.  A query says what it saw, not what ought to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from orchestrator.tuning.session_measures import ReviewMeasure, SessionMeasures
from orchestrator.value_class import value_class

LEAST_RETURNS: Final = 2
"""So often the same worker's work was sent back in one session, and begun again, for a handoff cycle."""
LEAST_ROUNDS, MOST_SMALL_LINES = 3, 20
"""So many decided reviews over a change of at most so many lines are excessive."""
LEAST_PANELS, LEAST_ALONE = 5, 0.6
"""An agent that stood alone in this share of at least so many panels of three or more is a lone dissenter."""
LEAST_SESSIONS, LEAST_SHARE, LEAST_OFTEN = 5, 0.7, 0.6
"""An agent that ran for this share of a session's time, in so many sessions and this share of its own: a bottleneck."""

BOTTLENECK: Final = "bottleneck"


@value_class
class Evidence:
    """Where an antipattern can be seen: a session and its entries."""

    session: str
    entries: tuple[int, ...] = ()
    """Numbers of journal entries; empty where the whole session is meant."""

    def __str__(self) -> str:
        return f"{self.session}, entries {', '.join(map(str, self.entries))}" if self.entries else self.session


@value_class
class AntiPattern:
    """One antipattern that was found."""

    name: str
    summary: str
    evidence: tuple[Evidence, ...]


def detect_coordination_antipatterns(sessions: Sequence[SessionMeasures]) -> tuple[AntiPattern, ...]:
    """Everything that the ten queries find in these sessions."""
    ended = [one for one in sessions if one.ended]
    return (
        *(found for one in ended for found in handoff_cycles(one)),
        *(found for one in ended for found in excessive_rounds(one)),
        *lone_dissenters(ended),
        *bottlenecks(ended),
        *(found for one in ended for found in behaviours(one)),
    )


def handoff_cycles(session: SessionMeasures) -> Iterable[AntiPattern]:
    """Work went back to the same worker again and again."""
    returns: dict[str, list[int]] = {}
    for review, until in _with_next(session.reviews):
        if review.action != "pause_and_clarify":
            continue
        again = [
            (entry, worker)
            for entry, worker in session.starts
            if review.entry < entry < until and not worker.startswith("review-") and review.about in ("", worker)
        ]
        for entry, worker in again[:1]:
            returns.setdefault(worker, []).extend((review.entry, entry))
    for worker, entries in returns.items():
        times = len(entries) // 2
        if times >= LEAST_RETURNS:
            summary = f"the work of {worker} was sent back {times} times and begun again each time"
            yield AntiPattern("handoff cycle", summary, (Evidence(session.session, tuple(entries)),))


def excessive_rounds(session: SessionMeasures) -> Iterable[AntiPattern]:
    """Many reviews over a small change; those that a person asked for are not counted."""
    rounds = [review for review in session.reviews if review.trigger != "manual"]
    if len(rounds) >= LEAST_ROUNDS and session.left is not None and 0 < session.left <= MOST_SMALL_LINES:
        summary = f"{len(rounds)} reviews over a change of {session.left} lines"
        evidence = Evidence(session.session, tuple(review.entry for review in rounds))
        yield AntiPattern("excessive rounds on a small change", summary, (evidence,))


def lone_dissenters(sessions: Sequence[SessionMeasures]) -> Iterable[AntiPattern]:
    """An agent that mostly stands alone against others that agree."""
    panels = [(one, review) for one in sessions for review in one.reviews if len(review.verdicts) > 2]
    for agent in sorted({agent for _, review in panels for agent, _ in review.verdicts}):
        mine = [(one, review) for one, review in panels if agent in dict(review.verdicts)]
        alone = [(one, review) for one, review in mine if review.lone_dissenter == agent]
        if len(mine) >= LEAST_PANELS and len(alone) >= LEAST_ALONE * len(mine):
            summary = f"{agent} stood alone in {len(alone)} of {len(mine)} panels of three or more"
            evidence = tuple(Evidence(one.session, (review.entry,)) for one, review in alone)
            yield AntiPattern("lone dissenter", summary, evidence)


def bottlenecks(sessions: Sequence[SessionMeasures]) -> Iterable[AntiPattern]:
    """An agent for which the others wait; in a session of one agent nobody does."""
    shared = [one for one in sessions if len(one.ran_s) > 1 and one.wall_s > 0]
    for agent in sorted({agent for one in shared for agent in one.ran_s}):
        mine = [one for one in shared if agent in one.ran_s]
        long = [one for one in mine if one.ran_s[agent] >= LEAST_SHARE * one.wall_s]
        if is_bottleneck(mostly=len(long), sessions=len(mine)):
            summary = bottleneck_words(agent, mostly=len(long), sessions=len(mine))
            yield AntiPattern(BOTTLENECK, summary, tuple(Evidence(one.session) for one in long))


def is_bottleneck(*, mostly: int, sessions: int) -> bool:
    """Whether an agent that ran for most of the time in so many of its sessions is one."""
    return mostly >= LEAST_SESSIONS and mostly >= LEAST_OFTEN * sessions


def bottleneck_words(agent: str, *, mostly: int, sessions: int) -> str:
    """What was seen of it."""
    return f"{agent} ran for {LEAST_SHARE:.0%} of the time or more in {mostly} of its {sessions} sessions"


def behaviours(session: SessionMeasures) -> Iterable[AntiPattern]:
    """What the workers of one session did: thrash, deadlock, rework, and the ways of going wrong of MAST."""
    for one in session.behaviours:
        yield AntiPattern(one.name, one.summary, (Evidence(session.session, one.entries),))


def _with_next(reviews: Sequence[ReviewMeasure]) -> Iterable[tuple[ReviewMeasure, float]]:
    """Each review, and the entry of the next one that sent work back."""
    back = [review for review in reviews if review.action == "pause_and_clarify"]
    for index, review in enumerate(back):
        yield review, back[index + 1].entry if index + 1 < len(back) else float("inf")
