"""What is at stake in a project or a task bounds every parameter: how often is reviewed, and what thresholds ask for.

``low`` spares reviews of milestones, ``high`` and ``critical`` ask for more.  A row says within which values each
parameter stays; what it does not name is free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.value_class import value_class


@value_class
class Criticality:
    """One row."""

    ranges: Mapping[str, tuple[Value, Value]]
    """By parameter, the first and the last of its values that are allowed."""
    success_rate: float
    """What ``QualityThresholds`` of specification 003 ask for at least."""


CRITICALITY: Final[Mapping[str, Criticality]] = {
    "low": Criticality({"consensus_frequency": ("timeboxed", "critical_only")}, 0.7),
    "normal": Criticality({}, 0.8),
    "high": Criticality(
        {
            "consensus_frequency": ("every_change", "timeboxed"),
            "timebox_s": (300, 600),
            "max_review_rounds": (3, 5),
            "silence_s": (300, 600),
            "gate_margin": (5, 10),
            "failed_tool_share": (0.5, 0.6),
            "tokens_without_progress": (500_000, 1_000_000),
            "antipatterns": (0, 1),
        },
        0.9,
    ),
    "critical": Criticality(
        {
            "consensus_frequency": ("every_change", "every_change"),
            "max_review_rounds": (3, 5),
            "silence_s": (300, 300),
            "gate_margin": (10, 10),
            "failed_tool_share": (0.5, 0.5),
            "tokens_without_progress": (500_000, 500_000),
            "antipatterns": (0, 0),
        },
        0.95,
    ),
}
"""By what is at stake."""


def ranges_of(criticality: str) -> Mapping[str, tuple[Value, Value]]:
    """The parameters that it bounds.

    Raises:
        ValueError: There is no such criticality.
    """
    if criticality not in CRITICALITY:
        raise ValueError(f"no criticality {criticality!r}: {', '.join(CRITICALITY)}")
    return CRITICALITY[criticality].ranges


def within_criticality(values: Mapping[str, Value], criticality: str) -> Mapping[str, Value]:
    """The values, each at the nearest one that what is at stake allows.

    Raises:
        ValueError: There is no such criticality.
    """
    found = dict(values)
    for name, (first, last) in ranges_of(criticality).items():
        parameter = PARAMETERS[name]
        place = parameter.place(values.get(name, BASELINE[name]))
        found[name] = parameter.values[min(max(place, parameter.place(first)), parameter.place(last))]
    return found


def words_of(criticality: str, values: Mapping[str, Value], *, but: Collection[str] = ()) -> str:
    """What it makes of a session, for people; empty where all that it bounds is as usual.

    Args:
        values: What holds in the session.
        but: Parameters that it does not decide there.

    Raises:
        ValueError: There is no such criticality.
    """
    bounded = [name for name in PARAMETERS if name in ranges_of(criticality) and name not in but]
    changed = [name for name in bounded if values[name] != BASELINE[name]]
    return ", ".join(f"{name} {values[name]} {PARAMETERS[name].unit}".rstrip() for name in changed)
