"""The process table, and signals that only reach whom they are meant for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from orchestrator.shim.processes import (
    Process,
    boot_id,
    descendants,
    is_running,
    pid_namespace,
    process_table,
    read_process,
    send_signal,
    start_ticks,
    wait_for_signal,
)


def row(pid: int, parent: int, state: str = "S", threads: int = 1) -> Process:
    return Process(pid, parent, state, threads=threads, start_ticks=1, cpu=0, rss=0)


def test_descendants_are_found_at_any_depth_and_nobody_else() -> None:
    rows = [row(1, 0), row(10, 1), row(11, 10), row(5, 11), row(20, 1), row(6, 5)]
    assert [found.pid for found in descendants(10, {found.pid: found for found in rows})] == [11, 5, 6]


def test_a_zombie_is_dead_unless_another_of_its_threads_runs() -> None:
    assert row(1, 0, "Z").is_dead
    assert row(1, 0, "X").is_dead
    assert not row(1, 0, "Z", threads=2).is_dead
    assert not row(1, 0, "T").is_dead


def test_who_is_stopped_or_dead_or_waits_in_the_kernel_is_still() -> None:
    assert [state for state in "RSDTtZXI" if row(1, 0, state).is_still] == ["D", "T", "t", "Z", "X"]


def test_a_name_with_parentheses_and_spaces_is_read_right() -> None:
    name = "ctypes.CDLL(None).prctl(15, b'a) R 1 (b', 0, 0, 0)"
    code = f"import ctypes, sys; {name}; print('x', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = read_process(child.pid)
        assert found is not None
        assert found.parent == os.getpid()
        assert process_table()[child.pid].start_ticks == found.start_ticks
        child.kill()


def test_a_signal_does_not_reach_another_process_with_the_same_pid() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        started = start_ticks(child.pid)
        assert not send_signal(child.pid, started + 1, signal.SIGKILL)
        assert not is_running(child.pid, started + 1)
        assert child.poll() is None
        assert is_running(child.pid, started)
        assert send_signal(child.pid, started, signal.SIGKILL)
        assert child.wait(10) == -signal.SIGKILL
    assert not send_signal(child.pid, started, signal.SIGKILL)
    assert not is_running(child.pid, started)


def test_a_zombie_does_not_run() -> None:
    with subprocess.Popen(["true"]) as child:
        started = start_ticks(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_running(child.pid, started)


def test_this_boot_and_this_namespace_have_names() -> None:
    assert len(boot_id()) == 36
    assert pid_namespace() == pid_namespace(os.getpid()) != 0


def test_waiting_for_a_signal_ends_with_it_or_with_the_time() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:
        began = time.monotonic()
        assert wait_for_signal({signal.SIGUSR2}, 0.02) is None
        assert wait_for_signal({signal.SIGUSR2}, -5) is None
        assert time.monotonic() - began < 5
        # To this thread: another one, which a test runner may have, would die of it.
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
        assert wait_for_signal({signal.SIGUSR2}, 5) == signal.SIGUSR2
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
