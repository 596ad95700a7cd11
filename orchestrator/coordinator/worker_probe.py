"""Try each CLI the way a worker will run it: in the sandbox, with a private home, with the environment it is given.

That ``claude --version`` works in the user's shell says little: a version manager's shim, a wrapper script or an
interpreter in an odd place finds in the user's home what a worker does not have there.  The session that begins without
knowing this ends with exit code 127.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anyio

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.preflight import VERSION_TIME_S, Backend
from orchestrator.coordinator.proxy_trial import try_proxy
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder, Status
from orchestrator.files.programs import run_program_off_loop
from orchestrator.files.temporary import temporary_folder
from orchestrator.models.options import FoundAgent
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.environment import child_environment
from orchestrator.sandbox.host_jobs import HostJob, HostJobs
from orchestrator.session.own_words import with_line
from orchestrator.value_class import value_class

MOST_REMEMBERED: Final = 64
MOST_BYTES: Final = 64 * 1024


@value_class
class Memory:
    """Programs that have been seen to run as a worker, kept in the user's cache.

    A program is known by its path, inode and time of change, so an update is tried anew.  Failures are not kept: what
    mends them may lie elsewhere.
    """

    file: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Memory | None:
        """The user's own; ``None`` where the user has no cache folder."""
        cache = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
        return cls(Path(cache, "orchestrate", "probes.json")) if cache.startswith("/") else None

    def has(self, key: str) -> bool:
        """Whether this was seen to work."""
        return key in self._keys()

    def add(self, key: str) -> None:
        """Remember that this was seen to work; where it cannot be, it is tried again the next time."""
        keys = [*(known for known in self._keys() if known != key), key][-MOST_REMEMBERED:]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.file, json.dumps(keys, indent=1) + "\n")
        except OSError:
            return

    def _keys(self) -> Sequence[str]:
        text = ForeignFolder(self.file.parent, links="follow").read_text(self.file.name, most_bytes=MOST_BYTES)
        try:
            keys: Any = json.loads(text) if isinstance(text, str) else []
        except ValueError:
            return []
        return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


async def probe_as_workers(
    found: Sequence[FoundAgent], *, sandbox: SandboxConfig, backend: Backend, environ: Mapping[str, str]
) -> tuple[FoundAgent, ...]:
    """Start each agent's program as a worker would, and return the agents with what was found.

    Args:
        backend: The one the session runs with.
        environ: The coordinator's own.
    """
    results = list(found)
    memory = Memory.of(environ)

    async def probe(at: int) -> None:
        results[at] = await _probe(results[at], sandbox=sandbox, backend=backend, environ=environ, memory=memory)

    async with anyio.create_task_group() as tasks:
        for at, one in enumerate(found):
            if one.usable and one.executable is not None and not one.stand_in:
                tasks.start_soon(probe, at)
    return tuple(results)


async def _probe(
    found: FoundAgent,
    *,
    sandbox: SandboxConfig,
    backend: Backend,
    environ: Mapping[str, str],
    memory: Memory | None,
) -> FoundAgent:
    program = found.executable
    assert program is not None
    agent = get_agent(found.name)
    environment = child_environment(agent, sandbox, environ, {})
    environment["PATH"] = f"{Path(program).parent}:{environment.get('PATH', os.defpath)}"
    key = _key(program, sandbox, backend)
    if agent.obeys_proxy is None and needs_proxy(sandbox, backend):
        agent = replace(agent, obeys_proxy=await _tried(agent, program, environment, memory=memory, key=key))
    found = about_proxy(found, agent, sandbox=sandbox, backend=backend)
    if not found.usable:
        return found
    if memory is not None and key is not None and memory.has(key):
        return found
    problem = await _problem_of(program, environment, sandbox=sandbox, backend=backend, environ=environ)
    if problem is None:
        if memory is not None and key is not None:
            memory.add(key)
        return found
    text = (
        f"{program} works in your shell, but not as a worker runs it (home of its own, sandbox {sandbox.name}): "
        f"{problem}; put the program itself on PATH in place of a shim or a wrapper"
    )
    return replace(found, usable=False, problem=text)


async def _tried(
    agent: Agent, program: str, environment: Mapping[str, str], *, memory: Memory | None, key: str | None
) -> bool:
    """Whether the CLI asked our proxy for its model; a CLI that did is not tried again until its program changes."""
    known = None if key is None else f"{key} proxy"
    if memory is not None and known is not None and memory.has(known):
        return True
    trial = await try_proxy(agent, program, environment)
    if trial.asked and memory is not None and known is not None:
        memory.add(known)
    return trial.asked


def needs_proxy(sandbox: SandboxConfig, backend: Backend) -> bool:
    """Whether a worker leaves its sandbox through the egress proxy alone."""
    return backend == "bubblewrap" and sandbox.network != "open"


def about_proxy(found: FoundAgent, agent: Agent, *, sandbox: SandboxConfig, backend: Backend) -> FoundAgent:
    """The agent with a word about the proxy, through which alone a sandbox that lists hosts is left."""
    if agent.obeys_proxy is not False or not needs_proxy(sandbox, backend):
        return found
    problem = (
        f"{agent.title} does not use HTTP_PROXY, the only egress under the policy {sandbox.name}, so it would find no "
        "network; choose a policy with an open network, or leave it out"
    )
    return replace(found, usable=False, problem=problem)


def _key(program: str, sandbox: SandboxConfig, backend: Backend) -> str | None:
    """The key under which a program is remembered; it includes the policy, which may be what prevents a start."""
    status = ForeignFolder(Path("/"), links="follow").status(program.lstrip("/"))
    if not isinstance(status, Status):
        return None
    return f"{program} {status.inode} {status.mtime_ns} {sandbox.name} {sandbox.root} {backend}"


async def _problem_of(
    program: str,
    environment: Mapping[str, str],
    *,
    sandbox: SandboxConfig,
    backend: Backend,
    environ: Mapping[str, str],
) -> str | None:
    """Why it does not start that way, in its own words; ``None`` where it does."""
    with temporary_folder("probe") as folder:
        argv = (program, "--version")
        if backend == "bubblewrap":
            home = folder / "home"
            job = HostJob(argv, home, readable=sandbox.readable, env=environment, within_s=VERSION_TIME_S)
            ran = await HostJobs(folder, (), environ).run(job)
            return _words(ran.code, ran.stderr)
        own = {**environment, "HOME": str(folder)}
        done = await run_program_off_loop(
            argv, cwd=str(folder), env=own, within_s=VERSION_TIME_S, most_bytes=MOST_BYTES, thorough=True
        )
        return _words(done.code, done.stderr or done.detail.encode())


def _words(code: int | None, stderr: bytes) -> str | None:
    if code == 0:
        return None
    words: tuple[str, ...] = ()
    for line in stderr.decode("utf-8", "replace").splitlines():
        words = with_line(words, line)
    said = f": {' / '.join(words)}" if words else ""
    return f"it did not answer within {VERSION_TIME_S:g} s{said}" if code is None else f"it ended with {code}{said}"
