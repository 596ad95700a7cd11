"""The fold copies nothing that an agent can make grow, so an event costs the same however many came before it.

Counted, not timed: the items of every container that an event makes anew are what copying costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.models.events import (
    Denied,
    EventType,
    Payload,
    Reported,
    Said,
    ToolCalled,
    ToolReturned,
    UsageReported,
)
from orchestrator.models.money import Usage

if TYPE_CHECKING:
    from tests.session.conftest import Play

EVENTS = 400
MOST_COPIED = 120
"""Items of the workers, of their details and of bounded lists; ten times fewer than there are events in all."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (EventType.PROGRESS, lambda number: Said(f"word {number}")),
        (EventType.PROGRESS, lambda number: ToolCalled("Bash", f"t{number}", "true")),
        (EventType.PROGRESS, lambda number: ToolReturned(f"t{number}", False, "no")),
        (EventType.STATUS, lambda number: UsageReported(Usage(input_tokens=1))),
        (EventType.ERROR, lambda number: Denied(f"no {number}", "Write", f"/etc/{number}")),
        (EventType.TASK, lambda number: Reported(f"step {number}")),
    ],
    ids=["said", "called", "returned", "used", "denied", "task"],
)
def test_an_event_copies_nothing_that_grows(
    play: Callable[..., Play], kind: EventType, payload: Callable[[int], Payload]
) -> None:
    p = play("claude")
    p.start("claude")
    most = 0
    for number in range(EVENTS):
        before = {id(kept): kept for kept in containers(p.session)}
        p.says("claude", payload(number), kind=kind)
        most = max(most, sum(len(kept) for kept in containers(p.session) if id(kept) not in before))
    assert most <= MOST_COPIED


def containers(value: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """Every container that a state holds, however deep."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, str | bytes):
        return
    seen.add(id(value))
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from containers(getattr(value, one.name), seen)
    elif isinstance(value, Mapping | set | frozenset | list | tuple):
        yield value
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from containers(item, seen)
