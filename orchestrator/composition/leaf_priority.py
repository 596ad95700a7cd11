"""Say which of the agents that wait for a place starts first: the rule is pure, and its figures stand in a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from orchestrator.models.plan_steps import Purpose
from orchestrator.models.sandbox import TeamBounds
from orchestrator.value_class import value_class

T = TypeVar("T")
MENDS = frozenset({Purpose.TAKE_OVER, Purpose.AGAIN})
"""Purposes of a leaf that is there because something failed before it."""


@value_class
class Waiting:
    """What is known of a leaf that is ready."""

    priority: int = 0
    """Its own, by the plan."""
    waited_s: float = 0.0
    purpose: Purpose = Purpose.WORK
    takes_s: float | None = None
    """The time it may take; ``None``: nobody limits it."""
    left_s: float | None = None
    """What the session has left; ``None``: it has no time limit."""


def points(waiting: Waiting, rule: TeamBounds) -> int:
    """How urgent it is: its own priority, more the longer it waits, if it mends, and if time would run short."""
    age = int(max(0.0, waiting.waited_s) / rule.priority_age_s)
    mends = rule.priority_blocker if waiting.purpose in MENDS else 0
    runs_short = waiting.takes_s is not None and waiting.left_s is not None and waiting.left_s < 2 * waiting.takes_s
    return waiting.priority + age + mends + (rule.priority_deadline if runs_short else 0)


def in_order(ready: Sequence[tuple[T, Waiting]], rule: TeamBounds) -> tuple[T, ...]:
    """The most urgent first; plan order decides between equals."""
    return tuple(leaf for leaf, _ in sorted(ready, key=lambda one: -points(one[1], rule)))
