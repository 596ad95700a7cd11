"""This table holds every parameter that tuning may change: its values in order, its own default, who owns it, its aim.

Nothing else is ever changed.  The first and the last value are its bounds, and one place is the largest step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from orchestrator.value_class import value_class

Value: TypeAlias = int | float | str
Measure: TypeAlias = Literal["success", "hours", "cost", "interventions", "failures", "utilisation"]
MEASURES: Final[tuple[Measure, ...]] = ("success", "hours", "cost", "interventions", "failures", "utilisation")
HIGHER_IS_BETTER: Final[frozenset[Measure]] = frozenset({"success", "utilisation"})


@value_class
class Parameter:
    """One parameter."""

    name: str
    values: tuple[Value, ...]
    """In their order, from one bound to the other."""
    default: Value
    unit: str
    owner: str
    """The option of a session that it sets; what a user says there by hand stands."""
    aims: tuple[Measure, ...]
    """What a change of it is judged by; written down before it is tried."""
    means: str

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """The values one step away, the lower one first."""
        place = self.values.index(value)
        return tuple(self.values[one] for one in (place - 1, place + 1) if 0 <= one < len(self.values))


PARAMETERS: Final[Mapping[str, Parameter]] = {
    one.name: one
    for one in (
        Parameter(
            "consensus_frequency",
            ("every_change", "timeboxed", "threshold", "critical_only"),
            "every_change",
            "",
            "review triggers",
            ("hours", "interventions", "utilisation"),
            "after which events others are asked for their review",
        ),
        Parameter(
            "max_review_rounds",
            (1, 2, 3, 4, 5),
            3,
            "rounds",
            "escalation",
            ("hours", "interventions", "utilisation"),
            "reviews of one worker's events before a person is asked",
        ),
        Parameter(
            "review_timeout_s",
            (180, 240, 300, 450, 600, 900),
            300,
            "s",
            "thresholds",
            ("failures", "interventions"),
            "how long a review waits for an answer",
        ),
        Parameter(
            "silence_s",
            (300, 600, 900, 1200, 1800),
            900,
            "s",
            "review triggers",
            ("hours", "utilisation"),
            "silence before a review is asked for",
        ),
        Parameter(
            "max_restarts",
            (1, 2, 3, 4, 5),
            3,
            "restarts",
            "escalation",
            ("failures", "interventions"),
            "how often a worker that died is started again before it is parked",
        ),
        Parameter(
            "team",
            ("change", "solo"),
            "change",
            "",
            "team",
            ("hours", "cost"),
            "the built-in team for a task that asks for a change and names none",
        ),
    )
}
BASELINE: Final[Mapping[str, Value]] = {one.name: one.default for one in PARAMETERS.values()}


def is_allowed(values: Mapping[str, Value]) -> bool:
    """Whether each is a parameter at one of its values."""
    return all(name in PARAMETERS and value in PARAMETERS[name].values for name, value in values.items())
