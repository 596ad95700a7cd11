"""What a connection may do, tried on a real one; the times are made short, and only ends are waited for."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from orchestrator.server import protocols
from tests.server.conftest import Served, Stage, serving


@pytest.fixture
async def quick(workspace: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A dashboard that loses patience soon."""
    for name in ("REQUEST_TIME_S", "UNREAD_TIME_S", "LINGER_TIME_S"):
        monkeypatch.setattr(protocols, name, 0.2)
    monkeypatch.setattr(protocols, "MOST_CONNECTIONS", 5)
    async with serving(workspace) as served:
        yield served


def said_to(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(data)
        return everything(line)


def everything(line: socket.socket) -> bytes:
    return b"".join(iter(lambda: line.recv(65536), b""))


async def heard(quick: Served, data: bytes) -> bytes:
    """What is answered until the connection ends."""
    return await anyio.to_thread.run_sync(said_to, quick.port, data)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"", 408, id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nHost:", 408, id="half a head"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431, id="a huge head"),
        pytest.param(b"nonsense\r\n\r\n", 400, id="nonsense"),
    ],
)
async def test_what_is_no_request_is_answered_with_a_problem(quick: Served, data: bytes, status: int) -> None:
    head, _, body = (await heard(quick, data)).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status


async def test_who_does_not_read_a_stream_is_sent_away(quick: Served, stage: Stage) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(20)
        await anyio.to_thread.run_sync(line.connect, ("127.0.0.1", quick.port))
        fields = f"Host: 127.0.0.1\r\nAuthorization: Bearer {quick.token}"
        line.sendall(f"GET /api/events/stream HTTP/1.1\r\n{fields}\r\n\r\n".encode())
        await anyio.to_thread.run_sync(line.recv, 10)
        room = quick.dashboard.hub.room
        assert room.taken == 1
        with anyio.fail_after(60):
            while room.taken:
                stage.say("x" * 100_000)
                await anyio.sleep(0.01)


async def test_more_connections_than_there_is_room_for_are_told_so(quick: Served) -> None:
    lines = [socket.create_connection(("127.0.0.1", quick.port), timeout=60) for _ in range(12)]
    try:
        said = await anyio.to_thread.run_sync(lambda: [everything(line) for line in lines[:8]])
    except ConnectionError:
        said = []
    finally:
        for line in lines:
            line.close()
    assert any(b" 429 " in words for words in said)
    assert (await quick.client.get("/health")).status_code == 200
