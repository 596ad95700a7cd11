"""Reported events are read from assistant text and from the events file, and from nowhere else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.self_reports import (
    event_from_report,
    events_of_report_line,
    events_of_text,
    object_in,
    split_reports,
)
from orchestrator.models.events import AgentEvent, EventType, Reported, Said, Unrecognised
from orchestrator.models.identity import AgentName
from orchestrator.wire.records import Noise, RawRecord

NAME = AgentName("gemini")
AT = datetime(2026, 11, 21, 18, tzinfo=UTC)
MILESTONE = '{"type": "milestone", "payload": {"text": "the form validates"}}'


def test_a_report_alone_on_a_line_is_taken_out_of_the_text() -> None:
    assert split_reports(f"before\n{MILESTONE}\nafter") == ("before\nafter", [json.loads(MILESTONE)])


def test_a_code_fence_around_reports_goes_with_them() -> None:
    assert split_reports(f"so:\n```json\n{MILESTONE}\n```\ndone") == ("so:\ndone", [json.loads(MILESTONE)])


@pytest.mark.parametrize(
    "text",
    [
        f"I will print {MILESTONE} later",
        '{"type": "milestone"}',
        '{"type": "party", "payload": {"text": "x"}}',
        '{"type": ["milestone"], "payload": {}}',
        '{"type": "milestone", "payload": "x"}',
        '{"type": "milestone", "payload": {',
    ],
    ids=["inside a sentence", "no payload", "unknown type", "type is a list", "payload is text", "cut"],
)
def test_anything_else_stays_text(text: str) -> None:
    assert split_reports(text) == (text, [])


@pytest.mark.parametrize("kind", EventType)
def test_each_of_the_eight_types_can_be_reported(kind: EventType) -> None:
    event = event_from_report(NAME, {"type": str(kind), "payload": {"text": "x"}}, AT)
    assert event == AgentEvent(kind, NAME, AT, Reported("x"))


def test_the_specs_own_example_is_understood() -> None:
    report = {
        "type": "progress",
        "agent": "somebody-else",
        "timestamp": "2025-11-21T18:00:00Z",
        "payload": {"text": "Analyzing codebase structure...", "progress": 45, "file": "/path/to/file.py", "n": 1},
    }
    payload = Reported("Analyzing codebase structure...", progress=45.0, file="/path/to/file.py", details={"n": 1})
    assert event_from_report(NAME, report, AT) == AgentEvent(EventType.PROGRESS, NAME, AT, payload)


@pytest.mark.parametrize(
    ("given_progress", "kept"),
    [(150, 100.0), (-3, 0.0), (True, None), ("45", None), (10**400, 100.0), (float("nan"), None)],
    ids=["too much", "too little", "a bool", "a text", "huge", "not a number"],
)
def test_progress_is_a_percentage_or_unknown(given_progress: object, kept: float | None) -> None:
    event = event_from_report(NAME, {"type": "progress", "payload": {"progress": given_progress}}, AT)
    assert event is not None
    assert isinstance(event.payload, Reported)
    assert event.payload.progress == kept


def test_a_review_is_asked_for_by_a_true_and_nothing_else() -> None:
    for value, asked in ((True, True), ("yes", False), (1, False)):
        event = event_from_report(NAME, {"type": "status", "payload": {"review_requested": value}}, AT)
        assert event is not None
        assert isinstance(event.payload, Reported)
        assert event.payload.review_requested is asked


def test_the_words_around_a_report_are_still_said() -> None:
    events = events_of_text(NAME, f"Done.\n{MILESTONE}\n", AT)
    assert [(event.type, type(event.payload)) for event in events] == [
        (EventType.PROGRESS, Said),
        (EventType.MILESTONE, Reported),
    ]


def test_a_line_of_the_events_file_is_a_report_or_shown() -> None:
    assert events_of_report_line(NAME, RawRecord(json.loads(MILESTONE)), AT)[0].type is EventType.MILESTONE
    for record in (RawRecord({"type": "party"}), Noise("hello", "events")):
        (event,) = events_of_report_line(NAME, record, AT)
        assert isinstance(event.payload, Unrecognised)
        assert event.payload.stream == "events"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('\n```json\n{"a": 1}\n```\n', {"a": 1}),
        ('here: {"a": 1}', None),
        ("[1]", None),
        ('{"a": NaN}', None),
        ("", None),
    ],
)
def test_a_final_answer_is_an_object_only_when_it_is_nothing_else(text: str, found: object) -> None:
    assert object_in(text) == found


@given(st.text(alphabet='{}"typealod: \n`milestone', max_size=80))
def test_no_text_is_too_strange(text: str) -> None:
    remaining, reports = split_reports(text)
    assert len(remaining) <= len(text)
    assert all(event_from_report(NAME, report, AT) is not None for report in reports)
