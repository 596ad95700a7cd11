"""A session that is ended while the tests are run as they were before: nothing runs on, and it can be resumed."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.faults.conftest import Program
from tests.faults.conftest import program as program
from tests.faults.test_target_lock import WITHIN_S, wait_for, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTERRUPTED, KILLED = 130, -signal.SIGKILL
# The test starts one child in a session of its own, and another one that heeds no polite signal.
SLOW_TEST = """
import pathlib, signal, subprocess, unittest

class T(unittest.TestCase):
    def test_long(self):
        if pathlib.Path("kept/slow.flag").exists():
            subprocess.Popen(["sleep", "{mark}"], start_new_session=True)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            subprocess.run(["sleep", "{mark}"])
"""


def stop(program: Program, coordinator: subprocess.Popen[str]) -> None:
    assert program.orchestrate("stop").code == 0


def interrupt(program: Program, coordinator: subprocess.Popen[str]) -> None:
    coordinator.send_signal(signal.SIGINT)


def kill(program: Program, coordinator: subprocess.Popen[str]) -> None:
    coordinator.send_signal(signal.SIGKILL)


def with_mark(mark: str) -> list[psutil.Process]:
    """Processes that the test started, wherever they are by now."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if mark in (process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("agent", "ready"),
    [
        pytest.param("echo x >new.txt", "new.txt", id="done"),
        # One that a new coordinator finds alive goes on to its end.
        pytest.param("echo x >new.txt; while [ -e kept/slow.flag ]; do sleep 0.1; done", "new.txt", id="at work"),
    ],
)
@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param(stop, INTERRUPTED, id="stop"),
        pytest.param(interrupt, INTERRUPTED, id="Ctrl-C"),
        pytest.param(kill, KILLED, id="kill -9"),
    ],
)
def test_nothing_is_left_and_the_session_goes_on(
    program: Program,
    tmp_path: Path,
    end: Callable[[Program, subprocess.Popen[str]], None],
    code: int,
    agent: str,
    ready: str,
) -> None:
    # A figure that no other process of the machine has, however long this one is asleep.
    mark = f"600.{time.monotonic_ns()}"
    files = {"test_long.py": SLOW_TEST.replace("{mark}", mark), ".gitignore": "kept/\n"}
    target = program.target(files=files)
    flag = target / "kept" / "slow.flag"
    flag.parent.mkdir()
    flag.touch()
    program.claude(agent)
    coordinator = program.start(*words(target, "--orphan-grace", "2s"))
    wait_for(target / ready)
    wait_until(lambda: len(with_mark(mark)) >= 2, "the baseline's tests did not begin")
    assert '"baseline_measured"' not in (program.session() / "journal.jsonl").read_text("utf-8")
    end(program, coordinator)
    coordinator.communicate(timeout=WITHIN_S)
    assert coordinator.returncode == code
    wait_until(lambda: not with_mark(mark), f"still there: {with_mark(mark)}")
    there = {path.name for path in target.iterdir()}
    assert there == {".git", ".gitignore", "kept", "new.txt", "test_long.py"}
    flag.unlink()
    resumed = program.orchestrate("resume", "--no-dashboard", "--no-interactive", timeout_s=WITHIN_S)
    assert resumed.code == 0, resumed.text
    assert "1 passed" in (program.session() / "report.md").read_text("utf-8")
    assert with_mark(mark) == []
