"""Bound what a connection may do in uvicorn's protocols, and tell the application its connection."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from orchestrator.server.broadcast import TRANSPORT
from orchestrator.server.problems import document
from orchestrator.server.request_limits import (
    LINGER_TIME_S,
    MOST_CONNECTIONS,
    MOST_HEAD_BYTES,
    REQUEST_TIME_S,
    UNREAD_TIME_S,
    refusal_headers,
)


class Unread:
    """Drops a connection whose client leaves unread what waits for it."""

    transport: Any
    _impatience: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The transport holds more than it should."""
        super().pause_writing()  # type: ignore[misc]  # uvicorn's protocol, which stands behind this one
        if self._impatience is None:
            self._impatience = asyncio.get_running_loop().call_later(UNREAD_TIME_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read again: nothing is cut off for its slowness."""
        super().resume_writing()  # type: ignore[misc]  # of the class that it is mixed into
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._be_patient()
        super().connection_lost(exc)  # type: ignore[misc]  # the same

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None


class BoundedProtocol(Unread, H11Protocol):
    """uvicorn's, with a bound on connections, on a request's head and on the time a request may take to come."""

    _hurry: asyncio.TimerHandle | None = None
    _lingers: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request, unless there are too many who do."""
        super().connection_made(transport)
        if len(self.connections) > 2 * MOST_CONNECTIONS:
            transport.abort()
        elif len(self.connections) > MOST_CONNECTIONS:
            self._end_with(429, f"there are {MOST_CONNECTIONS} connections already")
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether a request has begun or ended with it."""
        if self._lingers or self.transport.is_closing():
            return
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        """The next request on the connection may be there already, or half of it."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._linger()  # answered before the body was read
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._relax()
        if self._lingers is not None:
            self._lingers.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request."""
        if self.conn.their_state is h11.ERROR and self._head_was_too_large():
            self._end_with(431, f"the head of the request has more than {MOST_HEAD_BYTES:,} bytes")
        else:
            self._end_with(400, "this is not HTTP/1.1 as it has to be")

    @property
    def _is_half_sent(self) -> bool:
        """Whether the client owes us bytes of a request, or a first one."""
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            return True
        cycle = self._cycle
        if cycle is None:
            return state is h11.IDLE
        return state is h11.IDLE and cycle.response_complete and bool(self.conn.trailing_data[0])

    @property
    def _cycle(self) -> RequestResponseCycle | None:
        """The newest request that had a whole head; ``None`` before the first."""
        return self.cycle

    def _head_was_too_large(self) -> bool:
        return len(self.conn.trailing_data[0]) > MOST_HEAD_BYTES

    def _expect(self) -> None:
        """Bound the time until the request is whole; one bound for all of it, however often a byte comes."""
        gone = self._lingers is not None or self.transport.is_closing() or self.transport.get_protocol() is not self
        if gone or not self._is_half_sent:
            self._relax()
        elif self._hurry is None:
            self._unset_keepalive_if_required()
            self._hurry = self.loop.call_later(REQUEST_TIME_S, self._give_up)

    def _relax(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _give_up(self) -> None:
        self._hurry = None
        if self._is_half_sent:
            self._end_with(408, f"the request was not whole within {REQUEST_TIME_S:g} s")

    def _end_with(self, status: int, detail: str) -> None:
        """Say why, if nothing has been said yet, and end the connection."""
        cycle = self._cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = document(status, detail)
            headers = [*refusal_headers(status, body), (b"connection", b"close")]
            response = h11.Response(status_code=status, headers=headers)
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self._linger()

    def _linger(self) -> None:
        """Send the end of what we say, and throw away what still comes: unread, it would take our words along."""
        self._relax()
        self._unset_keepalive_if_required()
        if self._lingers is None and not self.transport.is_closing():
            self._lingers = self.loop.call_later(LINGER_TIME_S, self.transport.abort)
            self.transport.resume_reading()
            self.transport.write_eof()


class HttpProtocol(BoundedProtocol):
    """What is served; its app is told the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = _told_transport(self, self.app)


class SocketProtocol(Unread, WSProtocol):
    """What a WebSocket is served by; its app is told the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = _told_transport(self, self.app)


def _told_transport(protocol: H11Protocol | WSProtocol, app: Any) -> Any:
    async def told(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("extensions", {})[TRANSPORT] = protocol.transport
        await app(scope, receive, send)

    return told
