"""A follower in, what one client of its stream is sent out: what it missed, the state, and then what happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any, TypeAlias

import anyio
from starlette.responses import Response

from orchestrator.server.following import Follower
from orchestrator.server.messages import Message, as_json, as_sse, message
from orchestrator.server.ring import Block

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


async def chunks(
    follower: Follower, after: int | None, *, known: bool = True
) -> AsyncGenerator[list[Message] | Block, None]:
    """What to send, one after the other; waits in between.

    Args:
        after: The last entry the client knows; ``None`` sends only what comes from now on.
        known: The client's position was one of this session; if not, it is told to forget what it has.
    """
    follower.clients += 1
    try:
        n = follower.n if after is None else min(after, follower.n)
        is_reset = not known or (after is not None and after > follower.n)
        n = 0 if is_reset and after is not None else n
        yield [message("hello", follower.folder.id, n, {"session": follower.folder.id, "after": n, "reset": is_reset})]
        while not follower.is_closed:
            while n < follower.n:
                missed, n = follower.pages.messages_after(n)
                if missed:
                    yield list(missed)
            number = follower.ring.next
            n = follower.n
            yield [follower.whole_state()]
            while not follower.is_closed:
                changed = follower.changed()
                blocks = follower.ring.since(number)
                if blocks is None:
                    break  # too slow: what is gone from the ring is read from the journal, from n on
                for block in blocks:
                    number = block.number + 1
                    n = int(block.messages[-1].id.rpartition(":")[2])
                    yield block
                if not blocks:
                    await changed.wait()
        yield [message("bye", follower.folder.id, n, {"reason": "the server is shutting down"})]
    finally:
        follower.clients -= 1


class EventStream(Response):
    """A response of ``text/event-stream`` that holds nothing back for a client but what the socket does.

    A response class of a framework would cost a task switch and a copy a message; this one sends whole blocks, the
    same bytes object to every client.
    """

    def __init__(self, follower: Follower, after: int | None, *, known: bool) -> None:
        super().__init__(status_code=200)
        self._follower = follower
        self._after = after
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            async with aclosing(chunks(self._follower, self._after, known=self._known)) as told:
                async for chunk in told:
                    body = chunk.sse if isinstance(chunk, Block) else as_sse(chunk)
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            tasks.cancel_scope.cancel()


def as_text(chunk: list[Message] | Block) -> str:
    """The chunk as one WebSocket message."""
    return chunk.json if isinstance(chunk, Block) else as_json(chunk)
