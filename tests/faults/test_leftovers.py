"""What is left when coordinator and shim are killed: nothing, whatever the agent did before (C8, C9)."""

from __future__ import annotations

import json
import os
import platform
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import NoReturn, TypeVar

import pytest

from tests.faults.conftest import Program

pytestmark = pytest.mark.slow

T = TypeVar("T")
WITHIN_S = 60.0
"""Bounds a hang alone."""

ATTACK = r"""
import os, sys, time

# x86-64: prctl(PR_SET_PDEATHSIG, 0), then pause() for ever.
CODE = bytes.fromhex("b89d000000 bf01000000 31f6 0f05 b822000000 0f05 ebf7".replace(" ", ""))

with open("/proc/1/syscall") as file:
    where = int(file.read().split()[-1], 16)
with open("/proc/1/mem", "r+b", buffering=0) as memory:
    memory.seek(where)
    memory.write(CODE)
# The first process waits for its children: an orphan's end wakes it, and it runs on in what stands there now.
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.2)
    os._exit(0)
os.wait()
time.sleep(1)
"""
"""Makes the first process of the pid namespace forget that it dies with the shim."""


@pytest.fixture
def strays() -> Iterator[list[int]]:
    """Processes that a failed test has left, to be ended with it."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def sleeper(seconds: str) -> list[int]:
    """The processes that sleep for just this time: no other test's do."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (path / "cmdline").read_bytes() == f"sleep\0{seconds}\0".encode():
                found.append(int(path.name))
    return found


def above(pid: int, stop: int) -> Sequence[tuple[int, str]]:
    """Pid and name of everything between a process and the one named last, itself included, from below to above."""
    found = []
    while pid not in (0, 1):
        fields = Path(f"/proc/{pid}/stat").read_text()
        found.append((pid, fields[fields.index("(") + 1 : fields.rindex(")")]))
        if pid == stop:
            break
        pid = int(fields[fields.rindex(")") + 2 :].split()[1])
    return found


def until(look: Callable[[], T], within_s: float = WITHIN_S) -> T:
    """What the look sees at last; what it saw last where that is nothing."""
    deadline = time.monotonic() + within_s
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def begin(program: Program, does: str, seconds: str, *options: str) -> tuple[Popen[str], int]:
    """Start a run whose agent does this and then sleeps; the coordinator, and the agent's sleeping process."""
    program.agent("claude", f"{does}\nexec sleep {seconds}")
    target = program.target(files={"a.py": "x = 1\n"})
    words = ("--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive", *options)
    run = program.start("run", "do it", *words)
    found = until(lambda: sleeper(seconds) or run.poll() is not None)
    assert isinstance(found, list), run.communicate()
    return run, found[0]


def kill_coordinator_and_shim(coordinator: Popen[str], worker: int) -> None:
    """SIGKILL to the coordinator and to the worker's shim, in this order."""
    chain = above(worker, coordinator.pid)
    box = max((place for place, (_, name) in enumerate(chain) if name == "bwrap"), default=None)
    assert box is not None, chain
    shims = [pid for pid, _ in chain[box + 1 :] if pid != coordinator.pid]
    assert shims, chain
    coordinator.kill()
    for pid in shims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    coordinator.wait()


PLACES = ("mem", "task/1/mem", "oom_score_adj", "coredump_filter", "timerslack_ns")


@pytest.mark.fault("C8")
def test_the_first_process_of_the_sandbox_cannot_be_written(program: Program) -> None:
    tries = "\n".join(f"{{ true >>/proc/1/{place}; }} && echo {place} >>open" for place in PLACES)
    program.claude(f"{tries}\ncat /proc/1/maps >>open; echo >>a.py")
    target = program.target(files={"a.py": "x = 1\n"})
    program.run(target)
    assert (target / "a.py").read_text() == "x = 1\n\n", "the agent did not come to it"
    assert (target / "open").read_text() == ""


@pytest.mark.fault("C8")
def test_an_agent_that_attacked_the_first_process_does_not_outlive_coordinator_and_shim(
    program: Program, strays: list[int], not_proven: Callable[[str], NoReturn]
) -> None:
    if platform.machine() != "x86_64":
        not_proven("the attack is written for x86-64")
    python = os.path.realpath("/usr/bin/python3")
    if not Path(python).exists():
        not_proven("the attack needs the system's own python3")
    seconds = f"86400.{os.getpid()}8"
    run, worker = begin(program, f"cat >attack.py <<'E'\n{ATTACK}E\n{python} attack.py", seconds)
    strays += [pid for pid, name in above(worker, run.pid) if name in ("sleep", "bwrap")]
    kill_coordinator_and_shim(run, worker)
    left = until(lambda: not sleeper(seconds), within_s=60)
    assert left, "the agent lives on, though its coordinator and its shim are dead"


def groups_of(pid: int) -> Sequence[Path]:
    """Where the control groups made for a worker lie, of every hierarchy, by the kernel's own account."""
    tops: dict[str, str] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup2":
            tops[""] = left.split()[4]
        elif kind == "cgroup":
            tops |= {name: left.split()[4] for name in options.split(",")}
    found = []
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        top = tops.get(names.split(",")[-1])
        if top is not None and path.rpartition("/")[2].startswith("orchestrate-"):
            found.append(Path(f"{top}{path}"))
    return found


@pytest.mark.fault("C9")
def test_the_next_start_removes_the_control_groups_of_a_killed_session(
    program: Program, strays: list[int], not_proven: Callable[[str], NoReturn]
) -> None:
    seconds = f"86400.{os.getpid()}9"
    run, worker = begin(program, "", seconds)
    strays += [pid for pid, name in above(worker, run.pid) if name in ("sleep", "bwrap")]
    groups = groups_of(worker)
    kill_coordinator_and_shim(run, worker)
    assert until(lambda: not sleeper(seconds))
    if not groups:
        not_proven("no control group may be made here")
    assert all(group.is_dir() for group in groups), "they are to be left for the next start"
    assert program.orchestrate("sessions").code == 0
    left = [str(group) for group in groups if group.exists()]
    for group in left:
        os.rmdir(group)  # noqa: PTH106 - whatever failed, none is left by the test
    assert left == []


@pytest.mark.fault("C9")
def test_the_next_start_removes_the_temporary_folders_of_a_killed_one(program: Program, strays: list[int]) -> None:
    # A sandbox that takes its time: the run is killed while it is tried.
    seconds = f"86400.{os.getpid()}7"
    slow = program.root / "agents" / "bwrap"
    slow.write_text(f"#!/bin/sh\nexec sleep {seconds}\n")
    slow.chmod(0o755)
    places = program.root / "temporary"
    places.mkdir()
    program.environ["TMPDIR"] = str(places)
    program.claude("echo >>a.py")
    target = program.target(files={"a.py": "x = 1\n"})
    words = ("--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    run = program.start("run", "do it", *words)
    strays += until(lambda: sleeper(seconds))
    run.kill()
    run.wait()
    slow.unlink()
    assert list(places.glob("orchestrate-proof-*")), "no proof of the sandbox was begun"
    assert program.orchestrate("sessions").code == 0
    assert list(places.iterdir()) == []


def login(access: str, expires: int) -> str:
    value = {"accessToken": access, "refreshToken": "mine", "expiresAt": expires, "scopes": ["user:inference"]}
    return json.dumps({"claudeAiOauth": value})


@pytest.mark.fault("E9")
@pytest.mark.parametrize("comes", ["sessions", "stop"])
def test_whoever_comes_after_a_kill_gives_a_renewed_login_back(program: Program, strays: list[int], comes: str) -> None:
    own = program.home / ".claude" / ".credentials.json"
    own.parent.mkdir()
    own.write_text(login("first", 4_000_000_000_000))
    renewed = login("second", 4_000_003_600_000)
    seconds = f"86400.{os.getpid()}{len(comes)}"
    run, worker = begin(program, f"printf %s '{renewed}' >$HOME/.claude/.credentials.json", seconds)
    strays += [pid for pid, name in above(worker, run.pid) if name in ("sleep", "bwrap")]
    kill_coordinator_and_shim(run, worker)
    assert until(lambda: not sleeper(seconds))
    session = program.session()
    program.orchestrate(*(["stop", "--session", session.name] if comes == "stop" else [comes]))
    assert own.read_text() == renewed
    assert [path.name for path in own.parent.iterdir()] == [own.name]
    kept = [path for path in (session / "logins").rglob("*") if path.is_file() and "first" in path.read_text()]
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
