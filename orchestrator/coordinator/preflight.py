"""Find out what this machine has: CLIs, versions, logins, sandbox.  Nothing that is run costs money."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.agents.versions import is_too_old, known_drifts, parse_version
from orchestrator.coordinator.version_managers import program_behind
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.programs import run_program
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.enforcement import Means, means
from orchestrator.sandbox.proof import SandboxProof, prove_backend
from orchestrator.value_class import value_class

Backend: TypeAlias = Literal["bubblewrap", "landlock", "none"]
VERSION_TIME_S = 20.0
"""Longest wait for ``--version``: gemini's takes 1.3 s on an idle machine (observed, 0.61.0)."""
MOST_VERSION_BYTES = 1024 * 1024


@value_class
class MachineReport:
    """What the machine can do, for ``doctor`` and for the start of a run."""

    python: str
    sandbox: SandboxProof
    git: str | None
    watcher: str
    """``inotify`` or ``watchfiles``."""
    cgroup: str | None
    """A folder in which cgroups can be made, ``None`` where there is none."""
    free_bytes: int
    is_root: bool
    means: tuple[Means, ...] = ()
    """Each thing that can hold a worker here."""


def survey_agents(environ: Mapping[str, str], names: Iterable[AgentName] | None = None) -> tuple[FoundAgent, ...]:
    """Look for each CLI on PATH and ask for its version; in the order of the registry."""
    agents = [get_agent(name) for name in names] if names is not None else list(AGENTS.values())
    # Each with the caller's time limit, so that what they ask ends with it.
    looks = [partial(copy_context().run, find_agent, agent, environ) for agent in agents]
    with ThreadPoolExecutor(max_workers=max(1, len(agents))) as pool:
        return tuple(pool.map(lambda look: look(), looks))


def find_agent(agent: Agent, environ: Mapping[str, str], *, needs_login: bool = True) -> FoundAgent:
    """Find one CLI.  It is usable unless it is missing, does not start, or is known to be too old."""
    path = shutil.which(agent.executable, path=environ.get("PATH", os.defpath))
    if path is None:
        hint = f"not on PATH; install it with: npm install -g {agent.package}"
        return FoundAgent(agent.name, usable=False, problem=hint)
    path, problem = program_behind(path, environ)
    if problem is not None:
        return FoundAgent(agent.name, usable=False, executable=path, problem=problem)
    printed, problem = _ask_version(path, environ)
    if problem is not None:
        return FoundAgent(agent.name, usable=False, executable=path, problem=problem)
    version = parse_version(printed)
    shown = ".".join(map(str, version)) if version else None
    drifts = known_drifts(agent, version)
    if is_too_old(agent, version):
        return FoundAgent(agent.name, usable=False, version=shown, executable=path, problem=drifts[0])
    if needs_login and not is_logged_in(agent, environ):
        problem = f"not logged in: {agent.credential.login_hint}"
        return FoundAgent(agent.name, usable=False, version=shown, executable=path, problem=problem)
    return FoundAgent(agent.name, usable=True, version=shown, executable=path, problem="; ".join(drifts) or None)


def is_logged_in(agent: Agent, environ: Mapping[str, str]) -> bool:
    """Whether one of the CLI's credentials is there; whether it is still good only the vendor knows."""
    if any(environ.get(name) for name in agent.credential.environment) or agent.credential.chosen(environ):
        return True
    home = ForeignFolder(Path(environ.get("HOME", str(Path.home()))), links="follow")
    return any(home.is_file(relative) for relative in agent.credential.files)


def survey_machine(
    sandbox: SandboxConfig, environ: Mapping[str, str], *, workspace: Path | None = None
) -> MachineReport:
    """Find out by trying what sandbox the machine can provide."""
    watcher = environ.get("ORCHESTRATOR_WATCHER", "inotify" if sys.platform == "linux" else "watchfiles")
    place = workspace if workspace is not None and workspace.exists() else Path.cwd()
    _, proof, told = prove_some_sandbox(sandbox, environ)
    return MachineReport(
        python=sys.version.split()[0],
        sandbox=replace(proof, detail="; ".join((*told, proof.detail))),
        git=shutil.which("git", path=environ.get("PATH", os.defpath)),
        watcher=watcher,
        cgroup=_cgroup_folder(),
        free_bytes=shutil.disk_usage(place).free,
        is_root=hasattr(os, "geteuid") and os.geteuid() == 0,
        means=means(environ),
    )


def prove_some_sandbox(
    config: SandboxConfig, environ: Mapping[str, str], *, cache: Path | None = None
) -> tuple[SandboxConfig, SandboxProof, tuple[str, ...]]:
    """Find the policy that can be kept here, its proof, and a loud warning about any difference.

    Some machines give a worker every namespace but one of the network; a sandbox with an open network is then better
    than none, for a policy that only prefers one.

    Args:
        cache: A file of ours; what it says has held on this machine since it started is not tried again.
    """
    proof = prove_backend(config, environ, cache=cache)
    if proof.works or config.enforcement == "required" or config.network == "open":
        return config, proof, ()
    opened = replace(config, network="open")
    weaker = prove_backend(opened, environ, cache=cache)
    if not weaker.works:
        return config, proof, ()
    return opened, weaker, (f"OPEN NETWORK: workers reach every host, since the list cannot be kept: {proof.detail}",)


def choose_backend(config: SandboxConfig, proof: SandboxProof) -> tuple[Backend, tuple[str, ...]]:
    """Choose the sandbox backend, and return it with a loud warning if there has to be one.

    Raises:
        EnvironmentUnfit: The policy requires a sandbox and none works here.
    """
    if config.backend == "none":
        return "none", (f"NO SANDBOX, as asked: {proof.detail}",)
    if proof.works and proof.backend == "bubblewrap":
        return "bubblewrap", ()
    if proof.works and (config.enforcement != "required" or not proof.escaped):
        return "landlock", (f"WEAKER SANDBOX: {proof.detail}",)
    if config.enforcement == "required" or config.backend == "bubblewrap":
        raise EnvironmentUnfit(
            f"the sandbox policy {config.name!r} needs a sandbox, and none works here: {proof.detail}",
            hint="orchestrate doctor says how to get one",
        )
    network = "" if config.network == "open" else ", and nothing holds the network back"
    return "none", (f"NO SANDBOX: {proof.detail}; the CLIs run in their own restricted modes{network}",)


def _ask_version(path: str, environ: Mapping[str, str]) -> tuple[str, str | None]:
    kept = {name: environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in environ}
    done = run_program(
        [path, "--version"], cwd=".", env=kept, within_s=VERSION_TIME_S, most_bytes=MOST_VERSION_BYTES, thorough=True
    )
    if done.ended == "time":
        return "", f"{path} --version did not answer within {VERSION_TIME_S:g} s"
    if done.ended != "exit":
        return "", f"{path} --version: {done.problem}"
    if done.code != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return "", f"{path} --version ended with {done.code}: {said[-1] if said else 'it said nothing'}"
    return done.stdout.decode("utf-8", "replace"), None


def _cgroup_folder() -> str | None:
    for folder in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if Path(folder, "cgroup.procs").exists() and os.access(Path(folder, "cgroup.procs"), os.W_OK):
            return folder
    return None
