"""Speak as much HTTP/1.1 as a model server needs: read one request, write one response or event stream."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from anyio import DelimiterNotFound, EndOfStream, IncompleteRead
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream

_MAX_HEAD_BYTES = 64 * 1024
_MAX_LINE_BYTES = 1024
_MAX_BODY_BYTES = 256 * 1024 * 1024


class BadRequest(Exception):
    """What the peer sent is no request we can read; the connection is of no further use."""


@dataclass(frozen=True, slots=True)
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


async def read_request(stream: BufferedByteReceiveStream) -> HttpRequest | None:
    """The next request on a kept-alive connection; ``None`` at its end.

    Raises:
        BadRequest: What came is not HTTP, or too big.
    """
    try:
        head = await stream.receive_until(b"\r\n\r\n", _MAX_HEAD_BYTES)
    except (EndOfStream, IncompleteRead):
        return None
    except DelimiterNotFound as error:
        raise BadRequest("the headers do not end") from error
    first, *rest = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        raise BadRequest(f"not a request line: {first[:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    body = await _read_body(stream, headers)
    return HttpRequest(parts[0], _path_of(parts[1]), headers, body)


def _path_of(target: str) -> str:
    """A proxy's absolute form names the host again."""
    if not target.startswith(("http://", "https://")):
        return target
    return "/" + target.partition("://")[2].partition("/")[2]


async def _read_body(stream: BufferedByteReceiveStream, headers: Mapping[str, str]) -> bytes:
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            raw = await _read_chunks(stream)
        else:
            length = int(headers.get("content-length") or 0)
            if not 0 <= length <= _MAX_BODY_BYTES:
                raise BadRequest(f"a body of {length} bytes")
            raw = await stream.receive_exactly(length) if length else b""
        match headers.get("content-encoding", ""):
            case "gzip":
                return gzip.decompress(raw)
            case "deflate":
                return zlib.decompress(raw)
            case _:
                return raw
    except (EndOfStream, IncompleteRead, DelimiterNotFound, ValueError, OSError, zlib.error) as error:
        raise BadRequest("the body is torn") from error


async def _read_chunks(stream: BufferedByteReceiveStream) -> bytes:
    body = bytearray()
    while True:
        size = int((await stream.receive_until(b"\r\n", _MAX_LINE_BYTES)).partition(b";")[0], 16)
        if size < 0 or len(body) + size > _MAX_BODY_BYTES:
            raise BadRequest("a body too big")
        if size:
            body += await stream.receive_exactly(size)
        # Trailers after the last chunk are not expected from any CLI; a blank line is.
        await stream.receive_until(b"\r\n", _MAX_LINE_BYTES)
        if not size:
            return bytes(body)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded" if status == 529 else "Unknown"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1")


async def send_whole(
    stream: ByteStream, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, bodiless: bool
) -> None:
    """A response of known length; ``bodiless`` answers a HEAD."""
    fields = {"content-type": "application/json", **(headers or {}), "content-length": str(len(body))}
    await stream.send(_head(status, fields) + (b"" if bodiless else body))


async def begin_events(stream: ByteStream) -> None:
    """The head of an event stream; chunks follow, then :func:`end_events`."""
    fields = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
    await stream.send(_head(200, fields))


async def send_event(stream: ByteStream, data: bytes) -> None:
    """One chunk of an event stream."""
    await stream.send(b"%x\r\n%b\r\n" % (len(data), data))


async def end_events(stream: ByteStream) -> None:
    """The last chunk: the connection can be used again."""
    await stream.send(b"0\r\n\r\n")
