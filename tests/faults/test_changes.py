"""Section A, on what a run changed: it is measured whatever the end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faults.conftest import Program

# Processes, signals and clocks meet here: these are played on other Pythons, too.
pytestmark = [pytest.mark.slow, pytest.mark.everywhere]

HALF = "half a sent"
WAITS = f"printf '{HALF}' > half.txt; printf x > ready; while [ ! -e done ]; do sleep 0.05; done"
"""Writes a file by half and is never done with it."""
RESULT_OF_QUESTION = (
    '{"type":"assistant","message":{"id":"m2","role":"assistant","content":[{"type":"text","text":'
    '"{\\"type\\":\\"blocker\\",\\"payload\\":{\\"text\\":\\"I lack a key\\"}}"}]},'
    '"session_id":"00000000-0000-4000-8000-000000000001"}'
)


def is_there(path: Path, *, within_s: float = 60.0) -> bool:
    """Whether the file came: hangs are bounded, nothing is timed."""
    deadline = time.monotonic() + within_s
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def begun(program: Program, target: Path, *options: str) -> int:
    """Start a run, wait until the agent has written half of its file, and return the coordinator's pid."""
    words = ("run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    process = program.start(*words, *options)
    assert is_there(target / "ready"), process.communicate()
    return process.pid


def ended(program: Program) -> str:
    """Wait for the end of the run that was started; what it printed."""
    out, err = program.running[-1].communicate(timeout=90)
    return out + err


def told(program: Program) -> dict[str, str]:
    """Everything that tells how the newest session ended."""
    folder = program.session()
    return {
        "report.md": (folder / "report.md").read_text(),
        "report.json": (folder / "report.json").read_text(),
        "show": program.orchestrate("show").out,
        "show --json": program.orchestrate("show", "--json").out,
    }


def assert_the_change_is_known(places: dict[str, str]) -> None:
    for place, text in places.items():
        assert "not measured" not in text, place
        assert "half.txt" in text, place


@pytest.mark.fault("A13")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "Ctrl-C"])
def test_an_interrupted_run_says_what_it_changed(program: Program, by: signal.Signals) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude(WAITS)
    os.kill(begun(program, target), by)
    said = ended(program)
    assert_the_change_is_known({**told(program), "the run": said})


@pytest.mark.fault("A13")
def test_a_stopped_run_says_what_it_changed(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude(WAITS)
    begun(program, target)
    program.orchestrate("stop")
    said = ended(program)
    assert_the_change_is_known({**told(program), "the run": said})


@pytest.mark.fault("A13")
def test_a_run_out_of_time_says_what_it_changed(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude(WAITS)
    begun(program, target, "--timeout", "3s")
    said = ended(program)
    assert_the_change_is_known({**told(program), "the run": said})


@pytest.mark.fault("A13")
def test_a_blocker_says_what_was_changed_before_it(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    waits = f"echo '{RESULT_OF_QUESTION}'; while true; do sleep 1; done"
    path = program.claude(f"printf '{HALF}' > half.txt")
    lines = path.read_text().rstrip().splitlines()
    path.write_text("\n".join([*lines[:-1], waits]) + "\n")
    ran = program.run(target)
    assert_the_change_is_known({**told(program), "the run": ran.text})


@pytest.mark.fault("A13")
def test_a_run_whose_coordinator_was_killed_says_after_stop_what_it_changed(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude(WAITS)
    os.kill(begun(program, target, "--orphan-grace", "5m"), signal.SIGKILL)
    ended(program)
    program.orchestrate("stop")
    folder = program.session()
    assert (folder / "report.md").exists(), "no report was written"
    assert_the_change_is_known(told(program))


@pytest.mark.fault("A13")
def test_a_run_whose_coordinator_was_killed_shows_what_it_has_changed_so_far(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude(WAITS)
    os.kill(begun(program, target, "--orphan-grace", "1s"), signal.SIGKILL)
    ended(program)
    shown = {"show": program.orchestrate("show").out, "show --json": program.orchestrate("show", "--json").out}
    assert_the_change_is_known(shown)


@pytest.mark.fault("A13")
def test_a_resumed_run_that_is_interrupted_says_what_it_changed(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude(WAITS)
    os.kill(begun(program, target, "--orphan-grace", "5m"), signal.SIGKILL)
    ended(program)
    resumed = program.start("resume", program.session().name, "--no-dashboard", "--no-interactive")
    assert is_there(program.session() / "journal.jsonl")
    deadline = time.monotonic() + 60
    while "coordinator_resumed" not in (program.session() / "journal.jsonl").read_text():
        assert time.monotonic() < deadline, resumed.poll()
        time.sleep(0.05)
    os.kill(resumed.pid, signal.SIGTERM)
    said = ended(program)
    assert_the_change_is_known({**told(program), "the run": said})
