"""The proxy between real sockets: handed-over connections, real listeners, real refusals."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio

from orchestrator.models.identity import WorkerId
from orchestrator.network.network_rules import MODEL_NAME, NetworkRules
from orchestrator.network.parent_proxy import Upstream
from orchestrator.network.proxy import MOST_CONNECTIONS, MOST_WAITING, Proxy, Refusal, Through, proxy

W = WorkerId("w1")


async def lookup(host: str, port: int) -> Sequence[str]:
    if host == "missing.test":
        raise OSError("no such name")
    return ["127.0.0.1"]


@asynccontextmanager
async def running(
    folder: Path, *, allowed: tuple[str, ...] = (), through: Through = lambda request: None
) -> AsyncIterator[tuple[Proxy, int, list[Refusal]]]:
    """A proxy, and an echo server that is its rehearsal's model."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(65536))
        await writer.drain()
        writer.close()

    refusals: list[Refusal] = []
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with anyio.fail_after(60):
        path = folder / "network.sock"
        async with server, proxy(path, refused=refusals.append, lookup=lookup, through=through) as made:
            made.admit(W, NetworkRules(allowed, ("127.0.0.1", port)))
            yield made, port, refusals


async def said(path: Path, request: bytes, *, more: bytes = b"", worker: str = W) -> bytes:
    """Hand one connection over, as a shim does, and read all that comes back."""
    ours, theirs = socket.socketpair()
    folder = os.open(path.parent, os.O_RDONLY)
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.connect(f"/proc/self/fd/{folder}/{path.name}")
        socket.send_fds(sending, [worker.encode()], [theirs.fileno()])
    os.close(folder)
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(request)
    answer = await reader.readuntil(b"\r\n\r\n") if more else b""
    writer.write(more)
    writer.write_eof()
    answer += await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_the_models_name_leads_to_the_rehearsal_by_connect(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, _, refusals):
        answer = await said(made.path, f"CONNECT {MODEL_NAME}:80 HTTP/1.1\r\n\r\n".encode(), more=b"hello")
    assert answer == b"HTTP/1.1 200 Connection established\r\n\r\nhello"
    assert refusals == []


async def test_the_models_name_leads_to_the_rehearsal_by_a_whole_address(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, _, _):
        answer = await said(made.path, f"GET http://{MODEL_NAME}/v1 HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(f"GET /v1 HTTP/1.1\r\nHost: {MODEL_NAME}\r\n".encode())


async def test_a_refusal_is_answered_and_told_at_the_first_and_the_tenth_time(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, port, refusals):
        for _ in range(12):
            answer = await said(made.path, f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 403 Forbidden")
    assert [(refusal.worker, refusal.host, refusal.port, refusal.times) for refusal in refusals] == [
        (W, "127.0.0.1", port, 1),
        (W, "127.0.0.1", port, 10),
    ]


async def test_a_listed_name_that_leads_to_this_machine_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, allowed=("rebound.test", "missing.test")) as (made, _, refusals):
        assert b"not on the internet" in await said(made.path, b"CONNECT rebound.test:443 HTTP/1.1\r\n\r\n")
        assert b"cannot be resolved" in await said(made.path, b"CONNECT missing.test:443 HTTP/1.1\r\n\r\n")
    assert [refusal.host for refusal in refusals] == ["rebound.test", "missing.test"]


async def test_an_address_that_the_policy_itself_names_is_meant(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, port, _):
        made.admit(W, NetworkRules((f"127.0.0.1:{port}",)))
        assert b"200" in await said(made.path, f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode(), more=b"x")


async def test_a_worker_that_was_never_admitted_reaches_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, _, refusals):
        await said(made.path, f"CONNECT {MODEL_NAME}:80 HTTP/1.1\r\n\r\n".encode(), worker="stranger")
    assert [refusal.worker for refusal in refusals] == ["stranger"]


async def test_a_worker_without_a_namespace_gets_a_port_of_its_own(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, _, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.open_port(W))
        writer.write(b"nonsense\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()
        await writer.wait_closed()


async def test_the_proxy_of_the_users_own_network_is_asked_for_listed_hosts_only(
    tmp_path: Path,
) -> None:
    asked: list[bytes] = []

    async def further(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(further, "127.0.0.1", 0)
    upstream = Upstream("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server, running(tmp_path, allowed=("missing.test",), through=lambda request: upstream) as (made, _, _):
        # It resolves names itself: many a network cannot do that but by its proxy.
        answer = await said(made.path, b"CONNECT missing.test:443 HTTP/1.1\r\n\r\n", more=b"hello")
        assert answer.endswith(b"\r\n\r\nhello")
        assert b"200" in await said(made.path, b"GET http://missing.test/x HTTP/1.1\r\n\r\n")
        assert b"403" in await said(made.path, b"CONNECT other.test:443 HTTP/1.1\r\n\r\n")
        assert b"200" in await said(made.path, f"CONNECT {MODEL_NAME}:80 HTTP/1.1\r\n\r\n".encode(), more=b"x")
    assert [head.split(b"\r\n")[0] for head in asked] == [
        b"CONNECT missing.test:443 HTTP/1.1",
        b"GET http://missing.test:80/x HTTP/1.1",
    ]


async def test_a_refusal_tells_the_worker_what_a_person_can_do(tmp_path: Path) -> None:
    async with running(tmp_path, allowed=("rebound.test",)) as (made, _, refusals):
        assert b"--allow-host other.test" in await said(made.path, b"CONNECT other.test:443 HTTP/1.1\r\n\r\n")
        assert b"--allow-host 127.0.0.1:443" in await said(made.path, b"CONNECT rebound.test:443 HTTP/1.1\r\n\r\n")
    assert all("--allow-host" in refusal.reason for refusal in refusals)


async def test_a_worker_of_a_dead_coordinator_finds_its_port_again(tmp_path: Path) -> None:
    async with running(tmp_path) as (made, _, _):
        port = made.open_port(W)
    async with running(tmp_path) as (made, _, refusals):
        made.admit_again(W, NetworkRules(), port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT other.test:443 HTTP/1.1\r\n\r\n")
        assert b"403" in await reader.readuntil(b"\r\n")
        writer.close()
        await writer.wait_closed()
        made.admit_again(WorkerId("w2"), NetworkRules(), port)
        await anyio.lowlevel.checkpoint()
    assert [(one.host, one.worker) for one in refusals] == [("other.test", W), ("127.0.0.1", "w2")]
    assert "another program has taken" in refusals[1].reason


async def test_the_socket_may_lie_deeper_than_an_address_can_say(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    async with running(deep) as (made, _, _):
        assert b"403" in await said(made.path, b"CONNECT other.test:443 HTTP/1.1\r\n\r\n")
    assert not made.path.exists()


async def test_a_worker_that_takes_every_connection_takes_none_of_anothers(tmp_path: Path) -> None:
    other = WorkerId("w2")
    async with running(tmp_path) as (made, port, _), AsyncExitStack() as kept:
        made.admit(other, NetworkRules((), ("127.0.0.1", port)))
        folder = os.open(tmp_path, os.O_RDONLY)
        kept.callback(os.close, folder)
        sending = kept.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        sending.connect(f"/proc/self/fd/{folder}/network.sock")
        for _ in range(MOST_CONNECTIONS + MOST_WAITING + 50):
            ours, theirs = socket.socketpair()
            kept.callback(ours.close)
            with theirs:
                socket.send_fds(sending, [W.encode()], [theirs.fileno()])
            await asyncio.sleep(0)  # the queue of datagrams is short
        request = f"CONNECT {MODEL_NAME}:80 HTTP/1.1\r\n\r\n".encode()
        assert (await said(made.path, request, more=b"hello", worker=other)).endswith(b"hello")
        assert made._begun[W] == MOST_CONNECTIONS + MOST_WAITING
