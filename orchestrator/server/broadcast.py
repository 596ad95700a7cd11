"""Send blocks at once to every client that has kept up; one that has not is left to its own task.

Waking a task for each client and sending through each layer of a framework costs five times what the sending itself
does.  Here one loop writes the same bytes to all connections, and a client's task sleeps until it falls behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import anyio

from orchestrator.server.ring import Block

TRANSPORT: Final = "orchestrate.transport"
"""Where a scope's extensions hold the connection itself."""

Outlet: TypeAlias = Callable[[Block], bool]
"""Writes a block at once and whole, or says ``False`` and leaves it alone; never waits, never holds anything back."""


def no_outlet(block: Block) -> bool:
    """An outlet that takes nothing: this client is only served by its own task."""
    return False


@dataclass(eq=False, slots=True)
class Subscriber:
    """One client: where it stands in the stream."""

    n: int
    """The last entry it has been told."""
    number: int = 0
    """Of the next block it has not been told."""
    outlet: Outlet = no_outlet
    is_behind: anyio.Event = field(default_factory=anyio.Event)

    def pass_on(self, block: Block) -> None:
        """Count the block as told to this client."""
        self.number = block.number + 1
        self.n = block.n


class Broadcast:
    """The clients that have been told everything there is."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()

    @property
    def size(self) -> int:
        """The number of clients that keep up."""
        return len(self._subscribers)

    async def sit(self, subscriber: Subscriber) -> None:
        """Send a client new blocks; returns when it has fallen behind or all clients are sent away."""
        subscriber.is_behind = anyio.Event()
        self._subscribers.add(subscriber)
        try:
            await subscriber.is_behind.wait()
        finally:
            self._subscribers.discard(subscriber)

    def tell(self, block: Block) -> None:
        behind = [subscriber for subscriber in self._subscribers if not subscriber.outlet(block)]
        for subscriber in self._subscribers.difference(behind):
            subscriber.pass_on(block)
        self._send_away(behind)

    def send_all_away(self) -> None:
        self._send_away(list(self._subscribers))

    def _send_away(self, subscribers: list[Subscriber]) -> None:
        for subscriber in subscribers:
            self._subscribers.discard(subscriber)
            subscriber.is_behind.set()


def outlet_of(scope: Any, dress: Callable[[Block], bytes]) -> Outlet:
    """Writes to the scope's own connection, past ASGI, while nothing waits there to be sent.

    Args:
        dress: The bytes of a block as they go over the wire, framing and all.
    """
    transport = scope.get("extensions", {}).get(TRANSPORT)
    if transport is None:
        return no_outlet

    def write(block: Block) -> bool:
        if transport.is_closing() or transport.get_write_buffer_size():
            return False
        transport.write(dress(block))
        return True

    return write
