"""A decided review says who stood where."""

from __future__ import annotations

import pytest

from orchestrator.tuning.review_measures import ReviewMeasure


def measured(*verdicts: str, action: str = "continue") -> ReviewMeasure:
    return ReviewMeasure(1.0, action, tuple((f"agent-{n}", verdict) for n, verdict in enumerate(verdicts)))


@pytest.mark.parametrize(
    ("action", "goes_on"), [("continue", True), ("log_warning", True), ("stop_and_escalate", False)]
)
def test_the_action_says_whether_work_goes_on(action: str, goes_on: bool) -> None:
    assert measured("approved", action=action).lets_go_on is goes_on


def test_who_stands_alone_against_two_that_agree_is_named() -> None:
    assert measured("approved", "concerns", "approved").lone_dissenter == "agent-1"
    assert measured("approved", "concerns").lone_dissenter == ""
    assert measured("approved", "concerns", "blocker").lone_dissenter == ""
    assert not measured("approved", "approved").is_dissent
