"""This table holds every parameter that tuning may change: its values in order, its own default, who owns it, its aim.

Nothing else is ever changed.  The first and the last value are its bounds, one place is the largest step, and the
step back is its inverse.  Where tuning may only tighten, the default is the loosest of the bounds.
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
    floor: str = ""
    """Why it never becomes looser than its default, which is then one of the bounds; empty: it goes both ways."""
    option: str = ""
    """What says it by hand where that is not ``--parameter``."""
    only_with: tuple[str, Value] | None = None
    """It means something only where another parameter has this value."""
    is_tried: bool = True
    """Trials are made of it; otherwise what is at stake alone changes it (see ``tuning/criticality.py``), because no
    trial could tell whether it is better."""

    def place(self, value: Value) -> int:
        """Where a value stands, from 0.

        Raises:
            ValueError: It is none of them.
        """
        for index, one in enumerate(self.values):
            if one == value and isinstance(one, str) is isinstance(value, str) and not isinstance(value, bool):
                return index
        raise ValueError(f"{self.name} cannot be {value!r}: {', '.join(map(str, self.values))}")

    def means_something(self, values: Mapping[str, Value]) -> bool:
        """Whether it changes anything beside these values of the others."""
        return self.only_with is None or values.get(self.only_with[0]) == self.only_with[1]

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """The values one step away, the lower one first."""
        place = self.place(value)
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
            "workflow limits",
            ("hours", "interventions", "utilisation"),
            "reviews of one worker's events before a person is asked",
        ),
        Parameter(
            "review_timeout_s",
            (180, 240, 300, 450, 600, 900),
            300,
            "s",
            "workflow limits",
            ("failures", "interventions"),
            "how long a review waits for an answer",
            option="--review-timeout",
        ),
        Parameter(
            "silence_s",
            (300, 600, 900, 1200, 1800),
            900,
            "s",
            "review triggers",
            ("hours", "utilisation"),
            "silence before a review is asked for",
            option="--silence",
        ),
        Parameter(
            "max_restarts",
            (1, 2, 3, 4, 5),
            3,
            "restarts",
            "workflow limits",
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
            option="--team",
        ),
        Parameter(
            "timebox_s",
            (300, 600, 900, 1800),
            900,
            "s",
            "review triggers",
            ("hours", "interventions", "utilisation"),
            "with `timeboxed`: at most one review of a worker's milestones in so long a time",
            only_with=("consensus_frequency", "timeboxed"),
        ),
        Parameter(
            "trusted_after",
            (2, 3, 4),
            2,
            "reviews",
            "review triggers",
            ("hours", "utilisation"),
            "with `threshold`: after so many reviews in a row that let a worker go on, its milestones are trusted",
            floor="one review that let it go on is no reason for trust",
            only_with=("consensus_frequency", "threshold"),
        ),
        Parameter(
            "max_relaunches",
            (1, 2, 3, 4, 5),
            3,
            "relaunches",
            "workflow limits",
            ("failures", "interventions"),
            "how often rules start one worker anew in a session before a person is asked",
        ),
        Parameter(
            "least_tier",
            ("CHEAP", "CAPABLE", "PREMIUM"),
            "CHEAP",
            "",
            "tiers",
            ("success",),
            "agents of a plan that ask for a lower tier get the models of this one",
            floor="a plan says which tier its work needs; money has a limit of its own",
        ),
        Parameter(
            "gate_margin",
            (0, 5, 10),
            0,
            "% of the scale",
            "thresholds",
            ("success",),
            "by how much more than stated a plan's gates ask that have a least value",
            floor="what a plan or a gate asks for is the user's word",
            is_tried=False,
        ),
        Parameter(
            "failed_tool_share",
            (0.5, 0.6, 0.7),
            0.7,
            "",
            "escalation triggers",
            ("failures",),
            "threshold of the built-in condition on this metric",
            floor="the built-in condition is the least that is told",
            option="--escalate",
            is_tried=False,
        ),
        Parameter(
            "tokens_without_progress",
            (500_000, 1_000_000, 2_000_000),
            2_000_000,
            "tokens",
            "escalation triggers",
            ("cost",),
            "threshold of the built-in condition on this metric",
            floor="the built-in condition is the least that is told",
            option="--escalate",
            is_tried=False,
        ),
        Parameter(
            "antipatterns",
            (0, 1, 2),
            2,
            "found",
            "escalation triggers",
            ("failures",),
            "threshold of the built-in condition on this metric",
            floor="the built-in condition is the least that is told",
            option="--escalate",
            is_tried=False,
        ),
    )
}
BASELINE: Final[Mapping[str, Value]] = {one.name: one.default for one in PARAMETERS.values()}
SETTABLE: Final = tuple(
    name for name, one in PARAMETERS.items() if one.owner != "escalation triggers" and one.option != "--team"
)
"""Those that settings hold: a team is chosen for a task, and escalation has conditions of its own."""
SAYABLE: Final = tuple(name for name in SETTABLE if not PARAMETERS[name].option)
"""Those that ``--parameter`` says for one task."""


def value_of(name: str, text: str) -> Value:
    """The value of a parameter that a text says.

    Raises:
        ValueError: It says none of them.
    """
    for value in PARAMETERS[name].values:
        if text.strip() == str(value):
            return value
    raise ValueError(f"{name} cannot be {text.strip()!r}: {', '.join(map(str, PARAMETERS[name].values))}")


def is_allowed(values: Mapping[str, Value]) -> bool:
    """Whether each is a parameter at one of its values."""
    try:
        return all(PARAMETERS[name].place(value) >= 0 for name, value in values.items())
    except (KeyError, ValueError):
        return False
