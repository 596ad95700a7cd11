"""Shims that were made ready before their attempt was known."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.sandbox.control_groups import own_group
from orchestrator.sandbox.kernel_limits import delegated
from orchestrator.shim.processes import descendants, process_table, start_ticks
from tests.workers.conftest import WORKER, agent, is_alive, until

if TYPE_CHECKING:
    from orchestrator.workers.crew import Crew
    from tests.workers.conftest import Stage


def below(pid: int) -> list[int]:
    """Every living process below one, parents first."""
    return [row.pid for row in descendants(pid, process_table()) if not row.is_dead]


def standby_of(crew: Crew) -> int:
    """The pid of a crew's standby, once a shim waits below it."""
    assert crew._standby is not None
    pid = crew._standby._process.pid
    until(lambda: below(pid))
    return pid


def groups_of(pid: int) -> set[str]:
    """The names of the groups of ours in which a process stands."""
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return {line.rpartition("/")[2] for line in lines if "/orchestrate-" in line}


def name_of(pid: int) -> str:
    """The name of a process; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_asleep_below(pid: int) -> bool:
    return "sleep" in [name_of(each) for each in below(pid)]


async def test_what_waits_becomes_the_shim_and_another_waits(stage: Stage) -> None:
    crew = stage.crew()
    standby = standby_of(crew)
    [shim] = [row.pid for row in descendants(standby, process_table()) if row.parent == standby]
    started = stage.start(crew, "hang")
    stage.wait_said("ready")
    assert started.shim.pid == shim
    until(lambda: [pid for pid in below(standby) if pid not in below(shim) and pid != shim])
    crew.kill(WORKER)
    assert (await stage.ended(crew)).proof == stage.proof


async def test_its_worker_stands_in_its_control_groups_before_it_is_known(stage: Stage) -> None:
    if own_group() is None and not delegated():
        return  # nothing may be made here, so nothing can be joined ahead: the test above is all there is
    crew = stage.crew()
    standby = standby_of(crew)
    until(lambda: any(groups_of(pid) for pid in below(standby)))
    ahead = next(groups_of(pid) for pid in below(standby) if groups_of(pid))
    started = stage.start(crew, "hang")
    stage.wait_said("ready")
    held = [groups_of(pid) for pid in below(started.shim.pid)]
    assert held
    assert all(each == ahead for each in held), "the worker, and the sandbox around it"
    assert not groups_of(started.shim.pid), "whoever freezes them is in none"
    crew.kill(WORKER)
    await stage.ended(crew)


async def test_nothing_of_the_coordinators_environment_waits_with_it(stage: Stage) -> None:
    stage.environ = {**stage.environ, "FAKE_KEY": "a-secret-of-the-users"}
    crew = stage.crew()
    standby = standby_of(crew)
    for pid in (standby, *below(standby)):
        assert b"FAKE_KEY" not in Path(f"/proc/{pid}/environ").read_bytes()
    stage.start(crew, "/bin/sh", "-c", "echo $FAKE_KEY")
    await stage.ended(crew)
    assert stage.said() == "a-secret-of-the-users\n", "whose worker is to have it gets it"


async def test_two_that_are_prepared_at_once_get_their_own_groups_in_whatever_order_they_begin(stage: Stage) -> None:
    crew, names = stage.crew(), [WorkerId("a"), WorkerId("b"), WorkerId("c")]
    standby_of(crew)
    cli, assignments = agent(), [stage.assignment(worker=name) for name in names]
    spec = LaunchSpec(argv=("/bin/sleep", "60"), cwd=stage.target)
    prepared = [crew.prepare(each, 1, agent=cli, spec=spec) for each in assignments]
    held: list[set[str]] = []
    for each, ready in reversed(list(zip(assignments, prepared, strict=True))):
        shim = crew.start(each, 1, agent=cli, spec=spec, prepared=ready).shim.pid
        stage.shims.append(shim)
        until(partial(is_asleep_below, shim))
        held.append(groups_of(below(shim)[0]))
    if own_group() is not None or delegated():
        assert all(held)
        assert len(held[0] | held[1] | held[2]) == sum(map(len, held)), "each has its own"
    for name in names:
        crew.kill(name)
        assert (await stage.ended(crew, name)).proof == stage.proof


@pytest.mark.parametrize("is_killed", [False, True], ids=["without", "after its end"])
async def test_where_no_standby_is_left_a_shim_starts_by_itself(stage: Stage, is_killed: bool) -> None:
    crew = stage.crew(ready=is_killed)
    if is_killed:
        standby = standby_of(crew)
        waiting = below(standby)
        os.kill(standby, signal.SIGKILL)
        until(lambda: not any(map(is_alive, waiting)))
    stage.start(crew, "exit", "7")
    record = await stage.ended(crew)
    assert (record.code, record.proof) == (7, stage.proof)


def test_nothing_of_it_is_left_when_the_crew_is_released(stage: Stage) -> None:
    crew = stage.crew()
    standby = standby_of(crew)
    assert crew._standby is not None
    waiting = crew._standby._waiting
    there = [standby, *below(standby)]
    crew.release()
    assert not any(map(is_alive, there)), "none outlives the call"
    assert waiting is not None
    assert not [group for group in waiting.groups if group.exists()]


COORDINATOR = """
import fcntl, os, sys
from pathlib import Path
held = open(sys.argv[2], "w")
fcntl.flock(held, fcntl.LOCK_EX)
from orchestrator.sandbox.control_groups import own_group
from orchestrator.sandbox.kernel_limits import make_groups
from orchestrator.models.sandbox import ResourceLimits
from orchestrator.workers import crew
from orchestrator.workers.shim_standby import ShimStandby
standby = ShimStandby(crew._SHIM, log=Path(sys.argv[1]), kept=(held.fileno(),), environ=os.environ)
groups = make_groups(own_group(), "standby", ResourceLimits())
standby.make_ready(groups)
print(standby._process.pid, *groups.groups, flush=True)
sys.stdin.read()
"""


def is_free(lock: Path) -> bool:
    """Whether nobody holds a lock on the file."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_it_ends_with_a_coordinator_that_is_killed_and_takes_its_groups_along(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", COORDINATOR, str(tmp_path / "log"), str(tmp_path / "target.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as coordinator:
        assert coordinator.stdout is not None
        pid, *groups = coordinator.stdout.readline().split()
        until(lambda: below(int(pid)))
        there = [int(pid), *below(int(pid))]
        assert not is_free(tmp_path / "target.lock")
        coordinator.kill()
    until(lambda: not any(map(is_alive, there)))
    until(lambda: not [group for group in groups if Path(group).exists()])
    assert is_free(tmp_path / "target.lock"), "no shim without a worker holds what is held for workers"


ORPHAN = """
import os, sys
from orchestrator.shim import standby
hearing, telling = os.pipe()
ended, since = int(sys.argv[1]), int(sys.argv[2])
sys.exit(standby._wait_for_attempt(hearing, sys.argv[3:], [], os.getpid(), ended, since))
"""


def test_a_shim_whose_standby_was_gone_before_it_began_leaves_no_group_either(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as coordinator:
        since = start_ticks(coordinator.pid)
    groups = [tmp_path / "one", tmp_path / "other"]
    for group in groups:
        group.mkdir()
    words = [sys.executable, "-c", ORPHAN, str(coordinator.pid), str(since), *map(str, groups)]
    assert subprocess.run(words, check=False, timeout=60).returncode == 0
    assert not any(group.exists() for group in groups)


async def test_those_that_begin_while_the_last_launch_settles_are_alone_in_their_groups(stage: Stage) -> None:
    crew, names = stage.crew(), [WorkerId("a"), WorkerId("b"), WorkerId("c")]
    standby_of(crew)
    shims = [stage.start(crew, "/bin/sleep", "60", worker=name).shim.pid for name in names]
    held: list[set[str]] = []
    for shim in shims:
        until(partial(is_asleep_below, shim))
        held.append(groups_of(below(shim)[0]))
    assert len(held[0] | held[1] | held[2]) == sum(map(len, held))
    for name in names:
        crew.kill(name)
        assert (await stage.ended(crew, name)).proof == stage.proof
