"""Say what a run of a team will take, by what earlier sessions of the same team on the same kind of task took.

A pure function over outcomes.  An interval is one of prediction: the next session lies in it with a probability of 80 %
whatever the figures are distributed like, as long as it comes from where the others came from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from orchestrator.models.effects import Outcome
from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.log_records import LogRecord, SessionEnded
from orchestrator.value_class import value_class

LEAST: Final = 10
"""So many sessions have to tell a figure before it is estimated: below 9 no interval of theirs holds 80 %."""
LATEST: Final = 100
"""Of more, these count: CLIs and models change."""
SHARE: Final = 0.8
_ENDED: Final = frozenset({Outcome.DONE, Outcome.FAILED})
"""A session that was interrupted, or waits for somebody, has not yet taken what it will."""


@value_class
class TeamKey:
    """What makes two sessions comparable."""

    pattern: str
    """Of the task, as ``composition_names.task_pattern`` reads it."""
    team: str = ""
    """The name of a built-in team; empty where another field says which team it is."""
    agents: frozenset[str] = frozenset()
    """The CLIs that took part in it; empty: any."""
    plan: str = ""
    """The hash of a plan of somebody's own."""
    workers: frozenset[str] = frozenset()
    """The names of the workers, where the plan itself is not known yet."""

    def fits(self, outcome: RecordedOutcome) -> bool:
        """Whether a session was one of these."""
        if outcome.rehearsal or outcome.pattern != self.pattern or outcome.ended not in _ENDED:
            return False
        if self.workers:
            return bool(outcome.plan) and self.workers == {str(member.worker) for member in outcome.members}
        if self.plan or outcome.plan:
            return self.plan == outcome.plan
        took_part = {str(member.agent) for member in outcome.members}
        return outcome.team == self.team and self.agents in (frozenset(), took_part)


@value_class
class Interval:
    """Where a figure of the next session lies with a probability of 80 %."""

    low: float
    high: float
    median: float
    sessions: int
    """How many told it."""


@value_class
class Estimate:
    """What the next session of a team takes; a figure that too few sessions told is ``None``."""

    sessions: int = 0
    """How many there are to go by."""
    tokens: Interval | None = None
    cost_usd: Interval | None = None
    duration_s: Interval | None = None
    successes: int = 0
    failures: int = 0
    """By gates; of the other sessions nothing is known."""
    is_of_all_projects: bool = False
    """Whether the sessions are those of all the user's projects, since this one has too few."""

    @property
    def is_known(self) -> bool:
        return self.tokens is not None or self.cost_usd is not None or self.duration_s is not None

    @property
    def because(self) -> str:
        """What the figures rest on, for people."""
        if not self.is_known:
            return (
                f"unknown: {self.sessions} of the {LEAST} sessions of this team on such tasks that it takes are there"
            )
        where = "in all your projects" if self.is_of_all_projects else "here"
        return f"80 % intervals by {self.sessions} sessions of this team on such tasks {where}"


def outcomes_in(records: Iterable[LogRecord]) -> Sequence[tuple[str, RecordedOutcome]]:
    """The store and the outcome of each session, as it was derived last, oldest first."""
    found: dict[tuple[str, SessionId], RecordedOutcome] = {}
    for record in records:
        if isinstance(record.body, SessionEnded):
            found[record.body.store, record.body.outcome.session] = record.body.outcome
    rows = [(store, outcome) for (store, _), outcome in found.items()]
    return sorted(rows, key=lambda row: (row[1].closed_at, row[1].session))


def estimate_of(outcomes: Sequence[tuple[str, RecordedOutcome]], key: TeamKey, *, store: str) -> Estimate:
    """What the next session of this team takes: by those of its project where there are enough, else by all."""
    fitting = [(where, outcome) for where, outcome in outcomes if key.fits(outcome)]
    own = [outcome for where, outcome in fitting if where == store][-LATEST:]
    if len(own) >= LEAST or len(own) == len(fitting):
        return _estimate(own, is_of_all_projects=False)
    return _estimate([outcome for _, outcome in fitting][-LATEST:], is_of_all_projects=True)


def _estimate(outcomes: Sequence[RecordedOutcome], *, is_of_all_projects: bool) -> Estimate:
    results = [outcome.result for outcome in outcomes]
    return Estimate(
        len(outcomes),
        interval_of([outcome.tokens for outcome in outcomes if outcome.tokens_complete]),
        interval_of([outcome.cost_usd for outcome in outcomes if outcome.cost_complete]),
        interval_of([outcome.wall_s for outcome in outcomes]),
        results.count("success"),
        results.count("failure"),
        is_of_all_projects,
    )


def interval_of(figures: Iterable[float | None]) -> Interval | None:
    """The interval between two ranks of the figures, and their median; ``None`` where they are too few.

    Of n figures and the next one each of the n + 1 is the k-th smallest with the same probability, so that the next one
    lies between the ranks 0.1 (n + 1) and 0.9 (n + 1) in 80 of 100 cases.
    """
    told = sorted(float(figure) for figure in figures if figure is not None and math.isfinite(figure) and figure >= 0)
    if len(told) < LEAST:
        return None
    low, high = (_at_rank(told, (len(told) + 1) * share) for share in ((1 - SHARE) / 2, (1 + SHARE) / 2))
    return Interval(low, high, _at_rank(told, (len(told) + 1) / 2), len(told))


def _at_rank(told: Sequence[float], rank: float) -> float:
    """The figure of a rank from 1 on; between two of them, of the line between these."""
    below = min(max(math.floor(rank), 1), len(told))
    above = min(below + 1, len(told))
    return told[below - 1] + (told[above - 1] - told[below - 1]) * (rank - below)


def as_document(estimate: Estimate) -> Mapping[str, object]:
    """The estimate for programs."""

    def row(interval: Interval | None, digits: int | None) -> Mapping[str, float] | None:
        if interval is None:
            return None
        figures = {"low": interval.low, "high": interval.high, "median": interval.median}
        return {**{name: round(figure, digits) for name, figure in figures.items()}, "sessions": interval.sessions}

    return {
        "tokens": row(estimate.tokens, None),
        "cost_usd": row(estimate.cost_usd, 6),
        "duration_s": row(estimate.duration_s, 3),
        "sessions": estimate.sessions,
        "successes": estimate.successes,
        "failures": estimate.failures,
        "because": estimate.because,
    }


def in_words(estimate: Estimate) -> str:
    """The estimate for people: each figure that is known, and those that are not."""
    if not estimate.is_known:
        return f"tokens, cost and time {estimate.because}"
    parts, unknown = [], []
    for what, interval, shown in (
        ("tokens", estimate.tokens, _tokens),
        ("cost", estimate.cost_usd, _dollars),
        ("time", estimate.duration_s, _minutes),
    ):
        if interval is None:
            unknown.append(what)
        else:
            parts.append(f"{what} {shown(interval.low)} to {shown(interval.high)}, mostly {shown(interval.median)}")
    measured = estimate.successes + estimate.failures
    passed = f"; {estimate.successes} of {measured} passed their gates" if measured else ""
    lacking = f"; {' and '.join(unknown)} unknown: too few of them told it" if unknown else ""
    return f"{'; '.join(parts)} ({estimate.because}{passed}{lacking})"


def _tokens(figure: float) -> str:
    return f"{round(figure):,}"


def _dollars(figure: float) -> str:
    return f"${figure:.2f}" if figure >= 0.1 or figure == 0 else f"${figure:.4f}"


def _minutes(figure: float) -> str:
    return f"{figure:.0f} s" if figure < 120 else f"{figure / 60:.0f} min"
