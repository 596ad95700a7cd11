"""Write an entry as its line of the journal.

What agents say and do is nearly all that a journal holds, and its lines are put together here from the JSON of its
texts.  Every other entry, and every value that needs a rule, is written by pydantic; a test holds one against the
other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from orchestrator.late_pattern import late_pattern
from orchestrator.models.entries import JOURNAL_ENTRY, AgentOutput, JournalEntry
from orchestrator.models.events import (
    AgentEvent,
    EventType,
    Reasoned,
    Said,
    ToolCalled,
    ToolReturned,
    UsageReported,
)

_NULL: Final = late_pattern(rb"[:,[]null[],}]")
"""Fields without a value are left out, so this is nearly always a number that JSON has no word for."""
_MOST_KEPT: Final = 1_000
_texts: dict[str, bytes] = {}
"""JSON of short texts that come again and again: names of workers and agents."""
_types: dict[EventType, bytes] = {kind: b'{"type":"%b","agent":' % kind.value.encode() for kind in EventType}


def lines_of(entries: Sequence[JournalEntry]) -> list[bytes] | None:
    """The lines without their newlines; ``None`` where one would not be read as what it was written from.

    A text may hold half a surrogate pair, and a figure may be one that JSON has no word for.
    """
    lines = []
    for entry in entries:
        line = _plain_line(entry)
        if line is None:
            try:
                line = JOURNAL_ENTRY.dump_json(entry, exclude_none=True)
            except PydanticSerializationError:
                return None
            if b"null" in line and _NULL.search(line):
                return None
        lines.append(line)
    return lines


def _plain_line(entry: JournalEntry) -> bytes | None:
    body = entry.body
    if type(body) is not AgentOutput:
        return None
    at = _entry_time(entry.at)
    try:
        events = _events(body.events)
        if events is None or at is None:
            return None
        return (
            b'{"n":%d,"at":%b,"body":{"worker":%b,"attempt":%d,"stream":%b,"start":%d,"end":%d,"events":[%b],'
            b'"kind":"agent_output"}}'
        ) % (entry.n, at, _name(body.worker), body.attempt, _name(body.stream), body.start, body.end, events)
    except PydanticSerializationError:
        return None


def _events(events: tuple[AgentEvent, ...]) -> bytes | None:
    """The JSON of events one behind the other; ``None`` where one is of a kind that is not written here."""
    written = []
    for event in events:
        writer = _WRITERS.get(type(event.payload))
        payload = None if writer is None else writer(event.payload)
        at = _event_time(event.timestamp)
        if payload is None or at is None:
            return None
        written.append(b'%b%b,"timestamp":%b,"payload":%b}' % (_types[event.type], _name(event.agent), at, payload))
    return written[0] if len(written) == 1 else b",".join(written)


class _Times:
    """Writes times; what is read at once, or written at once, bears one time, which is written once."""

    __slots__ = ("_at", "_text")

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._text: bytes | None = None

    def __call__(self, at: datetime) -> bytes | None:
        if at is not self._at:
            self._at, self._text = at, b'"%bZ"' % at.isoformat()[:-6].encode() if at.tzinfo is UTC else None
        return self._text


_entry_time: Final = _Times()
_event_time: Final = _Times()


def _name(text: str) -> bytes:
    found = _texts.get(text)
    if found is None:
        if len(_texts) >= _MOST_KEPT:
            _texts.clear()
        found = _texts[text] = to_json(text)
    return found


def _said(payload: Said) -> bytes:
    return b'{"text":%b,"kind":"said"}' % to_json(payload.text)


def _reasoned(payload: Reasoned) -> bytes:
    return b'{"text":%b,"kind":"reasoned"}' % to_json(payload.text)


def _tool_called(payload: ToolCalled) -> bytes:
    path, command, parent = payload.path, payload.command, payload.parent
    return b'{"tool":%b,"call_id":%b,"summary":%b%b%b%b,"kind":"tool_called"}' % (
        _name(payload.tool),
        to_json(payload.call_id),
        to_json(payload.summary),
        b"" if path is None else b',"path":' + to_json(path),
        b"" if command is None else b',"command":' + to_json(command),
        b"" if parent is None else b',"parent":' + to_json(parent),
    )


def _tool_returned(payload: ToolReturned) -> bytes:
    code = payload.exit_code
    return b'{"call_id":%b,"ok":%b,"text":%b%b,"kind":"tool_returned"}' % (
        to_json(payload.call_id),
        b"true" if payload.ok else b"false",
        to_json(payload.text),
        b"" if code is None else b',"exit_code":%d' % code,
    )


def _usage_reported(payload: UsageReported) -> bytes | None:
    usage = payload.usage
    if usage.cost_usd is not None:
        return None  # how a fraction is written is pydantic's to say
    said = []
    if usage.input_tokens is not None:
        said.append(b'"input_tokens":%d' % usage.input_tokens)
    if usage.output_tokens is not None:
        said.append(b'"output_tokens":%d' % usage.output_tokens)
    if usage.cached_tokens is not None:
        said.append(b'"cached_tokens":%d' % usage.cached_tokens)
    if usage.model is not None:
        said.append(b'"model":' + _name(usage.model))
    return b'{"usage":{%b},"kind":"usage_reported"}' % b",".join(said)


_WRITERS: Final[dict[type, Callable[[Any], bytes | None]]] = {
    Said: _said,
    Reasoned: _reasoned,
    ToolCalled: _tool_called,
    ToolReturned: _tool_returned,
    UsageReported: _usage_reported,
}
