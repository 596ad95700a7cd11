"""Record the pinned releases of the agents' CLIs, as their adapters launch them, against the scripted model.

    python -m benchmarks.recordings [--into FOLDER] [--case NAME]... [AGENT]...

Each case of the table below becomes a folder with ``stdout.jsonl``, ``stderr.log`` and ``meta.json``.  Paths of this
machine are replaced.  The golden ``events.json`` is written by ``pytest tests/agents --update-goldens``; its difference
is read like code.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.rehearsal.installing import default_cache, install_clis
from orchestrator.rehearsal.model_server import ModelServer, model_server
from orchestrator.rehearsal.scenario import Scenario

RECORDINGS: Final = Path(__file__).resolve().parent.parent / "tests" / "recordings"
SHOWN: Final = "/home/dev/src"
"""The folder that stands in a recording for this machine's."""
LONGEST_S: Final = 30.0
"""One that asks a refusing model again for ever is stopped then."""
STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Case:
    """What the model does, and how the launch differs from that of an ordinary implementer."""

    steps: Sequence[Mapping[str, Any]]
    changes: Mapping[str, Any] = field(default_factory=dict)


_SCHEMA: Final = {
    "type": "object",
    "properties": {"verdict": {"type": "string"}, "summary": {"type": "string"}},
    "required": ["verdict", "summary"],
    "additionalProperties": False,
}

CASES: Final[Mapping[str, Case]] = {
    "edit": Case(
        (
            {"think": "A small file is enough."},
            {"say": "I write."},
            {"write": {"path": "{target}/a.txt", "text": "a\n"}},
            {"run": "cat {target}/a.txt"},
            {"report": {"type": "milestone", "text": "it stands"}},
            {"say": "Done."},
            {"usage": {"input": 1200, "output": 345, "cached": 200, "thinking": 20}},
        )
    ),
    "reply": Case(
        ({"reply": {"verdict": "approved", "summary": "Good."}},), {"role": Role.REVIEWER, "reply_schema": _SCHEMA}
    ),
    "denied": Case(
        ({"run": "touch /etc/not-mine.txt"}, {"say": "I may not write there."}), {"bypass_approvals": False}
    ),
    "failed-command": Case(({"run": "exit 3"}, {"say": "It failed."})),
    "failed-read": Case(({"read": "{target}/missing.txt"}, {"say": "It is missing."})),
    "refused-key": Case(({"status": 401, "times": 0, "message": "Incorrect API key provided"},)),
    "limit": Case(({"status": 429, "times": 0, "message": "Rate limit reached, try again in 20m"},)),
    "server-error": Case(({"status": 500, "times": 0, "message": "The server had an error"},)),
    "no-session": Case(({"say": "x"},), {"resume": "00000000-0000-4000-8000-000000000000"}),
}


async def record(agent: Agent, name: str, into: Path, programs: Path) -> None:
    """Let one CLI play one case and write down what it said."""
    case = CASES[name]
    turn = {"agent": agent.name, "step": list(case.steps)}
    with tempfile.TemporaryDirectory(prefix="recording-", dir=default_cache()) as made:
        root = Path(made)
        async with model_server(Scenario.model_validate({"name": name, "turn": [turn]})) as server:
            assignment = _assignment(agent, root, server, case)
            server.describe(agent.name, target=assignment.target, scratch=assignment.scratch)
            meta = await anyio.to_thread.run_sync(_run, agent, assignment, root, programs)
        meta = {"cli": agent.name, "version": agent.pinned, **meta, "model_turns": [list(case.steps)]}
        folder = into / name
        folder.mkdir(parents=True, exist_ok=True)
        (root / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        for file in ("meta.json", "stdout.jsonl", "stderr.log"):
            text = (root / file).read_bytes()
            for old, new in _replacements(root, programs, f"{SHOWN}/{agent.name}/{name}"):
                text = text.replace(old.encode(), new.encode())
            (folder / file).write_bytes(text)


def _assignment(agent: Agent, root: Path, server: ModelServer, case: Case) -> Assignment:
    target, scratch, home = (root / part for part in ("target", "scratch", "home"))
    for folder in (target, scratch, home / "tmp"):
        folder.mkdir(parents=True)
    role = case.changes.get("role", Role.IMPLEMENTER)
    plain = Assignment(
        worker=WorkerId(agent.name),
        agent=agent.name,
        role=role,
        prompt=f"[orchestrate worker={agent.name} role={role} review=-]\ngo\n",
        target=target,
        scratch=scratch,
        home=home,
        writable=(scratch, target),
        endpoint=server.endpoints[agent.name],
        extra_env={"CLAUDE_CODE_MAX_RETRIES": "1"} if agent.name == "claude" else {},
    )
    return replace(plain, **case.changes)


def _run(agent: Agent, assignment: Assignment, root: Path, programs: Path) -> Mapping[str, Any]:
    spec = agent.launch(assignment)
    for file in spec.files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.content, encoding="utf-8")
    own = {"PATH": "/usr/bin:/bin", "HOME": str(assignment.home), "TMPDIR": str(assignment.home / "tmp")}
    env = {**own, "LANG": "C.UTF-8", **spec.env}
    shown = [*(f"{name}={value}" for name, value in env.items()), *spec.argv]
    began, sent = time.monotonic(), []
    with (root / "stdout.jsonl").open("wb") as out, (root / "stderr.log").open("wb") as err:
        process = subprocess.Popen(
            [str(programs / spec.argv[0]), *spec.argv[1:]],
            cwd=spec.cwd,
            env={**env, "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            process.communicate(spec.stdin.encode(), timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            sent.append(spec.stop_ladder[0].signal)
            process.send_signal(signal.Signals[f"SIG{sent[0]}"])
            process.wait(STOP_S)
        finally:
            _end_group(process)
    return {
        "command": f"cd {spec.cwd} && env -i {shlex.join(shown)}",
        "exit": str(process.returncode),
        "exit_s": round(time.monotonic() - began, 1),
        "signals": sent,
    }


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _replacements(root: Path, programs: Path, shown: str) -> Sequence[tuple[str, str]]:
    """What of this machine is written differently: claude has dashes for slashes, opencode no slash at the front."""
    installed = str(programs.parent.parent)
    return (
        (str(root), shown),
        (str(root).lstrip("/"), shown.lstrip("/")),
        (re.sub(r"[^A-Za-z0-9]", "-", str(root)), shown.replace("/", "-")),
        (installed, "/usr/local/lib/agent-clis"),
    )


async def main(words: Sequence[str]) -> int:
    """Record what is asked for; everything of the adapters in this checkout where nothing is."""
    into: Path | None = None
    cases, names, rest = [], [], list(words)
    while rest:
        word = rest.pop(0)
        if word == "--into" and rest:
            into = Path(rest.pop(0))
        elif word == "--case" and rest:
            cases.append(rest.pop(0))
        elif word in AGENTS:
            names.append(word)
        else:
            sys.stderr.write(f"{__doc__}\nunknown: {word}\nagents: {', '.join(AGENTS)}\ncases: {', '.join(CASES)}\n")
            return 2
    for name in names or AGENTS:
        agent = get_agent(name)
        programs = install_clis({agent.package: agent.pinned}, default_cache(), report=print)
        for case in cases or CASES:
            folder = (into or RECORDINGS) / f"{agent.name}-{agent.pinned}"
            await record(agent, case, folder, programs)
            print(f"{folder / case}")
    return 0


if __name__ == "__main__":
    sys.exit(anyio.run(main, sys.argv[1:]))
