from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.composition.leaf_priority import Waiting, in_order, points
from orchestrator.models.plan_steps import Purpose
from orchestrator.models.sandbox import TeamBounds

RULE = TeamBounds(priority_age_s=60, priority_blocker=10, priority_deadline=5)


@pytest.mark.parametrize(
    ("waiting", "urgency"),
    [
        (Waiting(), 0),
        (Waiting(priority=-3), -3),
        (Waiting(waited_s=59.9), 0),
        (Waiting(waited_s=180), 3),
        (Waiting(waited_s=-90), 0),
        (Waiting(purpose=Purpose.AGAIN), 10),
        (Waiting(purpose=Purpose.TAKE_OVER, priority=1), 11),
        (Waiting(purpose=Purpose.REPLY), 0),
        (Waiting(takes_s=100, left_s=199), 5),
        (Waiting(takes_s=100, left_s=200), 0),
        (Waiting(takes_s=100), 0),
    ],
)
def test_what_makes_a_leaf_urgent(waiting: Waiting, urgency: int) -> None:
    assert points(waiting, RULE) == urgency


def test_equals_start_in_plan_order() -> None:
    ready = [(name, Waiting()) for name in "abc"]
    assert in_order(ready, RULE) == ("a", "b", "c")


@given(st.lists(st.integers(-9, 9), max_size=9))
def test_nobody_is_passed_by_who_is_less_urgent(priorities: list[int]) -> None:
    ordered = in_order([(each, Waiting(priority=each)) for each in priorities], RULE)
    assert list(ordered) == sorted(priorities, reverse=True)


def test_whoever_waits_long_enough_comes_before_any_priority() -> None:
    patient, urgent = Waiting(waited_s=60 * 12), Waiting(priority=11)
    assert in_order([("urgent", urgent), ("patient", patient)], RULE) == ("patient", "urgent")
