"""What one client may take of the dashboard: entry C11 of the list of faults."""

from __future__ import annotations

import json
import re
import resource
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.faults.conftest import Program

pytestmark = pytest.mark.slow
PATIENCE_S = 45.0
"""How long a test waits for an end that comes after some 10 s; it bounds a hang alone."""


@dataclass
class Served:
    """A dashboard of a workspace."""

    port: int
    token: str
    process: subprocess.Popen[str]

    def head(self, method: str, path: str, *lines: str) -> bytes:
        known = (f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {self.token}")
        return "\r\n".join((f"{method} {path} HTTP/1.1", *known, *lines, "", "")).encode()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def ask(self, path: str) -> float:
        """Ask for something in a connection of its own; how long the answer took."""
        began = time.monotonic()
        with self.connect() as line:
            line.sendall(self.head("GET", path, "Connection: close"))
            assert line.recv(12) == b"HTTP/1.1 200"
        return time.monotonic() - began


@pytest.fixture
def served(program: Program) -> Iterator[Served]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    process = program.start("serve", "--port", str(free))
    assert process.stdout is not None
    assert process.stderr is not None
    said = ""
    while (found := re.search(r"http://\S+token=\S+", said)) is None:
        readable, _, _ = select.select([process.stdout, process.stderr], [], [], PATIENCE_S)
        line = readable[0].readline() if readable else ""
        assert line, f"no address: {said}"
        said += line
    address = urlsplit(found[0])
    assert address.port is not None
    yield Served(address.port, address.query.partition("token=")[2], process)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def everything(line: socket.socket) -> bytes:
    """All that comes until the other side ends; what came so far where it does not."""
    said = b""
    try:
        while chunk := line.recv(65536):
            said += chunk
    except TimeoutError:
        return said + b" (and it was never ended)"
    except ConnectionError:
        pass
    return said


def problem(said: bytes, status: int) -> str:
    """The detail of the problem document that was answered."""
    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said[:300]
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head.lower()
    document = json.loads(body)
    assert document["status"] == status
    return str(document["detail"])


@pytest.mark.fault("C11")
@pytest.mark.parametrize("how", ["announced", "in chunks"])
def test_a_body_beyond_all_measure_is_refused(served: Served, how: str) -> None:
    most = 100 * 1024 * 1024
    field = f"Content-Length: {most}" if how == "announced" else "Transfer-Encoding: chunked"
    block = b"x" * 65536
    chunk = block if how == "announced" else b"10000\r\n" + block + b"\r\n"
    with served.connect() as line:
        line.sendall(served.head("POST", "/api/control/pause", "Content-Type: application/json", field))
        sent = 0
        try:
            while sent < most and not select.select([line], [], [], 0)[0]:
                line.sendall(chunk)
                sent += len(block)
        except (ConnectionError, TimeoutError):
            pass
        said = everything(line)
    assert sent < most, "all of it was taken"
    problem(said, 413)


@pytest.mark.fault("C11")
def test_a_request_that_is_half_sent_ends(served: Served) -> None:
    fields = ("Content-Type: application/json", "Content-Length: 100")
    halves = {
        "nothing": b"",
        "half a line": b"GET /health HT",
        "half a head": b"GET /health HTTP/1.1\r\nHost: x\r\nX: ",
        "half a body": served.head("POST", "/api/control/pause", *fields) + b"{",
        "half a chunk": served.head("POST", "/api/control/pause", fields[0], "Transfer-Encoding: chunked") + b"5\r\n{",
        "a body that nobody reads": served.head("GET", "/health", "Content-Length: 100") + b"x",
        "half of a second request": served.head("GET", "/health") + b"GET /hea",
    }
    lines = {name: served.connect() for name in halves}
    said = {}
    try:
        for name, half in halves.items():
            lines[name].sendall(half)
        deadline = time.monotonic() + PATIENCE_S
        for name, line in lines.items():
            line.settimeout(max(0.1, deadline - time.monotonic()))
            said[name] = everything(line)
    finally:
        for line in lines.values():
            line.close()
    assert [name for name, heard in said.items() if b"never ended" in heard] == []
    for heard in said.values():
        problem(heard[heard.rindex(b"HTTP/1.1") :], 408)


@pytest.mark.fault("C11")
def test_a_request_that_comes_byte_by_byte_ends_all_the_same(served: Served) -> None:
    with served.connect() as line:
        line.setblocking(False)
        began = time.monotonic()
        for byte in served.head("GET", "/health") + b"x" * 100_000:
            if select.select([line], [], [], 0.3)[0] or time.monotonic() - began > PATIENCE_S:
                break
            line.send(bytes([byte]))
        line.setblocking(True)
        line.settimeout(1)
        problem(everything(line), 408)


@pytest.mark.fault("C11")
def test_a_head_beyond_all_measure_is_refused_with_a_problem_document(served: Served) -> None:
    with served.connect() as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 70_000)
        problem(everything(line), 431)


@pytest.mark.fault("C11")
def test_six_hundred_streams_that_nobody_reads_hold_up_nobody(program: Program, served: Served) -> None:
    target = program.target()
    program.claude("echo done >work.txt", between="\n".join(['{"type":"system","subtype":"note","x":1}'] * 300))
    program.run(target)
    alone = min(served.ask("/health") for _ in range(5))
    lines: list[socket.socket] = []
    try:
        for _ in range(600):
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", served.port))
            line.sendall(served.head("GET", "/api/events/stream?after=0"))
            lines.append(line)
        refused = sum(b" 429 " in line.recv(64) for line in lines)
        slowest = max(served.ask("/health") for _ in range(5))
    finally:
        for line in lines:
            line.close()
    assert refused >= 50, (
        f"{600 - refused} streams were let in; an answer took {slowest:.2f} s instead of {alone:.2f} s"
    )
    assert slowest < 4
    served.ask("/health")


@pytest.mark.fault("C11")
def test_connections_are_counted(served: Served) -> None:
    lines: list[socket.socket] = []
    try:
        for _ in range(1200):
            lines.append(served.connect())
        lines[-1].settimeout(3)
        said = everything(lines[-1])
    finally:
        for line in lines:
            line.close()
    problem(said, 429)
