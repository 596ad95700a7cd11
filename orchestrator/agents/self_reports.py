"""Read the events that agents report themselves: a JSON object of spec 004's format, alone on a line.

Only assistant text and lines of the file named in ``ORCHESTRATOR_EVENTS`` are read so: tool output, user and result
records may echo a target file that holds such a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.models.events import AgentEvent, EventType, Reported, Said, Unrecognised
from orchestrator.models.identity import AgentName
from orchestrator.wire.raw_records import Noise, RawRecord

REPORT_TYPES: Mapping[str, EventType] = {str(kind): kind for kind in EventType}

_OWN_FIELDS = frozenset({"text", "progress", "file", "review_requested"})


def split_reports(text: str) -> tuple[str, list[Mapping[str, Any]]]:
    """The text without its report lines, and the reports in order.  A code fence that held nothing else goes too."""
    if '"type"' not in text:
        return text, []
    kept: list[str] = []
    reports: list[Mapping[str, Any]] = []
    for line in text.split("\n"):
        report = _report_on(line)
        if report is not None:
            reports.append(report)
        elif reports and line.strip() == "```" and kept and kept[-1].lstrip().startswith("```"):
            kept.pop()
        else:
            kept.append(line)
    return ("\n".join(kept), reports) if reports else (text, reports)


def event_from_report(agent: AgentName, report: Mapping[str, Any], at: datetime) -> AgentEvent | None:
    """The event this object describes, author and time stamped by us; ``None`` if it is not of the spec's format."""
    kind = REPORT_TYPES.get(report["type"]) if isinstance(report.get("type"), str) else None
    payload = report.get("payload")
    if kind is None or not isinstance(payload, Mapping):
        return None
    file = payload.get("file")
    reported = Reported(
        text=_text_of(payload),
        progress=_percent(payload.get("progress")),
        file=file if isinstance(file, str) else None,
        review_requested=payload.get("review_requested") is True,
        details={key: value for key, value in payload.items() if key not in _OWN_FIELDS},
    )
    return AgentEvent(kind, agent, at, reported)


def events_of_text(agent: AgentName, text: str, at: datetime) -> list[AgentEvent]:
    """What an assistant's text says: its own words as :class:`Said`, then the events it reports."""
    remaining, reports = split_reports(text)
    events: list[AgentEvent] = []
    if remaining and not remaining.isspace():
        events.append(AgentEvent(EventType.PROGRESS, agent, at, Said(remaining.strip("\n"))))
    for report in reports:
        event = event_from_report(agent, report, at)
        if event is not None:
            events.append(event)
    return events


def events_of_report_line(agent: AgentName, record: RawRecord | Noise, at: datetime) -> Sequence[AgentEvent]:
    """What one line of the ``ORCHESTRATOR_EVENTS`` file says; anything else there is shown as unrecognised."""
    if isinstance(record, Noise):
        return (AgentEvent(EventType.STATUS, agent, at, Unrecognised(record.text, "events")),)
    event = event_from_report(agent, record.data, at)
    if event is None:
        shown = Unrecognised("a record that is not of the event format", "events", record.data)
        event = AgentEvent(EventType.STATUS, agent, at, shown)
    return (event,)


def object_in(text: str) -> Mapping[str, Any] | None:
    """The JSON object a final answer consists of, a code fence around it allowed; ``None`` if it is anything else."""
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        body = body[body.index("\n") : -3].strip()
    if not (body.startswith("{") and body.endswith("}")):
        return None
    from pydantic_core import from_json

    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _report_on(line: str) -> Mapping[str, Any] | None:
    body = line.strip()
    if not (body.startswith("{") and body.endswith("}") and '"payload"' in body):
        return None
    value = object_in(body)
    if (
        value is None
        or not isinstance(value.get("type"), str)
        or value["type"] not in REPORT_TYPES
        or not isinstance(value.get("payload"), dict)
    ):
        return None
    return value


def _text_of(payload: Mapping[str, Any]) -> str:
    for name in ("text", "message", "summary", "description", "title"):
        value = payload.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _percent(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return None
    return float(min(max(value, 0), 100))
