"""One worker that takes every slot of the egress proxy, and is frozen with them, leaves others what they need (C7)."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.faults.conftest import KEYS, VERSIONS, Program

WITHIN_S = 60.0
CONNECTS = """
import os, socket, sys, time
from urllib.parse import urlsplit
proxy = urlsplit(os.environ.get("HTTPS_PROXY") or os.environ["https_proxy"])
place, who, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
held = []
for _ in range(number):
    one = socket.socket()
    one.settimeout(3)
    try:
        one.connect((proxy.hostname, proxy.port))
        one.sendall(f"CONNECT {place} HTTP/1.1\\r\\nHost: {place}\\r\\n\\r\\n".encode())
        if b" 200 " in one.recv(4096):
            one.sendall(f"GET /{who} HTTP/1.1\\r\\nHost: {place}\\r\\n\\r\\n".encode())
    except OSError:
        break
    held.append(one)
if number > 1:
    with open(os.environ["ORCHESTRATOR_EVENTS"], "a") as events:
        events.write('{"type": "blocker", "payload": {"text": "stuck"}}\\n')
    time.sleep(600)
time.sleep(1)
"""
AGENT = """#!/bin/sh
case " $* " in *" --version "*) echo "{version}"; exit;; esac
prompt=$(cat)
case "$prompt" in
    *role=implementer*) python3 "{connects}" {place} greedy 300 ;;
    *) python3 "{connects}" {place} modest 1 ;;
esac
"""


class Listener:
    """Writes down who asks it for something, and answers nobody."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._held: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=400)
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._held.append(connection)
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self.heard.append(connection.recv(4096).partition(b" ")[2].partition(b" ")[0].decode())

    def close(self) -> None:
        for each in (self._socket, *self._held):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.mark.fault("C7")
def test_a_frozen_worker_holds_no_slot_that_a_reviewer_needs(program: Program, listener: Listener) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    connects = target / "connects.py"
    connects.write_text(CONNECTS)
    for name in ("claude", "codex"):
        path = program.root / "agents" / name
        path.write_text(AGENT.format(version=VERSIONS[name], connects=connects, place=listener.place))
        path.chmod(0o755)
        program.environ[KEYS[name]] = "x"
    words = ("run", "do it", "--agents", "claude,codex", "--target", str(target), "--no-dashboard", "--interactive")
    running = program.start(*words, "--allow-host", listener.place)
    try:
        assert _wait(lambda: _is_reviewed(program), lambda: running.poll() is None), "nobody looks at the blocker"
        before, greedy = (listener.heard.count(who) for who in ("/modest", "/greedy"))
        _wait(lambda: listener.heard.count("/modest") > before, lambda: running.poll() is None, within_s=20)
        assert listener.heard.count("/modest") > before, f"{greedy} connections are held, and no reviewer gets one"
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=WITHIN_S)


def _is_reviewed(program: Program) -> bool:
    try:
        return '"freeze_worker"' in (program.session() / "journal.jsonl").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def _wait(what: Callable[[], Any], lives: Callable[[], bool], *, within_s: float = WITHIN_S) -> Any:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and lives():
        found = what()
        if found:
            return found
        time.sleep(0.05)
    return what()
