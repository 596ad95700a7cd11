"""Short programs end with their time, with their caller, and with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import psutil
import pytest

from orchestrator.files.programs import run_program, run_program_off_loop

ENV = {"PATH": os.environ["PATH"]}


def test_a_program_says_what_it_says_and_how_it_ended(tmp_path: Path) -> None:
    ran = run_program(["sh", "-c", "cat; echo no >&2; exit 3"], cwd=tmp_path, env=ENV, within_s=30, stdin=b"yes")
    assert (ran.ended, ran.code, ran.stdout, ran.stderr) == ("exit", 3, b"yes", b"no\n")
    assert ran.problem == "no"
    assert run_program(["true"], cwd=tmp_path, env=ENV, within_s=30).is_good


def test_much_is_read_and_written_at_the_same_time(tmp_path: Path) -> None:
    much = os.urandom(1 << 21)
    assert run_program(["cat"], cwd=tmp_path, env=ENV, within_s=30, stdin=much).stdout == much


def test_a_program_that_does_not_read_what_it_is_told_is_no_error(tmp_path: Path) -> None:
    assert run_program(["true"], cwd=tmp_path, env=ENV, within_s=30, stdin=b"x" * (1 << 20)).is_good


@pytest.mark.parametrize("argv", [["there-is-no-such-program"], ["/dev/null"]])
def test_a_program_that_is_not_there_is_an_answer(tmp_path: Path, argv: list[str]) -> None:
    ran = run_program(argv, cwd=tmp_path, env=ENV, within_s=30)
    assert ran.ended == "start"
    assert ran.problem is not None
    assert argv[0] in ran.problem


def test_a_folder_that_is_not_there_is_an_answer(tmp_path: Path) -> None:
    assert run_program(["true"], cwd=tmp_path / "gone", env=ENV, within_s=30).ended == "start"


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    script = "sleep 1000 & (setsid sleep 1000 & echo $! >left); echo $! >pid; wait"
    ran = run_program(["sh", "-c", script], cwd=tmp_path, env=ENV, within_s=1.0)
    assert (ran.ended, ran.code) == ("time", None)
    assert ran.problem == "it took longer than 1 s"
    for name in ("pid", "left"):
        assert_gone(int((tmp_path / name).read_text()))


def test_what_holds_the_outputs_of_a_program_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    ran = run_program(["sh", "-c", "sleep 1000 & echo $! >pid; echo hello"], cwd=tmp_path, env=ENV, within_s=60)
    assert (ran.ended, ran.code, ran.stdout) == ("exit", 0, b"hello\n")
    assert_gone(int((tmp_path / "pid").read_text()))


def test_what_left_the_group_of_a_program_is_ended_on_demand(tmp_path: Path) -> None:
    script = "setsid sleep 1000 & echo $! >pid; while ! grep -q sleep /proc/$!/cmdline; do :; done"
    assert run_program(["sh", "-c", script], cwd=tmp_path, env=ENV, within_s=60, thorough=True).is_good
    assert_gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_says_too_much_is_ended(tmp_path: Path) -> None:
    ran = run_program(["yes"], cwd=tmp_path, env=ENV, within_s=60, most_bytes=100_000)
    assert ran.ended == "output"
    assert 100_000 < len(ran.stdout) <= 200_000


async def test_who_is_cancelled_leaves_no_program(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    script = "echo $$ >pid; exec sleep 1000"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(run_program_off_loop, ["sh", "-c", script], cwd=tmp_path, env=ENV, within_s=3600))
        pid = int(await anyio.to_thread.run_sync((tmp_path / "pid").read_text))
        tasks.cancel_scope.cancel()
    assert_gone(pid)


def test_a_program_and_its_children_end_when_we_are_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from orchestrator.files.programs import run_program;"
        "run_program(['sh', '-c', 'sleep 1000 & echo $! >pid; wait'], cwd=sys.argv[1], env={'PATH': sys.argv[2]},"
        " within_s=1000)"
    )
    os.mkfifo(tmp_path / "pid")
    us = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), ENV["PATH"]])
    try:
        pid = int((tmp_path / "pid").read_text())
    finally:
        us.send_signal(signal.SIGKILL)
        us.wait()
    assert_gone(pid)


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"{pid} still runs"
        time.sleep(0.005)
