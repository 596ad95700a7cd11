"""Between real sockets: bytes copied both ways, and another proxy asked on the way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

from orchestrator.network.parent_proxy import Upstream
from orchestrator.network.proxy_requests import parse_request
from orchestrator.network.relay import connect, connect_through, relay

TUNNEL = parse_request(b"CONNECT far.test:443 HTTP/1.1\r\n\r\n")


@asynccontextmanager
async def answering(said: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A proxy further on that answers every head with ``said`` and then gives back what it is told."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(said)
            if said.startswith(b"HTTP/1.1 200"):
                writer.write(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    with anyio.fail_after(60):
        async with server:
            yield server.sockets[0].getsockname()[1], heads


async def test_a_tunnel_is_asked_for_and_bytes_go_both_ways() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, heads):
        reader, writer = await connect_through(Upstream("127.0.0.1", port, authorization="Basic eA=="), TUNNEL)
        writer.write(b"hello")
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
    assert heads == [b"CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"]


@pytest.mark.parametrize("said", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b""])
async def test_a_tunnel_that_is_refused_is_no_connection(said: bytes) -> None:
    async with answering(said) as (port, _):
        with pytest.raises(OSError, match="407" if said else "did not answer"):
            await connect_through(Upstream("127.0.0.1", port), TUNNEL)


async def test_the_first_address_that_answers_is_taken() -> None:
    async with answering(b"") as (port, _):
        _, writer = await connect(["127.8.8.8", "127.0.0.1"], port)
        assert writer.get_extra_info("peername")[0] == "127.0.0.1"
        writer.close()
        await writer.wait_closed()
    with pytest.raises(OSError, match="no address"):
        await connect([], 1)


async def test_what_is_to_be_said_first_is_said_and_bytes_go_both_ways_until_both_have_ended() -> None:
    worker, ours = socket.socketpair()
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, heads):
        reader, writer = await asyncio.open_connection(sock=worker)
        writer.write(b"hello")
        writer.write_eof()
        inside = await asyncio.open_connection(sock=ours)
        await relay(inside, await connect(["127.0.0.1"], port), first=b"GET / HTTP/1.1\r\n\r\n")
        inside[1].close()
        assert await reader.read() == b"HTTP/1.1 200 OK\r\n\r\nhello"
        writer.close()
        await writer.wait_closed()
    assert heads == [b"GET / HTTP/1.1\r\n\r\n"]
