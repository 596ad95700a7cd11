"""Coordinator and shim of a worker are both SIGKILLed; whoever comes next finds and ends what they left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator.orphans import Leftover, stop_abandoned
from orchestrator.coordinator.preflight import survey_machine
from orchestrator.coordinator.workspace_cleanup import clean_workspace, report_leftovers
from orchestrator.errors import SessionBusy
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import hold_session_lock, session_holder
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.control_groups import end_group, own_group
from orchestrator.shim.processes import read_process, start_ticks
from tests.workers.conftest import is_alive, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(__file__).with_name("abandoning.py")
ESCAPEES = ("plain", "setsid", "double", "stopped")


@dataclass(frozen=True)
class Running:
    """One worker with all it started."""

    coordinator: subprocess.Popen[str]
    shim: int
    processes: list[tuple[int, int]]
    """With their starts."""


@pytest.fixture(params=["bubblewrap", "control group", "none"])
def around(request: pytest.FixtureRequest, not_proven: Callable[[str], NoReturn]) -> str:
    """What stands around the worker."""
    if request.param == "bubblewrap" and not survey_machine(SandboxConfig(name="test"), os.environ).sandbox.works:
        not_proven("bubblewrap does not work here")
    if request.param == "control group" and own_group() is None:
        not_proven("no control group can be made here")
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    folder = SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")
    folder.path.mkdir(parents=True)
    (tmp_path / "target").mkdir()
    return folder


@pytest.fixture
def words() -> Sequence[str]:
    """What the worker's agent does before it has made its grandchildren."""
    return ()


@pytest.fixture
def running(folder: SessionFolder, around: str, words: Sequence[str]) -> Iterator[Running]:
    """A worker that has made every kind of grandchild, under a coordinator that holds the session's lock."""
    backend = "bubblewrap" if around == "bubblewrap" else "none"
    words = [*words, *(word for kind in ESCAPEES for word in ("grandchild", kind))]
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder.path), backend, *words, "hang"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as coordinator:
        assert coordinator.stdout is not None
        shim = int(coordinator.stdout.readline())
        tree = [int(pid) for pid in coordinator.stdout.readline().split()]
        assert len(tree) > len(ESCAPEES)
        yield Running(coordinator, shim, [(pid, start_ticks(pid)) for pid in tree])


@pytest.fixture
def abandoned(folder: SessionFolder, around: str, running: Running) -> Iterator[list[tuple[int, int]]]:
    """The processes of a worker, with their starts, whose coordinator and shim were killed in this order."""
    running.coordinator.kill()
    os.kill(running.shim, signal.SIGKILL)
    running.coordinator.wait()
    until(lambda: not is_alive(running.shim))
    spec = folder.workers_dir / "w1.1.spec"
    told = json.loads(spec.read_text())
    if around == "none":
        spec.write_text(json.dumps({**told, "cgroup": None}))
    yield running.processes
    if told["cgroup"] is not None:
        end_group(Path(told["cgroup"]), 5)
    for pid, started in running.processes:
        if start_ticks(pid) == started:
            os.kill(pid, signal.SIGKILL)


def alive(processes: list[tuple[int, int]]) -> list[int]:
    return [pid for pid, started in processes if is_alive(pid) and start_ticks(pid) == started]


def test_what_both_left_behind_is_found_ended_and_told(
    folder: SessionFolder, around: str, abandoned: list[tuple[int, int]]
) -> None:
    if around != "bubblewrap":
        until(lambda: len(alive(abandoned)) == len(ESCAPEES))  # only the agent itself follows its shim
    [leftover] = clean_workspace(folder.workspace)
    assert isinstance(leftover, Leftover)
    assert alive(abandoned) == []
    assert (leftover.session, leftover.worker, leftover.attempt) == (folder.id, "w1", 1)
    assert leftover.exit.stopped_by == "shim lost"
    if around == "bubblewrap":
        assert leftover.exit.proof == "empty pid namespace"
    elif around == "control group":
        assert leftover.exit.proof == "cgroup empty"
    else:
        assert "4 of its processes were killed" in leftover.exit.note
        assert "not proven" in str(leftover)
    record = json.loads((folder.workers_dir / "w1.1.json").read_text())
    assert record["exit"]["note"] == leftover.exit.note
    assert clean_workspace(folder.workspace) == (), "what has an end on record is not swept again"


def test_a_session_that_somebody_runs_is_left_to_its_coordinator(
    folder: SessionFolder, around: str, abandoned: list[tuple[int, int]]
) -> None:
    with hold_session_lock(folder):
        assert clean_workspace(folder.workspace) == ()
    if around != "bubblewrap":  # whose processes die with the shim, whoever sweeps
        until(lambda: len(alive(abandoned)) == len(ESCAPEES))


@pytest.mark.parametrize("hard", [False, True])
def test_an_abandoned_session_is_stopped_before_its_grace_is_over(
    folder: SessionFolder, running: Running, hard: bool
) -> None:
    with pytest.raises(SessionBusy):
        stop_abandoned(folder, hard=hard, within_s=60)
    running.coordinator.kill()
    until(lambda: session_holder(folder) is None)
    [leftover], left = stop_abandoned(folder, hard=hard, within_s=60)
    assert alive(running.processes) == []
    assert (leftover.worker, leftover.exit.stopped_by, left) == ("w1", "stop", ())
    assert stop_abandoned(folder, hard=hard, within_s=60) == ((), ())


@pytest.mark.parametrize("words", [("ignore-term",)], ids=["stubborn"])
def test_what_does_not_end_when_asked_goes_on_and_is_killed_when_told(folder: SessionFolder, running: Running) -> None:
    running.coordinator.kill()
    until(lambda: session_holder(folder) is None)
    assert stop_abandoned(folder, hard=False, within_s=0.1) == ((), ("w1",))
    assert is_alive(running.shim)
    assert json.loads((folder.workers_dir / "w1.1.json").read_text())["exit"] is None
    # Less than the agent would be given to end by itself.
    [leftover], left = stop_abandoned(folder, hard=True, within_s=4)
    assert (leftover.exit.code, left) == (137, ())
    assert alive(running.processes) == []


def test_stopping_an_abandoned_session_ends_also_what_has_lost_its_shim(
    folder: SessionFolder, abandoned: list[tuple[int, int]]
) -> None:
    [leftover], left = stop_abandoned(folder, hard=False, within_s=60)
    assert alive(abandoned) == []
    assert (leftover.exit.stopped_by, left) == ("shim lost", ())
    assert stop_abandoned(folder, hard=False, within_s=60) == ((), ())


def test_what_ran_before_the_machine_was_started_is_not_looked_for(folder: SessionFolder) -> None:
    shim = {"pid": os.getpid(), "start_ticks": 1, "boot_id": "another", "pid_namespace": 1}
    folder.workers_dir.mkdir(parents=True)
    (folder.workers_dir / "w1.1.json").write_text(json.dumps({"shim": shim, "exit": None}))
    assert clean_workspace(folder.workspace) == ()


def test_a_bystander_with_the_shims_pid_is_not_signalled(
    folder: SessionFolder, abandoned: list[tuple[int, int]]
) -> None:
    path = folder.workers_dir / "w1.1.json"
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as bystander:
        record = json.loads(path.read_text())
        for name in ("shim", "child", "namespace_init"):
            if record[name] is not None:
                record[name]["pid"] = bystander.pid
        path.write_text(json.dumps(record))
        assert len(clean_workspace(folder.workspace)) == 1
        assert bystander.poll() is None
        assert read_process(bystander.pid) is not None
        bystander.kill()
    assert alive(abandoned) == []


def test_processes_that_outlived_a_recorded_end_are_ended_too(
    folder: SessionFolder, around: str, abandoned: list[tuple[int, int]]
) -> None:
    path = folder.workers_dir / "w1.1.json"
    ended = {"code": 0, "proof": "none", "note": "not proven that the tree is gone"}
    path.write_text(json.dumps({**json.loads(path.read_text()), "exit": ended}))
    found = clean_workspace(folder.workspace)
    if around != "bubblewrap":
        assert "4 of its processes outlived it and were killed" in str(found[0])
    until(lambda: alive(abandoned) == [])


async def test_a_workspace_without_sessions_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    await report_leftovers(tmp_path / "nowhere", said.append)
    (tmp_path / "20261121-175811-7f3a" / "workers").mkdir(parents=True)
    (tmp_path / "20261121-175811-7f3a" / "workers" / "w1.1.json").write_text("{torn")
    await report_leftovers(tmp_path, said.append)
    assert said == []


async def test_what_was_found_is_said(folder: SessionFolder, abandoned: list[tuple[int, int]]) -> None:
    said: list[str] = []
    await report_leftovers(folder.workspace, said.append)
    assert len(said) == 1
    assert said[0].startswith(f"left over from {folder.id}: w1.1: its shim ended without an exit record")
    assert alive(abandoned) == []
