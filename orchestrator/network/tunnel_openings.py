"""Tell from the first bytes of a tunnel what is spoken in it, and to whom.

A CONNECT says which host is meant, and the tunnel's first bytes say it again, to the server: the one was allowed, the
other decides who answers, where many names live behind one address.  So the two are compared.
"""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from typing import Final, Literal

from orchestrator.late_pattern import late_pattern
from orchestrator.network.client_hello import HANDSHAKE, ClientHello, UnreadableHello, read_hello
from orchestrator.value_class import value_class

OPENING_WITHIN_S: Final = 300.0
"""Clients connect beforehand, to be quick later; one that says nothing for so long will not."""
_PLAIN_WEB_PORT: Final = 80
_PERHAPS_HTTP: Final = late_pattern(rb"[\r\n]*[A-Za-z-]*\Z")
_HTTP: Final = late_pattern(rb"[\r\n]*[A-Za-z-]+[ \t]")


@value_class
class Opening:
    """How a tunnel begins."""

    speaks: Literal["TLS", "HTTP", "something else"]
    read: bytes
    """What was read to find out."""
    hello: ClientHello | None = None
    """Of TLS."""
    problem: str | None = None
    """Why its ClientHello cannot be read."""


async def read_opening(reader: asyncio.StreamReader, port: int) -> Opening:
    """Read as many bytes as it takes to tell, and no more than have come.

    Raises:
        TimeoutError: Nothing came for too long.
    """
    read = b""
    async with asyncio.timeout(OPENING_WITHIN_S):
        while True:
            opening = classify(read, port)
            if opening is not None:
                return opening
            chunk = await reader.read(65536)
            if not chunk:
                return Opening("TLS", read, problem="its ClientHello breaks off") if _is_tls(read) else _other(read)
            read += chunk


def classify(read: bytes, port: int) -> Opening | None:
    """The protocol that these bytes begin; ``None`` while too few have come to tell."""
    if not read:
        return None
    if _is_tls(read):
        try:
            hello = read_hello(read)
        except UnreadableHello as problem:
            return Opening("TLS", read, problem=str(problem))
        return None if hello is None else Opening("TLS", read, hello)
    # On this port nobody speaks anything else, and what a lenient server takes for a request is more than one can list.
    if port == _PLAIN_WEB_PORT or _HTTP.match(read):
        return Opening("HTTP", read)
    return None if _PERHAPS_HTTP.match(read) and len(read) < 64 else _other(read)


def why_another(opening: Opening, host: str) -> str | None:
    """Why a tunnel to ``host`` that begins so may lead to somebody else; ``None`` if it does not.

    Args:
        host: The one that was asked for, in lower case and without a trailing dot.
    """
    if opening.problem is not None:
        return opening.problem
    if opening.hello is None:
        return None
    if opening.hello.is_encrypted:
        return "its ClientHello hides the server's name (ECH), so nobody can tell whom it is for"
    name = opening.hello.server_name
    if name is None:
        return None if _is_address(host) else "its ClientHello names no server"
    return None if name == host else f"its ClientHello is for {name[:253]!r}"


def _is_tls(read: bytes) -> bool:
    return read[:1] == bytes([HANDSHAKE])


def _other(read: bytes) -> Opening:
    return Opening("something else", read)


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False
