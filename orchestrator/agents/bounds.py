"""Cut an agent's words before they enter the journal; what is longer lies whole in its raw file.

An answer of 50 MB would be held by the session, written twice into the journal, and once more into every report.  The
cut is made around the redaction of secrets, in two steps, so that no half of a secret stays at its edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, Final, get_args

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import (
    AgentEvent,
    EventType,
    Payload,
    Reasoned,
    Said,
    ToolCalled,
    ToolReturned,
    Unrecognised,
    UsageReported,
)

MOST_CHARS: Final = 65_536
"""Of one text.  A final answer that holds a verdict is read from its last 32,768 characters."""
MOST_COMMAND_CHARS: Final = 131_072
"""Of a command: more than the command filter reads, so that one too long for it stays too long."""
MOST_EVENTS: Final = 1_000
"""Of one record."""
_MARGIN: Final = 8_192
"""Longer than any secret; left standing on both sides of a cut until the secrets have been withheld."""
_HEAD: Final = MOST_CHARS // 4
_TAIL: Final = MOST_CHARS - _HEAD
_MARK: Final = late_pattern(r"\n\[the middle of \d+ characters is left out here; the raw file has it\]\n")

_KINDS: Final[tuple[type[Any], ...]] = get_args(get_args(Payload)[0])
_TEXTS: Final[Mapping[type[Any], tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind) if field.type in ("str", "str | None")) for kind in _KINDS
}
"""Names of the fields that hold text of the agent's, by kind of payload."""
_OBJECTS: Final[Mapping[type[Any], tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind) if str(field.type).startswith("Mapping[")) for kind in _KINDS
}
"""Names of the fields that hold JSON of the agent's, by kind of payload."""


_READERS: Final[Mapping[type[Any], Callable[[Any], tuple[str | None, ...]]]] = {
    Said: lambda said: (said.text,),
    Reasoned: lambda reasoned: (reasoned.text,),
    ToolCalled: attrgetter("tool", "call_id", "summary", "path", "command", "parent"),
    ToolReturned: attrgetter("call_id", "text"),
    UsageReported: lambda reported: (reported.usage.model,),
}
"""How to read all texts of a payload; a test holds each against the fields of its class."""
PLAIN_KINDS: Final = frozenset(_READERS)
"""Kinds of payload whose every text can be read at once."""


def bounded(events: Sequence[AgentEvent]) -> Sequence[AgentEvent]:
    """Cut every text in the events of one record; :func:`trimmed` takes the margins away after redaction."""
    if len(events) > MOST_EVENTS:
        note = f"{len(events) - MOST_EVENTS} more events of this record are left out; the raw file has them"
        last = events[MOST_EVENTS]
        more = AgentEvent(EventType.STATUS, last.agent, last.timestamp, Unrecognised(note))
        events = (*events[:MOST_EVENTS], more)
    return [_bounded(event) for event in events]


def plain_texts(event: AgentEvent) -> tuple[str | None, ...] | None:
    """All texts of the event, where none has to be cut and no other value holds any; else ``None``.

    Nearly all events are such, and nothing has to be done to one whose texts hold no secret.
    """
    payload = event.payload
    reader = _READERS.get(type(payload))
    if reader is None:
        return None
    texts: tuple[str | None, ...] = reader(payload)
    for text in texts:
        if text is not None and len(text) > MOST_CHARS:
            return None
    return texts


def trimmed(event: AgentEvent) -> AgentEvent:
    """The event without the margins around its cuts."""
    payload = event.payload
    changed: dict[str, Any] = {
        name: _without_margins(text)
        for name in _TEXTS[type(payload)]
        if (text := getattr(payload, name)) and len(text) > MOST_CHARS
    }
    return replace(event, payload=replace(payload, **changed)) if changed else event


def _bounded(event: AgentEvent) -> AgentEvent:
    payload = event.payload
    changed: dict[str, Any] = {}
    for name in _TEXTS[type(payload)]:
        text = getattr(payload, name)
        if text and len(text) > MOST_CHARS:
            changed[name] = _cut(text, payload, name)
    for name in _OBJECTS[type(payload)]:
        value = getattr(payload, name)
        if value and _size(value, MOST_CHARS) > MOST_CHARS:
            # No part of a structured value means what the whole did.
            changed[name] = {"left_out": f"more than {MOST_CHARS} characters; the raw file has them"}
    return replace(event, payload=replace(payload, **changed)) if changed else event


def _cut(text: str, payload: Payload, name: str) -> str:
    if isinstance(payload, ToolCalled) and name == "command":
        return text[:MOST_COMMAND_CHARS]
    head, tail = text[: _HEAD + _MARGIN], text[-_TAIL - _MARGIN :]
    if len(head) + len(tail) >= len(text):
        return text
    mark = f"\n[the middle of {len(text)} characters is left out here; the raw file has it]\n"
    return f"{head}{mark}{tail}"


def _without_margins(text: str) -> str:
    found = _MARK.search(text)
    if found is None:
        return text
    return text[: max(found.start() - _MARGIN, 0)] + found[0] + text[found.end() + _MARGIN :]


def _size(value: object, most: int) -> int:
    """Estimate how many characters a JSON value has; counting stops soon after ``most``."""
    total, left = 0, [value]
    while left and total <= most:
        one = left.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, Mapping):
            total += sum(len(str(key)) + 4 for key in one)
            left.extend(one.values())
        elif isinstance(one, Sequence):
            total += 2 * len(one)
            left.extend(one)
        else:
            total += 4
    return total
