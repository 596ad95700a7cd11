"""Prepare a rehearsal: a copy of the target, the CLIs or their stand-ins, and the scripted model they talk to."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import assert_never

from orchestrator.agents.registry import TEAM, get_agent
from orchestrator.coordinator.environments import Stage
from orchestrator.coordinator.preflight import find_agent
from orchestrator.coordinator.session_request import Progress, RehearsalRequest, RunRequest
from orchestrator.errors import EnvironmentUnfit, NoUsableAgent, OrchestrateError
from orchestrator.files.foreign import Entry, ForeignFolder, Status, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent, Rehearsal
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, ModelEndpoint
from orchestrator.rehearsal.installing import default_cache, install_clis
from orchestrator.rehearsal.model_server import model_server, rehearsal_key
from orchestrator.rehearsal.scenario import Scenario, load_scenario
from orchestrator.rehearsal.stand_in.executables import install_stand_ins

MOST_COPIED_BYTES = 256 * 1024 * 1024
"""A larger target is not copied for a rehearsal without being asked."""
MOST_COPIED_ENTRIES = 200_000
COPY_TIME_S = 300.0
MOST_SAID = 10
_SMALLER = "rehearse in a smaller folder: --target"
NOT_COPIED = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)
"""Found again where they lie, or made again by who needs them."""


@asynccontextmanager
async def open_rehearsal(
    request: RunRequest, rehearsal: RehearsalRequest, folder: Path, *, environ: Mapping[str, str], progress: Progress
) -> AsyncIterator[Stage]:
    """Set the stage for one rehearsed session; its model server ends with the block.

    Raises:
        EnvironmentUnfit: The target cannot be copied, or no CLI can be had.
        InvalidFile: The scenario says something a scenario cannot say.
    """
    names = request.agents or TEAM
    kept = folder / "scenario.toml"
    if not kept.exists():
        source = rehearsal.scenario or default_scenario()
        load_scenario(source)
        shutil.copyfile(source, kept)
    scenario = load_scenario(kept)
    target = folder / "target"
    if not target.exists():
        said: list[str] = []
        act = partial(copy_target, request.target, target, leave_out=request.workspace, say=said.append)
        try:
            await off_loop(act, within_s=COPY_TIME_S, what=f"copying {request.target}")
        except TimeoutError as error:
            raise EnvironmentUnfit(str(error), hint=_SMALLER) from error
        for text in said[:MOST_SAID]:
            progress(text)
        if len(said) > MOST_SAID:
            progress(f"and {len(said) - MOST_SAID} more were left out")
    found, path = _cast(names, rehearsal, folder=folder, environ=environ, progress=progress)
    sandbox = _sandbox_for(request.sandbox, scenario)
    stage = Stage(
        target=target,
        found=found,
        # A rehearsal never sees the user's home or keys.
        environ={**{k: v for k, v in environ.items() if k in ("LANG", "LC_ALL", "TZ", "TERM")}, **path},
        sandbox=sandbox,
    )
    without = {AgentName(name): flags for name, flags in scenario.launch_without.items()}
    if rehearsal.server is not None:
        endpoints = {name: ModelEndpoint(rehearsal.server, rehearsal_key(name)) for name in names}
        yield replace(stage, rehearsal=Rehearsal(endpoints, without, rehearsal.installed, is_served_elsewhere=True))
        return
    async with model_server(scenario, port=rehearsal.port, bookmarks=folder / "scenario.json") as server:

        def describe(assignment: Assignment) -> None:
            server.describe(assignment.worker, target=assignment.target, scratch=assignment.scratch, session=folder)

        yield replace(stage, rehearsal=Rehearsal(server.endpoints, without, rehearsal.installed), before_start=describe)


def default_scenario() -> Path:
    """The scenario of a plain ``--rehearse``."""
    return Path(__file__).parent.parent / "rehearsal" / "scenarios" / "default.toml"


def copy_target(target: Path, copy: Path, *, leave_out: Path, say: Progress = lambda _: None) -> Path:
    """Copy what a rehearsal may change; the target itself is not touched.

    Raises:
        EnvironmentUnfit: It is too large, or cannot be read.
    """
    source = ForeignFolder(target)
    left_out = ForeignFolder(leave_out).status()
    ours = left_out.identity if isinstance(left_out, Status) else None
    found: list[Entry] = []
    size = 0

    def is_passed_over(entry: Entry) -> bool:
        return entry.base in NOT_COPIED or entry.status.identity == ours

    for entry in source.walk(most=MOST_COPIED_ENTRIES, skip=is_passed_over):
        if isinstance(entry, Unread):
            if entry.reason in ("too many", "took too long"):
                raise EnvironmentUnfit(f"cannot copy {target} for the rehearsal: it {entry.detail}", hint=_SMALLER)
            say(f"left out of the rehearsal's copy: {entry}")
            continue
        found.append(entry)
        size += entry.status.size if entry.status.kind == "file" else 0
        if size > MOST_COPIED_BYTES:
            raise EnvironmentUnfit(
                f"{target} holds more than {MOST_COPIED_BYTES // 2**20} MiB, too much to copy for a rehearsal",
                hint=_SMALLER,
            )
    try:
        copy.mkdir(parents=True)
        for entry in found:
            problem = _copy_entry(source, entry, copy / entry.name)
            if problem is not None:
                say(f"left out of the rehearsal's copy: {problem}")
    except OSError as error:
        raise EnvironmentUnfit(f"cannot copy {target} for the rehearsal: {error}") from error
    return copy


def _copy_entry(source: ForeignFolder, entry: Entry, place: Path) -> Unread | None:
    match entry.status.kind:
        case "folder":
            place.mkdir(mode=entry.status.mode & 0o777 | 0o700)
        case "link":
            said = source.link(entry.name)
            if isinstance(said, Unread):
                return said
            place.symlink_to(said)
        case "file":
            copied = source.copy(entry.name, place, most_bytes=MOST_COPIED_BYTES)
            if isinstance(copied, Unread):
                return copied
            os.utime(place, ns=(copied.mtime_ns, copied.mtime_ns))
        case "pipe" | "socket" | "device":
            pass  # nothing to copy
        case _:
            assert_never(entry.status.kind)
    return None


def _cast(
    names: tuple[AgentName, ...],
    request: RehearsalRequest,
    *,
    folder: Path,
    environ: Mapping[str, str],
    progress: Progress,
) -> tuple[tuple[FoundAgent, ...], Mapping[str, str]]:
    """The user's own CLIs if asked for; else the pinned ones where npm can bring them, and stand-ins for the rest."""
    system = environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    folders: list[str] = []
    if request.installed:
        found = tuple(find_agent(get_agent(name), environ, needs_login=False) for name in names)
        if not any(agent.usable for agent in found):
            raise NoUsableAgent({agent.name: agent.problem or "not usable" for agent in found})
        return found, {"PATH": system}
    if not request.stand_ins:
        packages = {get_agent(name).package: get_agent(name).pinned for name in names}
        try:
            folders.append(str(install_clis(packages, default_cache(), report=progress)))
        except OrchestrateError as error:
            progress(f"{error.message}; built-in stand-ins play the agents")
    folders.append(str(install_stand_ins(folder / "stand-ins", Path(sys.executable))))
    # The stand-ins are Python programs: what is on PATH can be seen in the sandbox, so their interpreter must be, too.
    interpreters = [str(Path(prefix) / "bin") for prefix in (sys.prefix, sys.base_prefix)]
    path = {"PATH": ":".join([*folders, system, *interpreters])}
    found = tuple(find_agent(get_agent(name), path, needs_login=False) for name in names)
    return tuple(_marked(agent, folders[-1]) for agent in found), path


def _marked(found: FoundAgent, stand_ins: str) -> FoundAgent:
    is_stand_in = found.executable is not None and found.executable.startswith(stand_ins)
    return replace(found, stand_in=True, problem=None) if is_stand_in else found


def _sandbox_for(config: SandboxConfig, scenario: Scenario) -> SandboxConfig:
    return replace(config, backend="none") if scenario.sandbox == "open" else config
