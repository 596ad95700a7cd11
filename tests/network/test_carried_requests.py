"""A request through the whole proxy, to a server that keeps what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.network.network_rules import NetworkRules
from orchestrator.network.proxy import Proxy, Refusal
from tests.network.test_client_hello import hello
from tests.network.test_proxy import W, running, said


@dataclass
class Far:
    """A server, and the proxy before it."""

    proxy: Proxy
    port: int
    refusals: list[Refusal]
    told: list[bytes] = field(default_factory=list)

    async def tunnelled(self, data: bytes, host: str = "far.test") -> bytes:
        return await said(self.proxy.path, f"CONNECT {host}:{self.port} HTTP/1.1\r\n\r\n".encode(), more=data)


@asynccontextmanager
async def far(folder: Path) -> AsyncIterator[Far]:
    told: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            told.append(await reader.read(65536))
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok")
            while more := await reader.read(65536):
                told[-1] += more
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, running(folder) as (made, _, refusals):
        made.admit(W, NetworkRules((f"far.test:{port}", f"127.0.0.1:{port}")))
        yield Far(made, port, refusals, told)


async def test_a_hello_for_the_allowed_name_goes_through(tmp_path: Path) -> None:
    greeting = hello("far.test")
    async with far(tmp_path) as there:
        assert (await there.tunnelled(greeting)).endswith(b"ok")
    assert there.told == [greeting]
    assert there.refusals == []


@pytest.mark.parametrize("name", ["other.test", None])
async def test_a_hello_for_another_is_answered_with_an_alert_and_told(tmp_path: Path, name: str | None) -> None:
    async with far(tmp_path) as there:
        assert (await there.tunnelled(hello(name))).endswith(b"\x15\x03\x01\x00\x02\x02\x70")
    assert b"".join(there.told) == b""
    assert "the tunnel was for far.test" in there.refusals[0].reason


async def test_http_in_a_tunnel_is_for_its_host(tmp_path: Path) -> None:
    async with far(tmp_path) as there:
        own = f"GET /x HTTP/1.1\r\nHost: far.test:{there.port}\r\n\r\n".encode()
        assert (await there.tunnelled(own)).endswith(b"ok")
        assert b"400 Bad Request" in await there.tunnelled(own.replace(b"far.test", b"other.test"))
        assert b"400 Bad Request" in await there.tunnelled(own.replace(b"\r\n", b"\n"))
    assert [told.split(b"\r\n")[0] for told in there.told if told] == [b"GET /x HTTP/1.1"]
    assert len(there.refusals) == 1  # told at the first time and the tenth


@pytest.mark.parametrize(
    "second",
    [
        "GET /b HTTP/1.1\r\nHost: z\r\n\r\n",
        "GET http://other.test/b HTTP/1.1\r\n\r\n",
        "CONNECT far.test:443 HTTP/1.1\r\n\r\n",
        "GET  /b\r\n\r\n",
    ],
    ids=["a path", "another host", "a tunnel", "no request"],
)
async def test_what_follows_a_request_is_not_sent_unless_it_is_one_for_the_same_host(
    tmp_path: Path, second: str
) -> None:
    async with far(tmp_path) as there:
        place = f"http://far.test:{there.port}"
        await said(there.proxy.path, f"GET {place}/a HTTP/1.1\r\n\r\n{second}".encode())
        answer = await said(there.proxy.path, f"GET {place}/c HTTP/1.1\r\n\r\n".encode())
    assert answer.endswith(b"ok")
    assert not any(b"/b" in told for told in there.told)
    assert len(there.refusals) == 1


async def test_a_client_may_keep_its_connection_for_the_same_host(tmp_path: Path) -> None:
    async with far(tmp_path) as there:
        place = f"http://far.test:{there.port}"
        post = f"POST {place}/a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
        await said(there.proxy.path, f"{post}GET {place}/b HTTP/1.1\r\n\r\n".encode())
        own = f"GET /c HTTP/1.1\r\nHost: far.test:{there.port}\r\n\r\n".encode()
        await there.tunnelled(own + own.replace(b"/c", b"/d"))
    (kept, tunnel) = [told for told in there.told if told]
    assert b"abcGET /b HTTP/1.1\r\n" in kept
    assert b"GET /c" in tunnel
    assert b"GET /d" in tunnel
    assert there.refusals == []


async def test_another_protocol_at_another_port_goes_through(tmp_path: Path) -> None:
    async with far(tmp_path) as there:
        assert (await there.tunnelled(b"SSH-2.0-x\r\nmore")).endswith(b"ok")
    assert there.told == [b"SSH-2.0-x\r\nmore"]
