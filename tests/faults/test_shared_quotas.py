"""What the kernel counts for a user or for the machine: one greedy worker takes nothing from others (C7)."""

from __future__ import annotations

import ctypes
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Program

TAKES = """
import ctypes, json, os, time
libc, taken, held = ctypes.CDLL(None), {}, []
taken["inotify"] = 0
while taken["inotify"] < 1000 and libc.inotify_init1(0) >= 0:
    taken["inotify"] += 1
taken["terminals"] = 0
try:
    while taken["terminals"] < 200:
        held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
        taken["terminals"] += 1
except OSError:
    pass
rooms = ("/tmp", "/var/tmp", "/dev/shm", "/dev")
taken["memory"] = {}
for room in rooms:
    found = os.statvfs(room)
    writable = os.access(room, os.W_OK)
    taken["memory"][room] = found.f_blocks * found.f_frsize // 2**20 if writable else 0
open("taken.part", "w").write(json.dumps(taken))
os.rename("taken.part", "taken.json")
while not os.path.exists("go-on"):
    time.sleep(0.01)
"""


@pytest.mark.fault("C7")
def test_a_greedy_worker_leaves_others_what_they_need(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n", "take.py": TAKES})
    program.claude("python3 take.py; echo >>a.py")
    words = ("run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    running = program.start(*words)
    _wait(target / "taken.json", lambda: running.poll() is None)
    own = ctypes.CDLL(None, use_errno=True).inotify_init1(os.O_CLOEXEC)
    problem = os.strerror(ctypes.get_errno())
    if own >= 0:
        os.close(own)
    (target / "go-on").touch()
    said = running.communicate(timeout=60)[1]
    assert own >= 0, f"nobody else has inotify: {problem}"
    taken = json.loads((target / "taken.json").read_text())
    machine = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    assert taken["inotify"] <= machine // 4, said
    assert taken["terminals"] <= 100
    assert max(taken["memory"].values()) <= 1024, taken


def _wait(path: Path, lives: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        assert lives()
        time.sleep(0.01)
