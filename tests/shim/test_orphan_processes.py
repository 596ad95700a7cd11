"""Finding what a lost shim left behind."""

from __future__ import annotations

import os
import signal
import subprocess

from orchestrator.shim.orphan_processes import MARK, end_marked


def test_only_what_bears_this_attempts_mark_is_ended() -> None:
    def child(mark: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: mark}, start_new_session=True)

    with child("/s/w.1.json") as first, child("/s/w.1.json") as second, child("/s/w.10.json") as other:
        assert end_marked("/s/w.1.json") == 2
        assert [process.wait(10) for process in (first, second)] == [-signal.SIGKILL] * 2
        assert other.poll() is None
        assert end_marked("/s/w.1.json") == 0
        other.kill()
