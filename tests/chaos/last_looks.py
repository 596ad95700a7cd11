"""Kill sessions while a worker ends and is looked at, resume them, and compare what lies there with what is said.

At the end of a worker its tree is stopped with a proof, what it planted is taken back, the target is measured, the
target's tests run on a layer that is thrown away, and the target is measured once more.  Whoever dies between two of
these steps, in whatever order and how often: at the end nothing of the agent is left, nothing that it or its tests
planted, and what is said to have changed is what lies there.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.shim.processes import process_table, send_signal, start_ticks
from tests.faults.conftest import SYSTEM_PATH, Program

PLANTED = (".envrc", "deep/.envrc", ".mcp.json", "late.txt", "deep/late.txt")
"""The first three by the agent and by its tests, the others by the tests alone."""
TEST = """import os, time, unittest
class T(unittest.TestCase):
    def test_it(self):
        os.makedirs('deep', exist_ok=True)
        for name in {names!r}:
            with open(name, 'w') as file:
                file.write('planted by a test')
        time.sleep(0.3)
"""
AGENT = """mkdir -p deep; for name in .envrc deep/.envrc .mcp.json; do echo planted >$name; done
setsid sh -c 'while :; do n=$((n+1)); echo $n >writer.txt; sleep 0.005; done' &
while [ ! -s writer.txt ]; do sleep 0.01; done
echo changed >>a.py
cat >test_it.py <<'X'
{test}X"""
VICTIMS = (("coordinator",), ("shim", "coordinator"), ("coordinator", "shim"))
STEPS_FROM = "worker_started"
NAMED = ("default", "strict")
"""Policies; any other word is a backend that `default` is tried with."""
MOST_KILLS = 3
MOST_STEPS = 24
"""So many entries follow the start of the worker in a session that nobody disturbs."""
END_WITHIN_S = 120.0


@dataclass(slots=True)
class Looks:
    """What came of some sessions."""

    sessions: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    """By the last kind of entry that the coordinator had written."""
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [f"{self.sessions} sessions, {self.kills.total()} coordinators killed, after the entry"]
        rows += [f"  {kind}: {count}" for kind, count in sorted(self.kills.items())]
        return "\n".join([*rows, f"{len(self.problems)} problems", *self.problems])


def play(folder: Path, seed: str, looks: Looks, *, policy: str = "default") -> None:
    """Play one session in a new folder, killing its coordinators, and look at what it leaves."""
    chance = random.Random(seed)
    program = program_in(folder)
    target = program.target(files={"a.py": "x = 1\n"})
    before = everything(target)
    names = list(PLANTED)
    program.claude(AGENT.format(test=TEST.format(names=names)))
    words = ["run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive"]
    words += ["--sandbox", policy if policy in NAMED else str(_policy_file(folder, policy))]
    for _ in range(chance.randrange(1, MOST_KILLS + 1)):
        kind = _killed(program, words, chance)
        if kind is not None:
            looks.kills[kind] += 1
        words = ["resume", "--no-dashboard", "--no-interactive"]
    last = program.orchestrate(*words, timeout_s=END_WITHIN_S)
    looks.sessions += 1
    looks.problems += [f"{seed}: {problem}" for problem in problems_of(program, target, before, said=last.text)]


def _policy_file(folder: Path, backend: str) -> Path:
    path = folder / f"{backend}.toml"
    path.write_text(f'name = "{backend}"\nextends = "default"\nbackend = "{backend}"\n')
    return path


def program_in(folder: Path) -> Program:
    """The program as a user has it whose home and workspace lie in this folder."""
    for name in ("home", "workspace", "agents"):
        (folder / name).mkdir(parents=True)
    environ = {
        **{"PATH": f"{folder / 'agents'}:{Path(sys.executable).parent}:{SYSTEM_PATH}", "LANG": "C.UTF-8"},
        **{"HOME": str(folder / "home"), "ORCHESTRATOR_WORKSPACE": str(folder / "workspace")},
    }
    return Program(folder, environ)


def _killed(program: Program, words: Sequence[str], chance: random.Random) -> str | None:
    """Run, and kill once a number of entries stand in the journal; the kind of the last, if it had not ended before."""
    victims, steps, pause_s = chance.choice(VICTIMS), chance.randrange(MOST_STEPS), chance.choice((0.0, 0.0, 0.02, 0.2))
    seen = len(_entries(program))
    process = program.start(*words)
    deadline = time.monotonic() + END_WITHIN_S
    while process.poll() is None:
        entries = _entries(program)
        if STEPS_FROM in entries and len(entries) - max(seen, entries.index(STEPS_FROM)) >= steps:
            break
        assert time.monotonic() < deadline, "the session does not end"
        time.sleep(0.001)
    time.sleep(pause_s)
    for victim in victims:
        if victim == "coordinator":
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        else:
            for shim in _shims(program):
                send_signal(*shim, signal.SIGKILL)
    process.communicate()
    return _entries(program)[-1] if process.returncode == -signal.SIGKILL else None


def _entries(program: Program) -> list[str]:
    """The kinds of the entries in the newest session's journal."""
    found = []
    for journal in program.workspace.glob("*/journal.jsonl"):
        for line in journal.read_bytes().splitlines():
            with suppress(ValueError, KeyError):
                found.append(str(json.loads(line)["body"]["kind"]))
    return found


def _shims(program: Program) -> Iterator[tuple[int, int]]:
    for record in program.workspace.glob("*/workers/*.json"):
        with suppress(ValueError, KeyError, TypeError):
            shim = json.loads(record.read_text())["shim"]
            if start_ticks(shim["pid"]) == shim["start_ticks"]:
                yield shim["pid"], shim["start_ticks"]


def problems_of(program: Program, target: Path, before: dict[str, bytes], *, said: str) -> Iterator[str]:
    """What is not as it has to be once a session has come to its end."""
    after = everything(target)
    alive = [row.pid for row in process_table().values() if not row.is_dead and _names(row.pid, str(program.root))]
    if alive:
        yield f"{len(alive)} processes are left"
    yield from (f"{name} was planted" for name in PLANTED if (target / name).exists())
    hooks = [path.name for path in (target / ".git" / "hooks").iterdir() if not path.name.endswith(".sample")]
    yield from (f"a hook was planted: {name}" for name in hooks)
    session = program.session()
    if not (session / "report.json").exists():
        yield f"no report: {said[-300:]}"
        return
    yield from _difference(program, session, before, after)
    if everything(target) != after:
        yield "the target changes on after the end"


def _difference(program: Program, session: Path, before: dict[str, bytes], after: dict[str, bytes]) -> Iterator[str]:
    """What the patch that the session says it made would leave, against what lies there."""
    copy = program.root / "patched"
    for name, content in before.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    patch = session / "changes.patch"
    if patch.exists() and patch.read_bytes().strip():
        ran = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(patch)],
            cwd=copy,
            env={**program.environ, "GIT_CEILING_DIRECTORIES": str(program.root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if ran.returncode:
            yield f"its patch does not apply: {ran.stderr.strip()[:300]}"
            return
    said = everything(copy)
    for name in sorted(said.keys() | after.keys()):
        if said.get(name) != after.get(name):
            yield f"{name}: {said.get(name)!r:.60} is said, {after.get(name)!r:.60} lies there"


def _names(pid: int, root: str) -> bool:
    try:
        return root.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() and pid != os.getpid()
    except OSError:
        return False


def everything(folder: Path) -> dict[str, bytes]:
    """Every file of the target but git's own, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def run_looks(folder: Path, *, seed: int, sessions: int, policies: Sequence[str] = NAMED) -> Looks:
    """Play so many sessions, one after the other."""
    looks = Looks()
    for number, policy in zip(range(sessions), itertools.cycle(policies), strict=False):
        play(folder / str(number), f"{seed}.{number} {policy}", looks, policy=policy)
    return looks
