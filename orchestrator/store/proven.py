"""When a composition is proven: what gates measured of it here, often enough, lately, with the models of today.

A caller's word, an import, a rehearsal and a session that no gate measured prove nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.models.effects import Outcome
from orchestrator.models.identity import AgentName
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.composition_view import Composition
from orchestrator.tuning.intervals import wilson
from orchestrator.value_class import value_class

LEAST_SESSIONS = 10
LEAST_RATE = 0.8
LEAST_LOW = 0.6
"""What the lower end of the 90 % interval has to reach."""
DRIFT_FROM, DRIFT_TO, DRIFT_AT = 0.8, 0.6, 60.0
"""Drift is told when the evidence for the second rate against the first reaches the third since any session.  Of 1,000
compositions that succeed in 85 % for 150 sessions, 17 lapse by that; a fall to 50 % is told after 16 in the median."""


@value_class
class Proof:
    """The evidence for a composition, and whether it is enough."""

    successes: int
    failures: int
    unfinished: int
    """Sessions that failed before their gates were measured: they count against it."""
    unknown: int
    """Others that no gate measured: they count neither way."""
    interval: tuple[float, float]
    """Where its true rate lies, with 90 % confidence."""
    is_proven: bool
    because: str

    @property
    def gated(self) -> int:
        """Sessions that gates measured."""
        return self.successes + self.failures

    @property
    def rate(self) -> float:
        """Successes of all that count; 0 where none does."""
        counted = self.gated + self.unfinished
        return self.successes / counted if counted else 0.0

    @property
    def words(self) -> str:
        """The figures, for people."""
        counted = self.gated + self.unfinished
        low, high = self.interval
        return f"{self.successes} of {counted} ({self.rate:.0%}, surely {low:.0%} to {high:.0%})"


def proof_of(composition: Composition, *, models: Mapping[AgentName, str] | None = None) -> Proof:
    """Weigh the sessions of a composition.

    Args:
        models: Asked for by the user for the next run; without, those of the last session are meant.
    """
    sessions = list(composition.sessions.values())
    if any(one.rehearsal for one in sessions):
        return _proof([], "a rehearsal proves nothing of a real run")
    if not sessions:
        return _proof([], "no session of it has been measured here")
    since, why = after_drift(sessions)
    meant = {**_models_of(sessions[-1]), **(models or {})}
    counted = [one for one in since if _goes_with(one, meant)]
    if len(counted) < len(since):
        why = f"other models were used before; {why}" if why else "other models were used before"
    return _proof(counted, why)


def _proof(sessions: Sequence[RecordedOutcome], note: str) -> Proof:
    successes = sum(one.result == "success" for one in sessions)
    failures = sum(one.result == "failure" for one in sessions)
    unfinished = sum(_is_unfinished(one) for one in sessions)
    unknown = len(sessions) - successes - failures - unfinished
    interval = wilson(successes, failures + unfinished)
    rate = successes / (successes + failures + unfinished) if successes else 0.0
    gated = successes + failures
    if gated < LEAST_SESSIONS:
        lacks = f"{gated} sessions were measured by gates, and it takes {LEAST_SESSIONS}"
    elif rate < LEAST_RATE:
        lacks = f"{rate:.0%} succeeded, and it takes {LEAST_RATE:.0%}"
    elif interval[0] < LEAST_LOW:
        lacks = f"it is sure only of {interval[0]:.0%}, and it takes {LEAST_LOW:.0%}"
    else:
        lacks = ""
    because = "; ".join(part for part in (lacks, note if lacks else "") if part)
    return Proof(successes, failures, unfinished, unknown, interval, not lacks, because)


def after_drift(sessions: Sequence[RecordedOutcome]) -> tuple[Sequence[RecordedOutcome], str]:
    """The sessions since the last drift, and what was told of that: evidence from before it is none any more."""
    evidence, begin, told = 1.0, 0, ""
    for index, one in enumerate(sessions):
        if one.result == "success":
            times = DRIFT_TO / DRIFT_FROM
        elif one.result == "failure" or _is_unfinished(one):
            times = (1 - DRIFT_TO) / (1 - DRIFT_FROM)
        else:
            continue
        evidence = max(evidence, 1.0) * times
        if evidence >= DRIFT_AT:
            evidence, begin, told = (
                1.0,
                index + 1,
                f"it had become worse by session {one.session}, and counts anew since",
            )
    return sessions[begin:], told


def _is_unfinished(outcome: RecordedOutcome) -> bool:
    return outcome.result == "unknown" and outcome.ended is Outcome.FAILED and not outcome.gates


def _models_of(outcome: RecordedOutcome) -> dict[AgentName, str]:
    return {member.agent: member.model for member in outcome.members if member.model}


def _goes_with(outcome: RecordedOutcome, models: Mapping[AgentName, str]) -> bool:
    """Whether no model is known to be another one; one that was never told is none."""
    return all(models.get(agent, model) == model for agent, model in _models_of(outcome).items())
