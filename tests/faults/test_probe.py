"""Agents are looked at the way they will be run, and nothing of the look stays (E7, E10)."""

from __future__ import annotations

import os
from contextlib import suppress

import psutil
import pytest

from tests.faults.conftest import KEYS, Program

FILES = {"a.py": "x = 1\n"}


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended; a dead one may wait for whoever adopted it."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.fault("E7")
def test_a_shim_that_works_in_the_users_home_alone_is_found_out_before_the_session(program: Program) -> None:
    (program.home / "version").write_text("2.1.329")
    path = program.root / "agents" / "claude"
    path.write_text(
        '#!/bin/sh\nv=$(cat "$HOME/version" 2>/dev/null) || { echo "no version is set" >&2; exit 126; }\n'
        'echo "$v (Claude Code)"\n'
    )
    path.chmod(0o755)
    program.environ[KEYS["claude"]] = "x"
    ran = program.run(program.target(files=FILES))
    assert "no version is set" in ran.text
    assert not any(program.workspace.glob("2*")), ran.text


@pytest.mark.fault("E10")
@pytest.mark.parametrize("words", [("doctor",), ("run",)], ids=["doctor", "run"])
def test_a_look_that_hangs_leaves_nothing(program: Program, words: tuple[str, ...]) -> None:
    pids = program.root / "pids"
    path = program.root / "agents" / "claude"
    path.write_text(f"#!/bin/sh\nsleep 300 & echo $! >>{pids}\n( setsid sleep 300 & echo $! >>{pids} )\nsleep 300\n")
    path.chmod(0o755)
    program.environ[KEYS["claude"]] = "x"
    if words == ("run",):
        program.run(program.target(files=FILES))
    else:
        program.orchestrate(*words)
    left = [pid for pid in map(int, pids.read_text().split()) if is_alive(pid)]
    for pid in left:
        os.kill(pid, 9)
    assert left == []
