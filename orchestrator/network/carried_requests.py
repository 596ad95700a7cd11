"""Carry what was allowed between a worker and its host, and compare each request with what was allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from orchestrator.late_pattern import late_pattern
from orchestrator.network.client_hello import UNRECOGNIZED_NAME
from orchestrator.network.proxy_requests import (
    MOST_HEAD_BYTES,
    ProxyRequest,
    UnreadableRequest,
    parse_inner_request,
    parse_request,
)
from orchestrator.network.relay import Ends, copy, join
from orchestrator.network.request_bodies import send_request
from orchestrator.network.tunnel_openings import Opening, read_opening, why_another
from orchestrator.value_class import value_class

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_SILENT_S = 3600.0
_BARE_LF = late_pattern(rb"(?<!\r)\n")


@value_class
class Carried:
    """One request that was let through, and both its ends."""

    request: ProxyRequest
    inside: Ends
    outside: Ends
    refuse: Callable[[str], None]
    """Told why the rest is refused."""

    async def to_the_end(self, prepare: Callable[[ProxyRequest], bytes], *, is_checked: bool) -> None:
        """Carry the request, and those that follow it on its connection for the same host.

        Args:
            prepare: The head that the outside is told of a request that is no tunnel.
            is_checked: Whether what is said in a tunnel is compared with what it was allowed for; a rehearsal's own
                model has no name that anything could be compared with.
        """
        if not self.request.is_tunnel:
            await join(self.inside, self.outside, lambda: self._send(self.request, b"", parse_request, prepare))
            return
        self.inside[1].write(ESTABLISHED)
        await join(self.inside, self.outside, self._open_tunnel if is_checked else None)

    async def _open_tunnel(self) -> None:
        """Check that a tunnel's first bytes are meant for the allowed host, then pass the rest through unread."""
        try:
            opening = await read_opening(self.inside[0], self.request.port)
        except (OSError, TimeoutError):
            self.outside[1].close()
            return
        reason = why_another(opening, self.request.host)
        if reason is not None:
            self._end(f"the tunnel was for {self.request.host}, and {reason}", UNRECOGNIZED_NAME)
        elif opening.speaks == "HTTP":
            await self._send_inner(opening)
        else:
            self.outside[1].write(opening.read)
            await copy(self.inside[0], self.outside[1])

    async def _send_inner(self, opening: Opening) -> None:
        """HTTP in a tunnel: requests for the tunnel's own host, whose bodies end where they say."""
        parse = partial(parse_inner_request, host=self.request.host, port=self.request.port)
        head, rest = await self._head(opening.read.lstrip(b"\r\n"))
        try:
            request = parse(head)
        except UnreadableRequest as problem:
            self._end(str(problem), _answer(str(problem)))
            return
        await self._send(request, rest, parse, _as_it_is)

    async def _send(
        self,
        request: ProxyRequest,
        rest: bytes,
        parse: Callable[[bytes], ProxyRequest],
        prepare: Callable[[ProxyRequest], bytes],
    ) -> None:
        """Send a request, and each that comes after it for the same host; nothing else goes out.

        A client that keeps its connection for its next request is answered as it expects, and whoever names another
        host on it has to ask anew.

        Args:
            rest: What came after the head of the request.
            parse: Reads the head of a further one.
        """
        reader, writer = self.inside[0], self.outside[1]
        try:
            with suppress(OSError):
                while True:
                    further = await send_request(reader, writer, prepare(request) + rest)
                    while not further.strip(b"\r\n"):
                        async with asyncio.timeout(_SILENT_S):
                            further = await reader.read(65536)
                        if not further:
                            if writer.can_write_eof():
                                writer.write_eof()
                            return
                    head, rest = await self._head(further.lstrip(b"\r\n"))
                    request = parse(head)
                    if request.is_tunnel or (request.host, request.port) != (self.request.host, self.request.port):
                        other = f"{request.host}:{request.port}"
                        raise UnreadableRequest(
                            f"a second request on the connection is for {other}: it has to ask anew"
                        )
        except UnreadableRequest as problem:
            self._end(str(problem), _answer(str(problem)))

    async def _head(self, read: bytes) -> tuple[bytes, bytes]:
        """The head of a request that begins with these bytes, its blank line included, and what came after it.

        One that breaks off, or that is none, comes as far as it was read; whoever parses it says so.
        """
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            while b"\r\n\r\n" not in read and not _BARE_LF.search(read) and len(read) <= MOST_HEAD_BYTES:
                async with asyncio.timeout(_SILENT_S):
                    read += await self.inside[0].readuntil(b"\n")
        head, blank, rest = read.partition(b"\r\n\r\n")
        return head + blank, rest

    def _end(self, reason: str, said: bytes = b"") -> None:
        """Report the refusal to both sides and end; nothing more is sent to the outside."""
        self.refuse(reason)
        with suppress(OSError, RuntimeError):
            self.inside[1].write(said)
        self.outside[1].transport.abort()


def _as_it_is(request: ProxyRequest) -> bytes:
    return request.forwarded


def _answer(text: str) -> bytes:
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
