"""Events are what agents say and do: the eight types of spec 004 and their payloads.

An :class:`AgentEvent` on the wire is one line of JSON::

    {"type": "progress", "agent": "gemini", "timestamp": "2026-11-21T18:00:00Z",
     "payload": {"kind": "said", "text": "Analyzing codebase structure..."}}

``type`` is what the review engine and the log filters go by; ``payload`` is a union tagged by ``kind``, which is what
the code matches on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from orchestrator.late_adapter import late_adapter
from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.identity import AgentName
from orchestrator.models.money import Usage
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class EventType(StrEnum):
    """The eight types of spec 004."""

    STATUS = "status"
    PROGRESS = "progress"
    FINDING = "finding"
    TASK = "task"
    BLOCKER = "blocker"
    MILESTONE = "milestone"
    REVIEW = "review"
    ERROR = "error"


class FailureKind(StrEnum):
    """Why a CLI could not go on, as far as its own words tell."""

    AUTHENTICATION = "authentication"
    USAGE_LIMIT = "usage_limit"
    """Quota or rate limit: it may work again later."""
    BILLING = "billing"
    OVERLOADED = "overloaded"
    NETWORK = "network"
    INVALID_REQUEST = "invalid_request"
    CONTEXT_FULL = "context_full"
    TURN_LIMIT = "turn_limit"
    BUDGET = "budget"
    CONFIGURATION = "configuration"
    """Flags, settings, trust, folders: the recovery rules look at these."""
    ABORTED = "aborted"
    TOOL = "tool"
    """One tool call failed; the CLI itself goes on."""
    UNKNOWN = "unknown"


@value_class
class Said:
    """The agent's own text; deltas are already joined."""

    text: str
    kind: Literal["said"] = "said"


@value_class
class Reasoned:
    """The agent's visible reasoning."""

    text: str
    kind: Literal["reasoned"] = "reasoned"


@value_class
class ToolCalled:
    """A tool call began."""

    tool: str
    call_id: str
    summary: str
    """One line a person can read: the command, the path, or the arguments."""
    path: str | None = None
    command: str | None = None
    parent: str | None = None
    """The call that started the subagent which made this one, and stands for it."""
    kind: Literal["tool_called"] = "tool_called"


@value_class
class ToolReturned:
    """A tool call ended."""

    call_id: str
    ok: bool
    text: str = ""
    """Shortened by the adapter to 2,000 characters; the raw file has the whole.  ``denied`` where a :class:`Denied`
    has told why."""
    exit_code: int | None = None
    kind: Literal["tool_returned"] = "tool_returned"


@value_class
class BackgroundStarted:
    """A tool call left a task behind that runs on beside the conversation; the call's own return says nothing of it."""

    task: str
    """The CLI's id of it."""
    call_id: str
    """The tool call that started it; empty where the CLI does not say."""
    summary: str
    kind: Literal["background_started"] = "background_started"


@value_class
class BackgroundEnded:
    """A task that ran beside the conversation is over."""

    task: str
    how: Literal["completed", "failed", "stopped", "ended"]
    """``stopped`` by the CLI or by somebody else before its end; ``ended`` by the agent, which wanted no more of it."""
    text: str = ""
    kind: Literal["background_ended"] = "background_ended"


@value_class
class Denied:
    """The CLI refused the agent something: permission, path, sandbox, policy."""

    text: str
    """The CLI's own words."""
    tool: str | None = None
    path: str | None = None
    reason: str | None = None
    """The CLI's own machine-readable reason (claude's ``decision_reason_type``)."""
    kind: Literal["denied"] = "denied"


@value_class
class Failed:
    """The CLI, or one of its tools, reported an error."""

    text: str
    failure: FailureKind = FailureKind.UNKNOWN
    http_status: int | None = None
    resets_at: datetime | None = None
    """When a usage limit ends, if the CLI said so.  Never invented."""
    final: bool = False
    """The turn is over because of it."""
    beside: Literal["stdout", "stderr", "events"] | None = None
    """Where a line stood that was no record, as warnings do; ``None`` for what a record tells.  It counts only once the
    attempt has ended badly."""
    kind: Literal["failed"] = "failed"


@value_class
class Retrying:
    """The CLI is trying a request again by itself."""

    text: str
    attempt: int | None = None
    of: int | None = None
    delay_s: float | None = None
    kind: Literal["retrying"] = "retrying"


@value_class
class ConversationStarted:
    """The CLI named its conversation; ``reference`` is what its resume option takes."""

    reference: str
    model: str | None = None
    permission_mode: str | None = None
    cli_version: str | None = None
    kind: Literal["conversation_started"] = "conversation_started"


@value_class
class UsageReported:
    """Tokens and cost consumed since the last report: always a difference, never a running total."""

    usage: Usage
    kind: Literal["usage_reported"] = "usage_reported"


@value_class
class TurnEnded:
    """The CLI's own final event: what it claims.  Evidence is looked for elsewhere."""

    ok: bool
    """Its own error fields are clean."""
    subtype: str
    text: str = ""
    """The final answer."""
    reply: Mapping[str, Any] | None = None
    """The structured answer, where the CLI gives one apart from the text."""
    denials: int = 0
    kind: Literal["turn_ended"] = "turn_ended"


@value_class
class Reported:
    """An event the agent reported itself, in the spec's format; it may be of any of the eight types."""

    text: str
    progress: float | None = None
    """Percent, 0 to 100."""
    file: str | None = None
    review_requested: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the payload held."""
    kind: Literal["reported"] = "reported"


@value_class
class Unrecognised:
    """A record or a line this version of the adapter does not know; shown, never dropped."""

    text: str
    stream: Literal["stdout", "stderr", "events"] = "stdout"
    record: Mapping[str, Any] | None = None
    kind: Literal["unrecognised"] = "unrecognised"


Payload: TypeAlias = Annotated[
    Said
    | Reasoned
    | ToolCalled
    | ToolReturned
    | BackgroundStarted
    | BackgroundEnded
    | Denied
    | Failed
    | Retrying
    | ConversationStarted
    | UsageReported
    | TurnEnded
    | Reported
    | Unrecognised,
    BY_KIND,
]


@value_class
class AgentEvent:
    """One thing a worker said or did (spec 004, Event Format)."""

    type: EventType
    agent: AgentName
    timestamp: datetime
    """Aware, UTC; stamped by us when the record was read."""
    payload: Payload


AGENT_EVENT: TypeAdapter[AgentEvent] = late_adapter(AgentEvent)
"""Reads and writes the wire format."""
