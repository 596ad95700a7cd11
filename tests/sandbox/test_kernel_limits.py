"""Limits the kernel keeps, tried with children that exceed them."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.models.sandbox import ResourceLimits
from orchestrator.sandbox.control_groups import own_group, remove_groups
from orchestrator.sandbox.kernel_limits import delegated, limit_group, make_limit_groups, rlimits
from orchestrator.shim.stop_ladder import kernel_kills
from tests.workers.conftest import Stage

FORKS = """
import os, sys, time
open(sys.argv[1] + "/cgroup.procs", "w").write("0")
for number in range(40):
    try:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    except OSError as problem:
        print(number, problem.strerror)
        break
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.killpg(0, signal.SIGTERM)
"""


def test_a_group_of_version_1_bounds_the_number_of_processes(not_proven: Callable[[str], NoReturn]) -> None:
    if "pids" not in delegated():
        not_proven("no pids group of version 1 may be made here")
    groups = make_limit_groups("w1", ResourceLimits(processes=10))
    try:
        pids = next(group for group in groups if "/pids/" in f"{group}/")
        ran = subprocess.run(
            [sys.executable, "-c", FORKS, str(pids)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            start_new_session=True,
        )
        assert ran.stdout.split(" ", 1) == ["9", "Resource temporarily unavailable\n"]
    finally:
        assert remove_groups(groups, 30.0), "what ran in them is ending"


def test_a_group_of_version_2_takes_what_its_controllers_know(tmp_path: Path) -> None:
    limits = ResourceLimits(memory_mib=100, processes=7, cpu_percent=50)
    assert limit_group(tmp_path, limits) == {"memory", "pids", "cpu"}
    assert (tmp_path / "memory.max").read_text() == str(125 * 2**20)
    assert (tmp_path / "pids.max").read_text() == "7"
    assert (tmp_path / "cpu.max").read_text() == "50000 100000"
    assert limit_group(tmp_path / "missing", limits) == frozenset()


def test_each_process_is_bounded_but_never_in_its_address_space() -> None:
    bounds = dict(rlimits(ResourceLimits(open_files=100, file_mib=2)))
    assert bounds[resource.RLIMIT_CORE] == 0
    assert bounds[resource.RLIMIT_NOFILE] == 100
    assert bounds[resource.RLIMIT_FSIZE] == 2 * 2**20
    assert resource.RLIMIT_AS not in bounds


@pytest.mark.usefixtures("ordinary_folder")
def test_an_ordinary_users_processes_are_counted_where_no_group_can() -> None:
    assert (resource.RLIMIT_NPROC in dict(rlimits(ResourceLimits()))) == (not delegated())


@pytest.mark.slow
async def test_a_worker_that_the_kernel_ends_for_its_memory_is_said_to_be(
    stage: Stage, not_proven: Callable[[str], NoReturn]
) -> None:
    if "memory" not in delegated() and own_group() is None:
        not_proven("no control group that bounds memory may be made here")
    stage.limits = ResourceLimits(memory_mib=64)
    crew = stage.crew()
    stage.start(crew, sys.executable, "-c", "print(len(b'x' * (200 << 20)))")
    ended = await stage.ended(crew)
    assert (ended.code, ended.stopped_by) == (137, "itself")
    assert ended.note == "the kernel killed 1 of its processes: together they held all of their 80 MiB"
    assert stage.said() == ""


@pytest.mark.parametrize(
    ("counts", "limit"),
    [
        pytest.param("memory.events", "memory.max", id="version 2"),
        pytest.param("memory.oom_control", "memory.limit_in_bytes", id="version 1"),
    ],
)
def test_both_versions_of_groups_tell_whom_the_kernel_killed(tmp_path: Path, counts: str, limit: str) -> None:
    (tmp_path / limit).write_text(f"{100 * 2**20}\n")
    (tmp_path / counts).write_text("oom 3\nunder_oom 0\noom_kill 2\n")
    (words,) = kernel_kills([str(tmp_path / "gone"), str(tmp_path)])
    assert words == "the kernel killed 2 of its processes: together they held all of their 100 MiB"
    (tmp_path / counts).write_text("oom 0\nunder_oom 0\noom_kill 0\n")
    assert kernel_kills([str(tmp_path)]) == []
