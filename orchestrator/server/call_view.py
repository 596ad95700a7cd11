"""Show one tool call in full: what was asked for, what came back, and how long that took."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar

from orchestrator.models.entries import AgentOutput
from orchestrator.models.events import AgentEvent, ToolCalled, ToolReturned
from orchestrator.quotation import clean
from orchestrator.server.chronicle import Mark
from orchestrator.server.follower import Follower
from orchestrator.server.problems import Refusal
from orchestrator.value_class import value_class

_Payload = TypeVar("_Payload", ToolCalled, ToolReturned)
MOST_CHARS: Final = 20_000
"""Of the command; adapters keep less of what came back."""


@value_class
class CallView:
    """A tool call with its return."""

    tool: str
    summary: str
    command: str
    """As the agent gave it; empty where the tool runs none."""
    path: str
    called_at: datetime
    returned_at: datetime | None
    ok: bool | None
    """``null``: it has not returned."""
    exit_code: int | None
    text: str
    """What came back, as much as the adapter kept; the raw log has the whole."""


def call_view(follower: Follower, key: str) -> CallView:
    """The call of that key of the axis of time.  Blocks on the disk.

    Raises:
        Refusal: The axis has none of that key.
    """
    mark = follower.chronicle.call(key)
    found = _event(follower, mark, mark.entry, ToolCalled) if mark else None
    if mark is None or found is None:
        raise Refusal(404, f"the axis of time has no call {clean(key)[:80]!r}", hint="the event log has all of them")
    called, event = found
    returned = _event(follower, mark, mark.n, ToolReturned) if mark.until is not None else None
    result = returned[0] if returned else None
    return CallView(
        clean(called.tool),
        clean(called.summary),
        clean((called.command or "")[:MOST_CHARS]),
        clean(called.path or ""),
        event.timestamp,
        returned[1].timestamp if returned else None,
        result.ok if result else None,
        result.exit_code if result else None,
        clean(result.text) if result else "",
    )


def _event(follower: Follower, mark: Mark, entry: int, kind: type[_Payload]) -> tuple[_Payload, AgentEvent] | None:
    """The payload of that kind for the mark's call in an entry, with its event."""
    call = mark.key.split(":", 2)[2].rpartition(":")[0]
    for each in follower.pages.entries(entry, entry):
        for event in each.body.events if isinstance(each.body, AgentOutput) else ():
            if isinstance(event.payload, kind) and event.payload.call_id == call:
                return event.payload, event
    return None
