"""Send one client of a stream what it missed, then the state, and then what happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import anyio
import anyio.lowlevel
from starlette.responses import Response

from orchestrator.server.asgi import Receive, Scope, Send
from orchestrator.server.broadcast import Outlet, Subscriber, no_outlet, outlet_of
from orchestrator.server.follower import Follower
from orchestrator.server.messages import Message, as_json, as_sse, message
from orchestrator.server.request_limits import MOST_STREAMS, Room, refuse
from orchestrator.server.ring import Block

TOO_MANY = f"there are {MOST_STREAMS} streams already"
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


async def chunks(
    follower: Follower, after: int | None, *, known: bool = True, outlet: Outlet = no_outlet
) -> AsyncGenerator[list[Message] | Block, None]:
    """What to send, one after the other; waits in between.

    Args:
        after: The last entry the client knows; ``None`` sends only what comes from now on.
        known: The client's position was one of this session; if not, it is told to forget what it has.
        outlet: Takes blocks past this generator while it waits: what is yielded must have been sent before it goes on.
    """
    follower.clients += 1
    try:
        n = follower.n if after is None else min(after, follower.n)
        is_reset = not known or (after is not None and after > follower.n)
        n = 0 if is_reset and after is not None else n
        yield [message("hello", follower.folder.id, n, {"session": follower.folder.id, "after": n, "reset": is_reset})]
        while not follower.is_closed:
            # One client after the other, with everybody else's work in between: hundreds who begin at once, each with
            # a journal to read, would hold up those who only wait for what happens.
            async with follower.turn:
                missed: Sequence[Message] = ()
                subscriber = None
                if n < follower.n:
                    missed, n = follower.pages.messages_after(n)
                else:
                    subscriber = Subscriber(follower.n, follower.ring.next, outlet)
                    missed = [follower.whole_state()]
                await anyio.lowlevel.checkpoint()
            if missed:
                yield list(missed)
            if subscriber is None:
                continue
            while not follower.is_closed:
                blocks = follower.ring.since(subscriber.number)
                if blocks is None:
                    break  # too slow: what is gone from the ring is read from the journal, from its entry on
                for block in blocks:
                    subscriber.pass_on(block)
                    yield block
                if not blocks:
                    await follower.broadcast.sit(subscriber)
            n = subscriber.n
        yield [message("bye", follower.folder.id, n, {"reason": "the server is shutting down"})]
    finally:
        follower.clients -= 1


class EventStream(Response):
    """A response of ``text/event-stream`` that holds nothing back for a client but what the socket does.

    What a client missed goes through ASGI; once it has kept up, its blocks go straight to its connection.
    """

    def __init__(self, follower: Follower, after: int | None, *, known: bool, room: Room) -> None:
        super().__init__(status_code=200)
        self._room = room
        self._follower = follower
        self._after = after
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._room.place() as is_there:
            if is_there:
                await self._tell(scope, receive, send)
            else:
                await refuse(send, 429, TOO_MANY, hint="close one of the pages that are open")

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            # Only HTTP/1.1 knows the chunks that a block is dressed in.
            outlet = outlet_of(scope, _chunk_of) if scope["http_version"] == "1.1" else no_outlet
            async with aclosing(chunks(self._follower, self._after, known=self._known, outlet=outlet)) as told:
                async for chunk in told:
                    body = chunk.sse if isinstance(chunk, Block) else as_sse(chunk)
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            tasks.cancel_scope.cancel()


def _chunk_of(block: Block) -> bytes:
    return block.chunk


def as_text(chunk: list[Message] | Block) -> str:
    """The chunk as one WebSocket message."""
    return chunk.json if isinstance(chunk, Block) else as_json(chunk)
