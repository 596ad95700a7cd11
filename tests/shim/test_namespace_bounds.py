"""What the kernel counts for all workers together is bounded for each: a greedy one meets its own bound."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
from pathlib import Path

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import ResourceLimits
from orchestrator.shim.namespace_bounds import WORKERS_AT_MOST, Bounding
from tests.workers.conftest import Stage

GREEDY = """
import ctypes, json, os, resource, sys, time
libc = ctypes.CDLL(None, use_errno=True)
most, taken, held = json.loads(sys.argv[1]), {}, []

def take(name, one):
    taken[name] = 0
    try:
        while taken[name] < most[name]:
            held.append(one())
            taken[name] += 1
    except OSError as problem:
        taken[name + " ended by"] = problem.strerror

def instance():
    number = libc.inotify_init1(0)
    if number < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return number

def watch():
    # Of names that differ: a second watch of one file is the first.
    os.mkdir(f"{sys.argv[2]}/{taken['watches']}")
    if libc.inotify_add_watch(held[0], f"{sys.argv[2]}/{taken['watches']}".encode(), 2) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def process():
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    return pid

take("instances", instance)
take("watches", watch)
take("terminals", lambda: os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
take("processes", process)
taken["signals"] = resource.getrlimit(resource.RLIMIT_SIGPENDING)
print(json.dumps(taken), flush=True)
if sys.argv[3] == "stay":
    time.sleep(600)
os.kill(-1, 9)
"""
MORE = {"instances": 40, "watches": 60, "terminals": 60, "processes": 60}
LIMITS = ResourceLimits(inotify_instances=7, inotify_watches=30, terminals=20, processes=25)


def greedy(stage: Stage, worker: str, then: str, *, most: dict[str, int]) -> dict[str, object]:
    """Start one that takes as much as it gets, and return what that was."""
    script = stage.target / f"{worker}.py"
    script.write_text(GREEDY)
    folder = stage.target / worker
    folder.mkdir()
    crew = stage.crews[0] if stage.crews else stage.crew()
    stage.start(
        crew, "/usr/bin/env", "python3", str(script), json.dumps(most), str(folder), then, worker=WorkerId(worker)
    )
    stage.wait_said("}", WorkerId(worker))
    found: dict[str, object] = json.loads(stage.said(WorkerId(worker)))
    return found


@pytest.mark.parametrize("stage", ["bubblewrap"], indirect=True)
def test_a_greedy_worker_meets_its_own_bound_and_another_has_as_much(stage: Stage) -> None:
    stage.limits = LIMITS
    for worker in ("first", "second"):  # the first still holds all it got
        taken = greedy(stage, worker, "stay", most=MORE)
        assert taken["instances"] == 7
        assert taken["watches"] == 30
        assert taken["terminals"] == 20
        # Itself, and where bubblewrap is counted as well, that.
        assert taken["processes"] in (22, 23, 24)
    own = ctypes.CDLL(None).inotify_init1(os.O_CLOEXEC)
    assert own >= 0
    os.close(own)


@pytest.mark.parametrize("stage", ["bubblewrap"], indirect=True)
def test_without_a_word_in_the_policy_workers_share_what_one_user_may_have(stage: Stage) -> None:
    machine = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    taken = greedy(stage, "first", "stay", most={"instances": machine, "watches": 1, "terminals": 99, "processes": 1})
    assert taken["instances"] == machine // WORKERS_AT_MOST
    assert taken["terminals"] == ResourceLimits().terminals
    share = resource.getrlimit(resource.RLIMIT_SIGPENDING)[0] // WORKERS_AT_MOST
    assert taken["signals"] == [share, share]


def test_what_cannot_be_bounded_is_said() -> None:
    with subprocess.Popen(["/bin/true"]) as ended:
        gone = ended.pid
    assert "are not bounded" in Bounding(gone, {"inotify_instances": 1, "terminals": 1}).finish()
