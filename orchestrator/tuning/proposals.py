"""Propose what to try next: rules from how sessions have gone lately, and weights where several apply."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal

from orchestrator.tuning.parameters import PARAMETERS, Measure, Parameter, Value
from orchestrator.tuning.tuning_events import SessionResult
from orchestrator.value_class import value_class

WEIGHTS: Final[Mapping[str, float]] = {"velocity": 0.4, "quality": 0.3, "cost": 0.1, "risk": 0.2}
"""What counts how much where aims compete; of each measure in :data:`AIMS`."""
AIM_OF: Final[Mapping[Measure, str]] = {
    "success": "quality",
    "hours": "velocity",
    "utilisation": "velocity",
    "cost": "cost",
    "interventions": "risk",
    "failures": "risk",
}


@value_class
class Standing:
    """How sessions have gone lately, in the mean."""

    success: float
    hours: float
    cost: float
    interventions: float
    failures: float
    utilisation: float

    @classmethod
    def of(cls, results: Sequence[SessionResult]) -> Standing:
        """The means over these; there is at least one."""

        def mean(values: Sequence[float]) -> float:
            return sum(values) / len(values) if values else 0.0

        return cls(
            mean([float(one.success) for one in results if one.success is not None]),
            mean([one.hours for one in results]),
            mean([one.cost for one in results if one.cost is not None]),
            mean([one.interventions for one in results]),
            mean([one.failures for one in results]),
            mean([one.utilisation for one in results]),
        )


@value_class
class Rule:
    """One row: where a measure lies beyond a bound, a step of one parameter is worth a trial."""

    measure: Measure
    beyond: float
    parameter: str
    direction: Literal[-1, 1]
    because: str

    def shortfall(self, standing: Standing) -> float:
        """How far beyond the bound it is, in its own size; 0 or less where it is not."""
        value: float = getattr(standing, self.measure)
        if self.measure in ("success", "utilisation"):
            return (self.beyond - value) / self.beyond
        return math.log(value / self.beyond) if value > 0 else -1.0


LITTLE_SUCCESS: Final = 0.63
"""Less than the 70 % that are aimed at by as much as the pairs of one trial can show of a step: asking others more has
its price in each of them."""

RULES: Final = (
    Rule("interventions", 0.25, "consensus_frequency", 1, "people are asked often: ask others less often"),
    Rule("utilisation", 0.70, "consensus_frequency", 1, "agents wait much: ask others less often"),
    Rule("utilisation", 0.70, "silence_s", -1, "agents wait much: look at silent ones sooner"),
    Rule("interventions", 0.25, "max_restarts", 1, "people are asked often: start dead workers again more often"),
    Rule("failures", 0.25, "max_restarts", 1, "workers are lost: start them again more often"),
    Rule("interventions", 0.25, "max_review_rounds", -1, "people are asked often: settle in fewer rounds"),
    Rule("interventions", 0.50, "max_relaunches", 1, "people are asked very often: start workers anew more often"),
    Rule("utilisation", 0.70, "timebox_s", 1, "agents wait much: one review in a longer time"),
    Rule("utilisation", 0.70, "trusted_after", -1, "agents wait much: trust a worker sooner"),
    Rule("failures", 0.25, "review_timeout_s", 1, "handoffs fail: wait longer for reviews"),
    Rule("success", LITTLE_SUCCESS, "consensus_frequency", -1, "too little succeeds: ask others more often"),
    Rule("success", LITTLE_SUCCESS, "max_review_rounds", 1, "too little succeeds: review more often"),
    Rule("success", LITTLE_SUCCESS, "timebox_s", -1, "too little succeeds: a review in a shorter time"),
    Rule("success", LITTLE_SUCCESS, "trusted_after", 1, "too little succeeds: trust a worker later"),
    Rule("success", LITTLE_SUCCESS, "team", -1, "too little succeeds: a design and a review for each change"),
    Rule("success", 0.50, "least_tier", 1, "half and more fails: ask for stronger models"),
    Rule("hours", 1.00, "team", 1, "sessions take long: one agent for each change"),
    Rule("hours", 1.00, "review_timeout_s", -1, "sessions take long: wait less for reviews"),
)
"""In the order that breaks ties."""


def aims_of(parameter: Parameter, before: Value, after: Value) -> tuple[Measure, ...]:
    """What a step is judged by: where rules speak for its direction for the sake of success alone, that; else what the
    parameter is judged by."""
    direction = 1 if parameter.place(after) > parameter.place(before) else -1
    speak = {rule.measure for rule in RULES if (rule.parameter, rule.direction) == (parameter.name, direction)}
    return ("success",) if speak == {"success"} else parameter.aims


@value_class
class Proposal:
    """One step of one parameter."""

    parameter: str
    value: Value
    because: str
    score: float


def proposals(
    standing: Standing,
    values: Mapping[str, Value],
    barred: Collection[tuple[str, Value]],
    tries: Mapping[tuple[str, Value, Value], int],
) -> Iterator[Proposal]:
    """Every step that a rule speaks for and nothing bars, the best first.

    Steps that several rules speak for come before others: their weighted shortfalls are added up.  One that was tried
    and came to nothing yet stands behind those that were not.

    Args:
        tries: How often each step came to nothing.
    """
    found: dict[tuple[str, Value], Proposal] = {}
    for rule in RULES:
        short = rule.shortfall(standing)
        parameter = PARAMETERS[rule.parameter]
        place = parameter.values.index(values[rule.parameter]) + rule.direction
        if short <= 0 or not 0 <= place < len(parameter.values) or not parameter.means_something(values):
            continue
        key = (rule.parameter, parameter.values[place])
        if key in barred:
            continue
        score = WEIGHTS[AIM_OF[rule.measure]] * min(short, 1.0)
        before = found.get(key)
        because = f"{rule.because} ({rule.measure} {getattr(standing, rule.measure):.2f}, bound {rule.beyond:g})"
        found[key] = (
            Proposal(*key, because, score)
            if before is None
            else Proposal(*key, f"{before.because}; {because}", before.score + score)
        )

    def order(one: Proposal) -> float:
        return -one.score / (1 + tries.get((one.parameter, values[one.parameter], one.value), 0))

    yield from sorted(found.values(), key=order)
