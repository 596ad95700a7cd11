"""Relay bytes between a worker and where it may go, until both sides have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import anyio

from orchestrator.network.parent_proxy import Upstream
from orchestrator.network.proxy_requests import ProxyRequest, for_upstream

CONNECT_WITHIN_S = 20.0
IDLE_S = 3600.0
"""A model may think for long; nothing is silent for an hour."""
_CHUNK = 64 * 1024

Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(addresses: Sequence[str], port: int) -> Ends:
    """Connect to the first of these addresses that answers.

    Raises:
        OSError: No address answers.
    """
    problem: OSError = OSError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                return await asyncio.open_connection(address, port)
        except OSError as error:  # TimeoutError is one
            problem = error
    raise problem


async def connect_through(upstream: Upstream, request: ProxyRequest) -> Ends:
    """Connect to the next proxy, and open a tunnel through it if one is wanted.

    Raises:
        OSError: It cannot be reached, or refuses.
    """
    async with asyncio.timeout(CONNECT_WITHIN_S):
        ends = await asyncio.open_connection(upstream.host, upstream.port, ssl=upstream.is_tls or None)
        if request.is_tunnel:
            try:
                await _ask_for_tunnel(ends, request, upstream.authorization)
            except BaseException:
                ends[1].close()
                raise
    return ends


async def _ask_for_tunnel(ends: Ends, request: ProxyRequest, authorization: str | None) -> None:
    reader, writer = ends
    writer.write(for_upstream(request, authorization))
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise OSError("the proxy of your environment did not answer") from None
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        raise OSError(f"the proxy of your environment said {status!r}")


async def relay(inside: Ends, outside: Ends, *, first: bytes | None) -> None:
    """Copy both ways until both are done.

    Args:
        first: what the outside is told first; ``None`` in a tunnel, of which the inside is told that it stands.
    """
    if first is None:
        inside[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        outside[1].write(first)
    await join(inside, outside)


async def join(inside: Ends, outside: Ends, outward: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
    """Copy both ways until both are done; the outside is closed then.

    Args:
        outward: Carries what the inside says instead of copying it as it is.
    """
    try:
        async with anyio.create_task_group() as both:
            if outward is None:
                both.start_soon(copy, inside[0], outside[1])
            else:
                both.start_soon(outward)
            both.start_soon(copy, outside[0], inside[1])
    finally:
        outside[1].close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy what is read until its end, and pass the end on."""
    with suppress(OSError):
        while True:
            async with asyncio.timeout(IDLE_S):
                chunk = await reader.read(_CHUNK)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
