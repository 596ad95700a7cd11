"""Read requests and write responses or event streams on one connection; h11 knows the protocol."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

import h11
from anyio import EndOfStream
from anyio.abc import AnyByteStream

from orchestrator.value_class import value_class

_MAX_HEAD_BYTES = 64 * 1024
_MAX_BODY_BYTES = 256 * 1024 * 1024
_Received: TypeAlias = h11.Request | h11.Data | h11.EndOfMessage | h11.ConnectionClosed


class BadRequest(Exception):
    """What the peer sent is no request we can read; the connection is of no further use."""


@value_class
class HttpRequest:
    """One request."""

    method: str
    target: str
    """Path with query, as sent; an absolute form is cut to its path."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        """Path without the query."""
        return self.target.partition("?")[0]

    def json(self) -> Mapping[str, Any]:
        """The body as a JSON object; an empty one if it is something else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Exchange:
    """The requests and answers of one connection, in turn."""

    def __init__(self, stream: AnyByteStream) -> None:
        self._stream = stream
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._wants_body = True

    async def read_request(self) -> HttpRequest | None:
        """The next request on a kept-alive connection; ``None`` at its end.

        Raises:
            BadRequest: What came is not HTTP, or too big.
        """
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        elif self._connection.our_state is not h11.IDLE:
            return None  # one of the two does not want to keep it alive
        try:
            request = await self._receive()
            if not isinstance(request, h11.Request):
                return None
            raw = await self._read_body()
        except h11.RemoteProtocolError as error:
            raise BadRequest(str(error)) from error
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        self._wants_body = request.method != b"HEAD"
        target = _path_of(request.target.decode("latin-1"))
        return HttpRequest(request.method.decode("latin-1"), target, headers, _unpacked(raw, headers))

    async def send_whole(self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send a response of known length; a HEAD gets the same without its body."""
        fields = {"content-type": "application/json", **(headers or {}), "content-length": str(len(body))}
        content = [h11.Data(data=body)] if body and self._wants_body else []
        await self._send(_head(status, fields), *content, h11.EndOfMessage())

    async def begin_events(self) -> None:
        """Send the head of an event stream; chunks follow, then :meth:`end_events`."""
        await self._send(_head(200, {"content-type": "text/event-stream", "cache-control": "no-cache"}))

    async def send_event(self, data: bytes) -> None:
        """Send one chunk of an event stream."""
        await self._send(h11.Data(data=data))

    async def end_events(self) -> None:
        """Send the end of an event stream; the connection can be used again."""
        await self._send(h11.EndOfMessage())

    async def _read_body(self) -> bytes:
        body = bytearray()
        while isinstance(event := await self._receive(), h11.Data):
            body += event.data
            if len(body) > _MAX_BODY_BYTES:
                raise BadRequest("a body too big")
        return bytes(body)

    async def _receive(self) -> _Received:
        while True:
            event = self._connection.next_event()
            if isinstance(event, _Received):
                return event
            if self._connection.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                data = await self._stream.receive()
            except EndOfStream:
                data = b""
            self._connection.receive_data(data)

    async def _send(self, *events: h11.Event) -> None:
        data = b"".join(self._connection.send(event) or b"" for event in events)
        if data:
            await self._stream.send(data)


def _head(status: int, headers: Mapping[str, str]) -> h11.Response:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded" if status == 529 else "Unknown"
    return h11.Response(status_code=status, headers=list(headers.items()), reason=phrase.encode())


def _unpacked(raw: bytes, headers: Mapping[str, str]) -> bytes:
    try:
        match headers.get("content-encoding", ""):
            case "gzip":
                return gzip.decompress(raw)
            case "deflate":
                return zlib.decompress(raw)
            case _:
                return raw
    except (EOFError, OSError, zlib.error) as error:
        raise BadRequest("the body is torn") from error


def _path_of(target: str) -> str:
    """The path of a request's target, which may be in the absolute form that proxies get."""
    if not target.startswith(("http://", "https://")):
        return target
    return "/" + target.partition("://")[2].partition("/")[2]
