"""A request to the model and its answer look like this, whichever vendor's dialect they came in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, TypeAlias

from orchestrator.late_pattern import late_pattern
from orchestrator.models.identity import AgentName
from orchestrator.value_class import value_class

_MARKER = late_pattern(
    r"^\[orchestrate worker=(?P<worker>\S+) role=(?P<role>\S+) review=(?P<review>[^\s\]]+)\]", re.MULTILINE
)


@value_class
class Marker:
    """Who is talking: the line that every prompt template puts at the top of a prompt."""

    worker: str
    role: str
    review: str | None = None
    """``None`` where the line says ``-``: the prompt is no review of an event."""


def find_marker(text: str) -> Marker | None:
    """The first marker line in ``text``; ``None`` if there is none.

    The first, because a prompt quotes other people's text further down.
    """
    match = _MARKER.search(text)
    if match is None:
        return None
    return Marker(match["worker"], match["role"], None if match["review"] == "-" else match["review"])


@value_class
class UserText:
    """Something said to the model by a person or by the CLI on its own account."""

    text: str


@value_class
class ToolResult:
    """What a tool call came to."""

    text: str
    failed: bool = False


@value_class
class ModelRequest:
    """What a CLI asked its model."""

    agent: AgentName
    model: str
    said: tuple[UserText | ToolResult, ...]
    """The conversation so far without the model's own words, oldest first."""
    tools: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Parameter names by tool name, as offered in this request."""
    custom_tools: frozenset[str] = frozenset()
    """Those among the tools that take free text instead of a JSON object."""
    streaming: bool = True
    side: Mapping[str, Any] | None = None
    """The answer to a request that the CLI makes on its own account (routing, titles); ``None`` for a real one."""
    size: int = 0
    """Characters of the whole request."""
    digest: str = ""
    """Of the whole request: the same twice is one that was asked again because no answer came.  Empty: not known."""


@value_class
class Text:
    """The model speaks."""

    text: str


@value_class
class Thought:
    """The model's visible reasoning."""

    text: str


@value_class
class Call:
    """The model wants something done; each dialect spells it for the tools its CLI offers."""

    kind: Literal["write", "run", "read", "reply"]
    path: str = ""
    text: str = ""
    """The file's text, or the command line."""
    reply: Mapping[str, Any] = field(default_factory=dict)


@value_class
class Pause:
    """Nothing is sent for this long."""

    seconds: float


@value_class
class Drop:
    """The connection is cut."""


Piece: TypeAlias = Text | Thought | Call | Pause | Drop


@value_class
class TokenUsage:
    """Tokens of one answer."""

    input: int
    output: int
    cached: int = 0
    """Part of ``input``."""
    thinking: int = 0
    """Part of ``output``."""


@value_class
class Answer:
    """One response of the model: what it says, then at most one tool call."""

    id: str
    """Unique in the server; ids of messages and calls are made from it."""
    pieces: tuple[Piece, ...]
    usage: TokenUsage
    hang_s: float = 0.0
    """Seconds before the first byte of the response, headers included."""


@value_class
class Refusal:
    """An HTTP error in place of an answer."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    """``None``: the vendor's own error body for this status."""
    resets_in_s: int | None = None
    """When a usage limit ends, told in the vendor's own way."""


Wire: TypeAlias = bytes | Pause | Drop
"""What the server does next on the connection."""


@value_class
class Dialect:
    """One vendor's protocol: pure functions between JSON bodies and the types above."""

    agent: AgentName
    """The CLI that speaks it, where the key in the request does not say who asks."""
    understands: Callable[[str], bool]
    """Whether a POST to this path, query left out, asks for an answer."""
    read: Callable[[str, Mapping[str, Any]], ModelRequest]
    """Path (with query) and body → request."""
    stream: Callable[[Answer, ModelRequest], Iterator[Wire]]
    whole: Callable[[Answer, ModelRequest], Mapping[str, Any]]
    error: Callable[[Refusal, float], tuple[Mapping[str, str], Mapping[str, Any]]]
    """Refusal and the time (seconds since 1970) → further headers and the vendor's error body."""
    asides: Callable[[str, str, Mapping[str, Any]], Mapping[str, Any] | None] = lambda method, path, body: None
    """Answers to anything else the CLI asks (method, path, body); ``None`` if it is not this vendor's."""
