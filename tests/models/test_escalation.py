"""A condition of escalation is read as it is written, and refused with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.models.escalation import (
    DEFAULTS,
    DOES,
    MEANS,
    EscalationAction,
    EscalationCondition,
    SessionMetric,
    condition_of,
    conditions_of,
)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        (
            "failed_tool_share > 0.5 for 10m: ask_person",
            EscalationCondition("failed_tool_share", 0.5, timedelta(minutes=10), EscalationAction.ASK_PERSON),
        ),
        ("antipatterns>2:notice", EscalationCondition("antipatterns", 2, timedelta(0), EscalationAction.NOTICE)),
        (
            "questions > 3 for 1.5 h : stop",
            EscalationCondition("questions", 3, timedelta(hours=1.5), EscalationAction.STOP),
        ),
        (
            "rework_percentage < .5 for 90s: require_review",
            EscalationCondition("rework_percentage", 0.5, timedelta(seconds=90), EscalationAction.REQUIRE_REVIEW, True),
        ),
    ],
)
def test_what_is_written_is_read_and_written_again(text: str, condition: EscalationCondition) -> None:
    assert condition_of(text) == condition
    assert condition_of(condition.words) == condition


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no condition"),
        ("failed_tool_share", "no condition"),
        ("failed_tool_share >= 1: stop", "no condition"),
        ("failed_tool_share > -1: stop", "no condition"),
        ("failed_tool_share > 1e3: stop", "no condition"),
        ("success_rate > 0.5: stop", "no metric 'success_rate'"),
        ("antipatterns > 1: explode", "no action 'explode'"),
        ("antipatterns > 1: freeze_tuning", "no action 'freeze_tuning'"),
        ("failed_tool_share > 2: stop", "at most 1"),
        ("rework_percentage > 101: stop", "at most 100"),
        ("antipatterns > 1 for 9999h: stop", "longer than"),
        ("antipatterns > 1: stop; rm -rf", "no condition"),
    ],
)
def test_what_is_none_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        condition_of(text)


def test_one_that_stands_twice_counts_once_and_too_many_are_refused() -> None:
    assert len(conditions_of(["antipatterns > 1: stop", "antipatterns>1 : stop"])) == 1
    with pytest.raises(ValueError, match="too many"):
        conditions_of([f"antipatterns > {number}: stop" for number in range(21)])


def test_the_defaults_only_tell() -> None:
    assert {condition.action for condition in conditions_of(DEFAULTS)} == {EscalationAction.NOTICE}


def test_every_metric_and_action_is_explained() -> None:
    assert set(MEANS) == set(SessionMetric)
    assert set(DOES) == set(EscalationAction)
