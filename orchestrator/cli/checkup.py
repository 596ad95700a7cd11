"""Turn what preflight finds out into findings for ``doctor``, each with a next step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import anyio

from orchestrator.agents.registry import get_agent
from orchestrator.agents.versions import is_too_old, parse_version
from orchestrator.coordinator.preflight import (
    MachineReport,
    choose_backend,
    is_logged_in,
    survey_agents,
    survey_machine,
)
from orchestrator.coordinator.worker_probe import probe_as_workers
from orchestrator.errors import EnvironmentUnfit, ExitCode, NoUsableAgent
from orchestrator.models.options import FoundAgent
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.narration.formatting import one_line
from orchestrator.session.breakdown import plan_breakdown
from orchestrator.value_class import value_class

_LOW_DISK_BYTES = 1 << 30
TRY_IT = 'orchestrate --rehearse --installed "Add a check"    (free: your own CLIs, a scripted model)'


@value_class
class Finding:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "doubtful", "missing"]
    text: str
    next_step: str | None = None


@value_class
class CheckUp:
    """All findings, and whether a run is possible."""

    can_run: bool
    tier: int
    verdict: str
    findings: tuple[Finding, ...]
    agents: tuple[FoundAgent, ...]
    exit_code: ExitCode
    """With which a run would end here at once; ``DONE`` if one is possible."""


def check_up(sandbox: SandboxConfig, environ: Mapping[str, str], *, workspace: Path) -> CheckUp:
    """Look at every CLI and at the machine.  Runs ``--version`` and the sandbox's canaries, nothing else."""
    machine = survey_machine(sandbox, environ, workspace=workspace)
    try:
        backend, _ = choose_backend(sandbox, machine.sandbox)
        sandboxed = True
    except EnvironmentUnfit:
        backend, sandboxed = "none", False
    surveyed = survey_agents(environ)
    look = partial(probe_as_workers, surveyed, sandbox=sandbox, backend=backend, environ=environ)
    found = anyio.run(look)
    usable = [get_agent(agent.name) for agent in found if agent.usable]
    plan = plan_breakdown("", usable)
    can_run = bool(usable) and sandboxed
    return CheckUp(
        can_run=can_run,
        tier=plan.tier,
        verdict=_verdict(can_run, sandboxed, tier=f"{plan.tier}" + "".join(f", {note}" for note in plan.notes)),
        findings=(
            # Nobody who uses the usual team misses an agent that is asked for by name.
            *(
                agent_finding(agent, environ)
                for agent in found
                if agent.executable or get_agent(agent.name).in_default_team
            ),
            *_machine_findings(machine, sandbox, workspace),
        ),
        agents=found,
        exit_code=_exit_code(can_run, sandboxed, any_found=any(agent.usable for agent in surveyed)),
    )


def _exit_code(can_run: bool, sandboxed: bool, *, any_found: bool) -> ExitCode:
    """The exit code a run would have: it looks for agents, then at the sandbox, then whether an agent starts in it."""
    if can_run:
        return ExitCode.DONE
    return EnvironmentUnfit.exit_code if any_found and not sandboxed else NoUsableAgent.exit_code


def _verdict(can_run: bool, sandboxed: bool, *, tier: str) -> str:
    if can_run:
        return f"a run is possible (tier {tier})"
    if not sandboxed:
        return "no run is possible: the sandbox policy is required and cannot be kept here"
    return 'no run is possible without an agent; a rehearsal is: orchestrate --rehearse "…"'


def agent_finding(found: FoundAgent, environ: Mapping[str, str]) -> Finding:
    """Say of one CLI where it is, its version beside the tested one, whether a login is there, and what has drifted."""
    agent = get_agent(found.name)
    if found.executable is None:
        return Finding(found.name, "missing", f"{agent.title} is not on PATH", f"npm install -g {agent.package}")
    version = found.version or "unknown version"
    text = f"{agent.title} {version} at {found.executable} (tested with {agent.pinned})"
    if not is_logged_in(agent, environ):
        # Only names and files were looked at: whether a login is still good only the vendor knows.
        problem = one_line(found.problem or "", 200)
        drift = f"; {problem}" if problem and not problem.startswith("not logged in") else ""
        return Finding(found.name, "missing", f"{text}, no login found{drift}", agent.credential.login_hint)
    text += ", a login is there"
    if found.problem is None:
        return Finding(found.name, "ok", text)
    text = f"{text}; {one_line(found.problem, 400)}"
    if found.usable:  # newer than what was tested: to be tried, not to be taken back
        return Finding(found.name, "doubtful", text, TRY_IT)
    # An older one is replaced by the newest; what does not start for another reason says so itself.
    old = is_too_old(agent, parse_version(found.version or ""))
    return Finding(found.name, "missing", text, f"npm install -g {agent.package}" if old else None)


def _machine_findings(machine: MachineReport, sandbox: SandboxConfig, workspace: Path) -> Iterator[Finding]:
    yield Finding("python", "ok", machine.python + (", running as root" if machine.is_root else ""))
    yield _sandbox_finding(machine, sandbox)
    for found in machine.means:
        yield Finding(found.name, "ok" if found.there else "doubtful", found.text, found.next_step)
    if machine.git:
        yield Finding("git", "ok", machine.git)
    else:
        yield Finding("git", "doubtful", "not found: changes are measured by file hashes", "install git")
    if machine.watcher == "inotify":
        yield Finding("watcher", "ok", "inotify")
    else:
        yield Finding("watcher", "doubtful", f"{machine.watcher}: events come about 10 ms later than with inotify")
    if machine.cgroup:
        yield Finding("cgroup", "ok", f"can be made in {machine.cgroup}")
    else:
        step = "give this user a delegated cgroup, e.g. systemd-run --user --scope -p Delegate=yes"
        yield Finding("cgroup", "doubtful", "none can be made: CPU limits warn instead of bind", step)
    yield from _place_findings(machine, workspace)


def _sandbox_finding(machine: MachineReport, sandbox: SandboxConfig) -> Finding:
    proof = machine.sandbox
    detail = one_line(proof.detail, 300)
    if proof.works and proof.backend != "none":
        left = f"; got out: {', '.join(proof.escaped)}" if proof.escaped else ""
        state: Literal["ok", "doubtful"] = "doubtful" if proof.escaped else "ok"
        step = "install bubblewrap and allow user namespaces" if proof.escaped else None
        return Finding("sandbox", state, f"{proof.backend}: {detail}{left}", step)
    if sandbox.backend == "none":
        return Finding("sandbox", "doubtful", "the policy asks for none", "choose another policy with --sandbox")
    text = f"{proof.backend}: {detail}; the agents would run in their own restricted modes"
    return Finding("sandbox", "missing", text, "install bubblewrap (apt install bubblewrap) and allow user namespaces")


def _place_findings(machine: MachineReport, workspace: Path) -> Iterator[Finding]:
    free = f"{machine.free_bytes / (1 << 30):.1f} GiB free"
    if machine.free_bytes < _LOW_DISK_BYTES:
        yield Finding("disk", "doubtful", free, "make room: a full disk loses what agents write")
    else:
        yield Finding("disk", "ok", free)
    yield Finding("workspace", "ok", str(workspace) + ("" if workspace.exists() else " (made at the first run)"))
    npm = shutil.which("npm")
    if npm is None:
        yield Finding("npm", "doubtful", "not found: rehearsals use stand-ins for CLIs that are missing")
