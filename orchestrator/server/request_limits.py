"""Bound what one client may take of the dashboard: bytes, time, connections, streams, and patience.

Whoever reaches the port may send anything, so every quantity that a client decides has a bound, and each refusal is a
problem document: 413 a body too large, 431 a head too large, 408 too slow, 429 too many at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from orchestrator.server.asgi import App, Event, Receive, Scope, Send
from orchestrator.server.problems import MEDIA_TYPE, document

MOST_BODY_BYTES: Final = 2 * 1024 * 1024
"""A command's longest text (100,000 characters) takes 1.2 MB when each is written as two JSON escapes."""
MOST_HEAD_BYTES: Final = 32 * 1024
REQUEST_TIME_S: Final = 10.0
"""From the first byte of a request, or from the connection, to its last byte."""
UNREAD_TIME_S: Final = 30.0
"""How long a client may leave unread what waits for it; a stream that is dropped goes on from where it was."""
LINGER_TIME_S: Final = 2.0
"""How long what a refused client still sends is thrown away, so that it comes to read why it was refused."""
MOST_CONNECTIONS: Final = 768
MOST_STREAMS: Final = 512
"""Of all sessions together: what the dashboard was measured with (docs/benchmarks.md)."""

_AGAIN: Final = (b"retry-after", b"5")


class Room:
    """Counts those who watch a stream."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self.taken = 0

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take a place while the block runs; ``False``: there is none left."""
        if self.taken >= self._most:
            yield False
            return
        self.taken += 1
        try:
            yield True
        finally:
            self.taken -= 1


class BoundedApp:
    """The app, which gets a request's body whole and within its bound, or never hears of the request.

    A body is at most a command of a few kilobytes, so nothing is lost by reading it first; and no route can forget to
    bound what it reads.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = bytearray()
        if _announced(scope) > MOST_BODY_BYTES:
            await refuse(send, 413, _TOO_LARGE)
            return
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            body += event.get("body", b"")
            if len(body) > MOST_BODY_BYTES:
                await refuse(send, 413, _TOO_LARGE)
                return
            if not event.get("more_body", False):
                break
        told = False

        async def receive_again() -> Event:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, receive_again, send)


_TOO_LARGE = f"the body has more than {MOST_BODY_BYTES:,} bytes"


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _announced(scope: Scope) -> int:
    """The size the request says it has; 0 where it says none.  h11 has seen to it that it is a number."""
    return next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)


async def refuse(send: Send, status: int, detail: str, *, hint: str | None = None) -> None:
    """Answer with a problem document; the connection is ended by whoever sees that a body was not read."""
    body = document(status, detail, hint=hint)
    await send({"type": "http.response.start", "status": status, "headers": refusal_headers(status, body)})
    await send({"type": "http.response.body", "body": body})


def refusal_headers(status: int, body: bytes) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return [*headers, _AGAIN] if status == 429 else headers
