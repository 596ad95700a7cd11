"""What an agent says to its proxy, and what comes out behind it: entry C10 of the list of faults.

The agent of these tests runs in the real sandbox.  It says raw bytes to the proxy it is given, meant for a server of
the test's own that the policy lists; the server keeps what reaches it.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.faults.conftest import Program

pytestmark = pytest.mark.slow

SAY = """
import json, os, socket, sys
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTP_PROXY"])
heard = {}
for name, (first, then) in json.load(open("cases.json")).items():
    line = socket.create_connection((proxy.hostname, proxy.port), timeout=60)
    said = b""
    try:
        line.sendall(bytes.fromhex(first))
        if then:
            while b"\\r\\n\\r\\n" not in said:
                said += line.recv(1) or b"\\r\\n\\r\\n"
            line.sendall(bytes.fromhex(then))
        line.shutdown(1)
        while chunk := line.recv(65536):
            said += chunk
    except OSError as problem:
        said += str(problem).encode()
    heard[name] = said.decode("latin-1")
    line.close()
json.dump(heard, open("heard.json", "w"))
"""


@dataclass
class Server:
    """Answers each connection once and keeps all that it is told."""

    listening: socket.socket
    told: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def run(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        number = len(self.told)
        self.told.append(b"")
        line.settimeout(2)
        with line:
            with suppress(OSError):
                while chunk := line.recv(65536):
                    self.told[number] += chunk
            with suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


@pytest.fixture
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Server(listening)
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=60)


def say(program: Program, server: Server, cases: Mapping[str, tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Have an agent say these to its proxy, each in a connection of its own; what it heard."""
    said = {name: (first.hex(), then.hex()) for name, (first, then) in cases.items()}
    target = program.target(files={"cases.json": json.dumps(said), "say.py": SAY})
    program.claude(f"cd {target} && /usr/bin/python3 say.py 2>problem.txt")
    places = (f"127.0.0.1:{server.port}", f"localhost:{server.port}")
    program.run(target, *(word for place in places for word in ("--allow-host", place)))
    heard: Mapping[str, str] = json.loads((target / "heard.json").read_text())
    return heard


@pytest.mark.fault("C10")
def test_what_is_not_strictly_http_reaches_nobody(program: Program, server: Server) -> None:
    at = f"127.0.0.1:{server.port}".encode()
    start = b"GET http://" + at + b"/%s HTTP/1.1\r\nHost: " + at + b"\r\n"
    post = start.replace(b"GET", b"POST")
    odd = {
        "a vertical tab in the path": start % b"evil\x0bx" + b"\r\n",
        "a bare CR in the path": start % b"evil\rX:y" + b"\r\n",
        "a bare LF in the path": start % b"evil\nX:y" + b"\r\n",
        "a bare LF in a header": start % b"evil" + b"A: b\nHost: evil.test\r\n\r\n",
        "a bare CR in a header": start % b"evil" + b"A: b\rHost: evil.test\r\n\r\n",
        "a NUL in a header": start % b"evil" + b"A: b\x00c\r\n\r\n",
        "a blank before the colon": start % b"evil" + b"Host : evil.test\r\n\r\n",
        "a folded line": start % b"evil" + b"A: b\r\n Host: evil.test\r\n\r\n",
        "two lengths": post % b"evil" + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "a length and chunks": post % b"evil" + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "an unknown encoding": post % b"evil" + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "a length with a sign": post % b"evil" + b"Content-Length: +3\r\n\r\nabc",
        "a header without a colon": start % b"evil" + b"nonsense\r\n\r\n",
    }
    plain = start % b"good" + b"\r\n"
    body = post % b"body" + b"Content-Length: 3\r\n\r\nabc"
    cases = {name: (data, b"") for name, data in {**odd, "plain": plain, "with a body": body}.items()}
    heard = say(program, server, cases)
    evil = [told for told in server.told if b"evil" in told]
    assert evil == []
    for name in odd:
        assert heard[name].startswith("HTTP/1.1 400"), (name, heard[name])
    assert heard["plain"].startswith("HTTP/1.1 200")
    assert heard["with a body"].startswith("HTTP/1.1 200")
    assert any(told.endswith(b"\r\n\r\nabc") for told in server.told)


@pytest.mark.fault("C10")
def test_a_second_request_for_another_host_reaches_nobody(program: Program, server: Server) -> None:
    at = f"127.0.0.1:{server.port}".encode()
    first = b"GET http://" + at + b"/good HTTP/1.1\r\nHost: " + at + b"\r\n\r\n"
    post = b"POST http://" + at + b"/good HTTP/1.1\r\nHost: " + at + b"\r\n"
    second = b"GET /evil HTTP/1.1\r\nHost: evil.test\r\n\r\n"
    heard = say(
        program,
        server,
        {
            "at once": (first + second, b""),
            "after a body": (post + b"Content-Length: 3\r\n\r\nabc" + second, b""),
            "after chunks": (post + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + second, b""),
            "a whole address": (first + first.replace(b"good", b"evil").replace(at, b"evil.test"), b""),
        },
    )
    assert [told for told in server.told if b"evil" in told] == []
    assert len(heard) == 4


@pytest.mark.fault("C10")
def test_a_tunnel_is_for_the_name_it_was_allowed_for(program: Program, server: Server) -> None:
    name, address = f"localhost:{server.port}", f"127.0.0.1:{server.port}"

    def tunnel(place: str, data: bytes) -> tuple[bytes, bytes]:
        return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode(), data

    inner = b"GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
    cases = {
        "its own name": tunnel(name, hello("localhost")),
        "an address": tunnel(address, hello(None)),
        "another name": tunnel(name, hello("evil.test")),
        "another name at an address": tunnel(address, hello("evil.test")),
        "no name": tunnel(name, hello(None)),
        "a name in two records": tunnel(name, in_two_records(hello("evil.test"))),
        "plain HTTP": tunnel(name, inner % (b"good", name.encode())),
        "plain HTTP for another": tunnel(name, inner % (b"evil", b"evil.test")),
        "plain HTTP and another": tunnel(name, inner % (b"good", name.encode()) + inner % (b"evil", b"evil.test")),
    }
    heard = say(program, server, cases)
    assert [told for told in server.told if b"evil" in told] == []
    assert cases["no name"][1] not in server.told
    # Cut into two records, the name is not to be found as a whole.
    assert not any(b"vil.test" in told for told in server.told)
    for good in ("its own name", "an address"):
        assert cases[good][1] in server.told, (good, heard[good])
    assert any(told.startswith(b"GET /good") for told in server.told)


def hello(name: str | None) -> bytes:
    """What a TLS client says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_two_records(data: bytes) -> bytes:
    """The same message, cut in the middle of its name."""
    version, body = data[:3], data[5:]
    cut = body.index(b"evil") + 2
    return b"".join(version + len(part).to_bytes(2) + part for part in (body[:cut], body[cut:]))
