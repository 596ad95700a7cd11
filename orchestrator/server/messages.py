"""Encode what the stream says, once for everybody: entries, changes of state, and a beat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Literal, TypeAlias

from pydantic_core import to_json

from orchestrator.models.entries import JournalEntry
from orchestrator.server.rows import rows_of
from orchestrator.value_class import value_class

EventName: TypeAlias = Literal["entry", "state", "beat", "hello", "bye"]


@value_class
class Message:
    """One message, in neither transport's dress yet."""

    event: EventName
    id: str
    """``<session>:<journal number>``: everything up to that entry has been told."""
    data: bytes
    """JSON, on one line."""

    @property
    def as_sse(self) -> bytes:
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self.id.encode(), self.event.encode(), self.data)

    @property
    def as_json(self) -> bytes:
        return b'{"id":"%b","event":"%b","data":%b}' % (self.id.encode(), self.event.encode(), self.data)


def message_id(session: str, n: int) -> str:
    """The id of a message after which entry ``n`` is known."""
    return f"{session}:{n}"


def position_in(text: str, session: str) -> int | None:
    """The journal number in a message id; ``None`` where it is not one of this session."""
    name, _, number = text.rpartition(":")
    return int(number) if name == session and number.isascii() and number.isdigit() and len(number) < 16 else None


def entry_messages(session: str, entries: Iterable[JournalEntry]) -> list[Message]:
    """A message for each entry that people should hear of."""
    found = []
    for entry in entries:
        rows = rows_of(entry)
        if rows:
            data = to_json({"n": entry.n, "at": entry.at, "rows": rows})
            found.append(Message("entry", message_id(session, entry.n), data))
    return found


def message(event: EventName, session: str, n: int, data: Mapping[str, object]) -> Message:
    """Any other message."""
    return Message(event, message_id(session, n), to_json(data))


def as_sse(messages: Iterable[Message]) -> bytes:
    """The messages as one chunk of a ``text/event-stream``."""
    return b"".join(said.as_sse for said in messages)


def as_json(messages: Iterable[Message]) -> str:
    """The messages as one JSON array: one WebSocket message."""
    return f"[{','.join(said.as_json.decode() for said in messages)}]"


def changed_fields(before: Any, after: Any) -> dict[str, object]:
    """The fields of a flat dataclass value that differ; all of them where there was none before."""
    names = [field.name for field in fields(after)]
    return {
        name: getattr(after, name) for name in names if before is None or getattr(before, name) != getattr(after, name)
    }
