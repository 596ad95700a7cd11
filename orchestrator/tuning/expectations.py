"""Say what each setting of the parameters is expected to gain, aim by aim, from what trials and journals tell so far.

It is a guide for what to try next and no evidence: the steps of different parameters are simply added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from orchestrator.tuning.parameters import PARAMETERS, Measure, Value
from orchestrator.tuning.predictions import Expectation, Prediction
from orchestrator.tuning.proposals import AIM_OF, WEIGHTS
from orchestrator.tuning.trial import SPREADS, Trial
from orchestrator.tuning.tuner import Tuning

AIMS: Final = tuple(WEIGHTS)
"""Velocity, quality, cost and risk."""
HALF_KNOWN: Final = 60
"""With so many pairs half of what a trial found is expected; with fewer, less."""
REVIEW_HOURS: Final = 0.05
"""So long a review that is not held would have taken, where only journals tell of a step."""


def expectations(tuning: Tuning) -> Sequence[Expectation]:
    """What is known of each step; a trial tells more than journals do, and of all others nothing is expected."""
    found: dict[tuple[str, Value, Value], Expectation] = {
        step: from_journals(*step, one.prediction, len(one.journals), one.judgement)
        for step, (one, _) in tuning.judged.items()
    }
    for one in (*tuning.paused.values(), *tuning.under_way.values()):
        step = (one.proposed.parameter, one.proposed.before, one.proposed.after)
        if one.proposed.parameter and one.pairs:
            found[step] = _from_trial(one)
    return [found[step] for step in sorted(found, key=str)]


def _from_trial(one: Trial) -> Expectation:
    proposed = one.proposed
    known: dict[Measure, float] = {}
    for measure, moments in one.differences.items():
        scale = max(proposed.scales.get(measure, SPREADS[measure]), 0.02)
        if moments.n:
            known[measure] = moments.mean / scale * moments.n / (moments.n + HALF_KNOWN)
    return Expectation(proposed.parameter, proposed.before, proposed.after, _by_aim(known), proposed.trial)


def from_journals(
    parameter: str, before: Value, after: Value, prediction: Prediction, sessions: int, source: str
) -> Expectation:
    """What a step is expected to gain by what so many journals say of it."""
    spared = (prediction.fewer - prediction.more) / max(1, sessions)
    known: dict[Measure, float] = {
        "hours": spared * REVIEW_HOURS / SPREADS["hours"],
        "interventions": -prediction.interventions / max(1, sessions) / SPREADS["interventions"],
    }
    return Expectation(parameter, before, after, _by_aim(known), source)


def _by_aim(known: Mapping[Measure, float]) -> Mapping[str, float]:
    """The mean over the measures of each aim that something is known of."""
    found = {}
    for aim in AIMS:
        of_aim = [value for measure, value in known.items() if AIM_OF[measure] == aim]
        found[aim] = round(sum(of_aim) / len(of_aim), 9) if of_aim else 0.0
    return found


def expected(
    point: Mapping[str, Value], values: Mapping[str, Value], known: Sequence[Expectation]
) -> tuple[float, ...]:
    """What ``point`` is expected to gain over ``values``, in the order of :data:`AIMS`."""
    total = dict.fromkeys(AIMS, 0.0)
    for name, value in point.items():
        for before, after in _steps(name, values[name], value):
            for aim, gain in gain_of(name, before, after, known).items():
                total[aim] += gain
    return tuple(round(total[aim], 9) for aim in AIMS)


def gain_of(parameter: str, before: Value, after: Value, known: Sequence[Expectation]) -> Mapping[str, float]:
    """What one step is expected to gain; a step back loses what the step has gained."""
    for one in known:
        if (one.parameter, one.before, one.after) == (parameter, before, after):
            return one.gains
    for one in known:
        if (one.parameter, one.before, one.after) == (parameter, after, before):
            return {aim: -gain for aim, gain in one.gains.items()}
    return {}


def _steps(parameter: str, start: Value, end: Value) -> Iterator[tuple[Value, Value]]:
    values = PARAMETERS[parameter].values
    first, last = values.index(start), values.index(end)
    way = 1 if last > first else -1
    for place in range(first, last, way):
        yield values[place], values[place + way]


def weighed(gains: Sequence[float], weights: Mapping[str, float]) -> float:
    """The gains by their weights."""
    return sum(weights[aim] * gain for aim, gain in zip(AIMS, gains, strict=True))
