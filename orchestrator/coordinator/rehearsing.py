"""A rehearsal's stage: a copy of the target, the real CLIs or stand-ins, and the scripted model they talk to."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.coordinator.preflight import find_agent
from orchestrator.coordinator.requests import Progress, RehearsalRequest, RunRequest
from orchestrator.coordinator.staging import Stage
from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent, Rehearsal
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, ModelEndpoint
from orchestrator.rehearsal.installing import default_cache, install_clis
from orchestrator.rehearsal.model_server import REHEARSAL_KEY, model_server
from orchestrator.rehearsal.scenario import Scenario, load_scenario
from orchestrator.rehearsal.stand_in.placing import install_stand_ins

MOST_COPIED_BYTES = 256 * 1024 * 1024
"""A larger target is not copied for a rehearsal without being asked."""
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"
)


@asynccontextmanager
async def open_rehearsal(
    request: RunRequest, rehearsal: RehearsalRequest, folder: Path, *, environ: Mapping[str, str], progress: Progress
) -> AsyncIterator[Stage]:
    """Set the stage for one rehearsed session; its model server ends with the block.

    Raises:
        EnvironmentUnfit: The target cannot be copied, or no CLI can be had.
        InvalidFile: The scenario says something a scenario cannot say.
    """
    names = request.agents or tuple(AGENTS)
    kept = folder / "scenario.toml"
    if not kept.exists():
        source = rehearsal.scenario or default_scenario()
        load_scenario(source)
        shutil.copyfile(source, kept)
    scenario = load_scenario(kept)
    target = folder / "target"
    if not target.exists():
        copy_target(request.target, target, leave_out=request.workspace)
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
        endpoint = ModelEndpoint(rehearsal.server, REHEARSAL_KEY)
        yield replace(stage, rehearsal=Rehearsal(dict.fromkeys(names, endpoint), without, is_served_elsewhere=True))
        return
    async with model_server(scenario, port=rehearsal.port, bookmarks=folder / "scenario.json") as server:

        def describe(assignment: Assignment) -> None:
            server.describe(assignment.worker, target=assignment.target, scratch=assignment.scratch, session=folder)

        yield replace(stage, rehearsal=Rehearsal(server.endpoints, without), before_start=describe)


def default_scenario() -> Path:
    """The scenario of a plain ``--rehearse``."""
    return Path(__file__).parent.parent / "rehearsal" / "scenarios" / "default.toml"


def copy_target(target: Path, copy: Path, *, leave_out: Path) -> Path:
    """Copy what a rehearsal may change; the target itself is not touched.

    Raises:
        EnvironmentUnfit: It is too large, or cannot be read.
    """
    size = 0

    def ignore(folder: str, names: list[str]) -> set[str]:
        nonlocal size
        ignored = NOT_COPIED(folder, names)
        ignored |= {name for name in names if (Path(folder) / name).resolve() == leave_out.resolve()}
        for name in set(names) - ignored:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                size += path.stat().st_size
            elif not path.is_dir() and not path.is_symlink():
                ignored.add(name)  # a socket, a pipe, a device: nothing to copy
        if size > MOST_COPIED_BYTES:
            raise EnvironmentUnfit(
                f"{target} holds more than {MOST_COPIED_BYTES // 2**20} MiB, too much to copy for a rehearsal",
                hint="rehearse in a smaller folder: --target",
            )
        return ignored

    try:
        shutil.copytree(target, copy, symlinks=True, ignore=ignore)
    except (OSError, shutil.Error) as error:
        raise EnvironmentUnfit(f"cannot copy {target} for the rehearsal: {error}") from error
    return copy


def _cast(
    names: tuple[AgentName, ...],
    request: RehearsalRequest,
    *,
    folder: Path,
    environ: Mapping[str, str],
    progress: Progress,
) -> tuple[tuple[FoundAgent, ...], Mapping[str, str]]:
    """The real CLIs where npm can bring them, stand-ins for the rest."""
    system = environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    folders: list[str] = []
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
    return config.model_copy(update={"backend": "none"}) if scenario.sandbox == "open" else config
