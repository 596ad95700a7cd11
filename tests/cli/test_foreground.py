"""Whole runs as a person starts them: real processes, a rehearsal, stand-ins, signals, a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LONG_S = 60.0
PACKAGE = Path(__file__).parents[2]


class Running:
    """One run of the program, what it has said on standard error so far, and its end."""

    def __init__(self, arguments: tuple[str, ...], *, environ: dict[str, str], cwd: Path, terminal: bool) -> None:
        self.said = ""
        self.out = ""
        self._ours, theirs = pty.openpty() if terminal else os.pipe()
        self._keys, keys_theirs = (os.dup(self._ours), os.dup(theirs)) if terminal else os.pipe()[::-1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            stdin=keys_theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=environ,
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)
        os.close(keys_theirs)

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + LONG_S
        while words not in self.said:
            assert time.monotonic() < deadline, f"never said {words!r}: {self.said}"
            assert self._read(1.0), f"ended without saying {words!r}: {self.said}"

    def type(self, line: str) -> None:
        os.write(self._keys, f"{line}\n".encode())

    def end(self) -> int:
        """Wait for the end, taking in all it says."""
        deadline = time.monotonic() + LONG_S
        while self._read(0.5):
            assert time.monotonic() < deadline, f"never ended: {self.said}"
        assert self.process.stdout is not None
        self.out = self.process.stdout.read().decode()
        return self.process.wait(timeout=LONG_S)

    def lose_terminal(self) -> None:
        """What closing a terminal's window does."""
        os.close(self._ours)
        os.close(self._keys)
        self._ours = self._keys = -1
        self.process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        if self._ours >= 0:
            os.close(self._ours)
            os.close(self._keys)

    def _read(self, wait_s: float) -> bool:
        """Take in what has been said; False at its end."""
        if not select.select([self._ours], [], [], wait_s)[0]:
            return True
        try:
            chunk = os.read(self._ours, 65536)
        except OSError:  # a terminal whose other side is closed
            return False
        self.said += chunk.decode(errors="replace")
        return bool(chunk)


@pytest.fixture
def begin(tmp_path: Path, workspace: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []
    home = tmp_path / "home"
    target = tmp_path / "target"
    home.mkdir()
    target.mkdir()
    (target / "README").write_text("a project\n")
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "PYTHONPATH": str(PACKAGE),
        "ORCHESTRATOR_WORKSPACE": str(workspace),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }

    def start(*arguments: str, terminal: bool = False, **more: str) -> Running:
        run = Running(arguments, environ=environ | more, cwd=target, terminal=terminal)
        running.append(run)
        return run

    yield start
    for run in running:
        run.close()


def rehearse(scenario: str, *more: str) -> tuple[str, ...]:
    return ("--rehearse", "--stand-ins", "--scenario", scenario, "--orphan-grace", "1", *more, "Add a file")


def test_a_done_session_ends_with_0_and_one_json_document(begin: Callable[..., Running]) -> None:
    run = begin(*rehearse("plain", "--json"))

    assert run.end() == 0, run.said
    document = json.loads(run.out)
    assert document["status"] == "done"
    assert document["exit_code"] == 0
    assert Path(document["report"]).is_file()
    assert "\x1b" not in run.said


def test_a_question_without_a_person_ends_with_3_and_the_next_command(
    begin: Callable[..., Running], workspace: Path
) -> None:
    run = begin(*rehearse("pause", "--no-interactive"))

    assert run.end() == 3, run.said
    (session,) = [path.name for path in workspace.iterdir() if path.is_dir()]
    assert run.out.startswith("needs a person")
    assert f'orchestrate resume {session} --answer "…"' in run.out


def test_an_answer_typed_in_goes_on(begin: Callable[..., Running]) -> None:
    run = begin(*rehearse("pause", "--interactive"))
    run.wait_for("answer q1 in one line")
    run.type("30 days")

    assert run.end() == 0, run.said
    assert "answer q1 (by terminal): 30 days" in run.said


@pytest.mark.parametrize(
    ("number", "by"),
    [
        pytest.param(signal.SIGINT, "terminal", id="ctrl-c"),
        pytest.param(signal.SIGTERM, "signal TERM", id="term"),
        pytest.param(signal.SIGHUP, "signal HUP", id="hup"),
    ],
)
def test_a_signal_stops_cleanly_with_proof(begin: Callable[..., Running], number: signal.Signals, by: str) -> None:
    run = begin(*rehearse("pause", "--interactive"))
    run.wait_for("answer q1 in one line")
    run.process.send_signal(number)

    assert run.end() == 130, run.said
    assert "orchestrate show --session" in run.said
    assert run.out.startswith(f"interrupted: stopped by {by}")
    assert "NO PROOF" not in run.out


def test_an_interrupt_during_preparations_leaves_nothing_running(
    begin: Callable[..., Running], workspace: Path
) -> None:
    run = begin(*rehearse("plain"))
    # The session's folder is the first thing made; signals are heeded before that.
    deadline = time.monotonic() + LONG_S
    while not any(path.is_dir() for path in workspace.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.001)
    run.process.send_signal(signal.SIGINT)

    assert run.end() == 130, run.said
    listed = begin("sessions")
    assert listed.end() == 0
    assert "lost its coordinator" not in listed.out


def test_a_terminal_shows_the_live_view_and_gets_its_cursor_back(begin: Callable[..., Running]) -> None:
    run = begin(*rehearse("plain"), terminal=True)

    assert run.end() == 0, run.said
    assert "worker" in run.said
    assert "implements" in run.said
    assert run.said.rindex("\x1b[?25h") > run.said.rindex("\x1b[?25l")


def test_a_question_at_a_terminal_takes_a_typed_line(begin: Callable[..., Running]) -> None:
    run = begin(*rehearse("pause"), terminal=True)
    run.wait_for("answer in one line")
    run.type("30 days")

    assert run.end() == 0, run.said


def test_a_terminal_that_is_closed_is_a_clean_stop(begin: Callable[..., Running]) -> None:
    run = begin(*rehearse("pause"), terminal=True)
    run.wait_for("answer in one line")
    run.lose_terminal()

    assert run.process.wait(timeout=LONG_S) == 130
    listed = begin("sessions")
    assert listed.end() == 0
    assert "interrupted" in listed.out


def test_a_session_can_be_followed_and_stopped_from_elsewhere(begin: Callable[..., Running]) -> None:
    run = begin(*rehearse("pause", "--interactive"))
    run.wait_for("answer q1 in one line")
    logs = begin("logs", "-f")
    stop = begin("stop")

    assert stop.end() == 0, stop.said
    assert "has ended" in stop.out
    assert run.end() == 130
    assert logs.end() == 0
    assert "ended: interrupted" in logs.out
