"""Conditions under which a person or a review is called: a metric stays beyond its threshold for so long (003).

Within a session a condition is written as people say it: ``failed_tool_share > 0.5 for 10m: ask_person``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from orchestrator.value_class import value_class


class SessionMetric(StrEnum):
    """What is measured of a session while it runs."""

    REVIEW_ROUNDS = "review_rounds"
    FAILED_TOOL_SHARE = "failed_tool_share"
    TOKENS_WITHOUT_PROGRESS = "tokens_without_progress"
    REWORK_PERCENTAGE = "rework_percentage"
    ANTIPATTERNS = "antipatterns"
    QUESTIONS = "questions"


MEANS: Final[Mapping[SessionMetric, str]] = {
    SessionMetric.REVIEW_ROUNDS: "decided reviews of one worker's work since a person was heard last, without those "
    "that a person asked for",
    SessionMetric.FAILED_TOOL_SHARE: "the share of failures among one worker's last 20 tool calls that came back, "
    "0 to 1; unknown before there are so many",
    SessionMetric.TOKENS_WITHOUT_PROGRESS: "tokens of one worker since its last sign of progress: another write, tests "
    "that pass, a higher progress that it reports",
    SessionMetric.REWORK_PERCENTAGE: "how much of what was written is not left, in percent; unknown below 60 lines",
    SessionMetric.ANTIPATTERNS: "antipatterns found in the session so far",
    SessionMetric.QUESTIONS: "questions that a person was asked in the session so far",
}
OF_WORKERS: Final = frozenset(
    {SessionMetric.REVIEW_ROUNDS, SessionMetric.FAILED_TOOL_SHARE, SessionMetric.TOKENS_WITHOUT_PROGRESS}
)
"""Metrics of one worker each; the others are of the session."""


class EscalationAction(StrEnum):
    """What is done where a metric stays beyond its threshold."""

    NOTICE = "notice"
    ASK_PERSON = "ask_person"
    REQUIRE_REVIEW = "require_review"
    STOP = "stop"
    FREEZE_TUNING = "freeze_tuning"


DOES: Final[Mapping[EscalationAction, str]] = {
    EscalationAction.NOTICE: "it is told",
    EscalationAction.ASK_PERSON: "the worker is held and a person is asked; without one the session ends with code 3",
    EscalationAction.REQUIRE_REVIEW: "the others review what the worker has done so far, under the review policy",
    EscalationAction.STOP: "the session stops with code 3 and can be resumed",
    EscalationAction.FREEZE_TUNING: "nothing is tried or taken back by tuning (over sessions alone)",
}


@value_class
class EscalationCondition:
    """A metric that stays beyond a threshold for so long calls for an action."""

    trigger_metric: str
    """A metric over sessions (``MetricType`` of :mod:`orchestrator.tuning`), or a :class:`SessionMetric`."""
    threshold: float
    duration: timedelta
    action: EscalationAction
    is_bound_from_below: bool = False
    """It is worse the lower it is."""

    def is_beyond(self, value: float) -> bool:
        """Whether one value is worse than the threshold."""
        return value < self.threshold if self.is_bound_from_below else value > self.threshold

    @property
    def words(self) -> str:
        """The condition as it is written."""
        side = "<" if self.is_bound_from_below else ">"
        seconds = self.duration.total_seconds()
        span = f"{seconds / 60:g}m" if seconds and seconds % 60 == 0 else f"{seconds:g}s"
        return f"{self.trigger_metric} {side} {self.threshold:.12g} for {span}: {self.action}"


_WRITTEN: Final = (
    r"\s*(?P<metric>\w+)\s*(?P<side>[<>])\s*(?P<threshold>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?:\s+for\s+(?P<span>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[smh]))?\s*:\s*(?P<action>\w+)\s*"
)
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
MOST_HOURS: Final = 24 * 30
MOST_CONDITIONS: Final = 20
FORM: Final = "METRIC > NUMBER for 10m: ACTION"


def condition_of(text: str) -> EscalationCondition:
    """Read a condition within a session.

    Raises:
        ValueError: It is none, and why.
    """
    found = re.fullmatch(_WRITTEN, text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is no condition; write {FORM}")
    if found["metric"] not in list(SessionMetric):
        raise ValueError(f"no metric {found['metric']!r} of a session: {', '.join(SessionMetric)}")
    actions = [action for action in EscalationAction if action is not EscalationAction.FREEZE_TUNING]
    if found["action"] not in actions:
        raise ValueError(f"no action {found['action']!r} within a session: {', '.join(actions)}")
    threshold, metric = float(found["threshold"]), SessionMetric(found["metric"])
    most = {SessionMetric.FAILED_TOOL_SHARE: 1.0, SessionMetric.REWORK_PERCENTAGE: 100.0}.get(metric, 1e12)
    if threshold > most:
        raise ValueError(f"{metric} is at most {most:g}, so {threshold:g} is never reached")
    seconds = float(found["span"]) * _UNITS[found["unit"]] if found["span"] else 0.0
    if seconds > MOST_HOURS * 3600:
        raise ValueError(f"{found['span']}{found['unit']} is longer than {MOST_HOURS} hours")
    return EscalationCondition(
        metric, threshold, timedelta(seconds=seconds), EscalationAction(found["action"]), found["side"] == "<"
    )


def conditions_of(texts: Sequence[str]) -> tuple[EscalationCondition, ...]:
    """Read several, each of which stands once.

    Raises:
        ValueError: One is none, or they are too many.
    """
    found = tuple(dict.fromkeys(condition_of(text) for text in texts))
    if len(found) > MOST_CONDITIONS:
        raise ValueError(f"{len(found)} conditions are too many; {MOST_CONDITIONS} are enough")
    return found


DEFAULTS: Final = (
    "failed_tool_share > 0.7 for 10m: notice",
    "tokens_without_progress > 2000000 for 15m: notice",
    "antipatterns > 2: notice",
)
"""Those that hold where nobody says otherwise.  They only tell, so they change what no session decides."""
