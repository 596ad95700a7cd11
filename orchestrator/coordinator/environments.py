"""Choose what a session talks to: the vendors' services with the user's logins, or the rehearsal's model server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.coordinator.isolation import COPY_TIME_S, copy_for_session
from orchestrator.coordinator.preflight import survey_agents
from orchestrator.coordinator.session_request import Progress, RunRequest
from orchestrator.errors import EnvironmentUnfit, NoUsableAgent
from orchestrator.files.foreign import MOST_LOGIN_BYTES, ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.models.options import FoundAgent, Rehearsal
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.quotation import quoted_name
from orchestrator.safety.secret_values import secret_values, secrets_in_login, secrets_in_settings
from orchestrator.value_class import value_class

SURVEY_TIME_S = 60.0
"""Each is asked at the same time and given 20 s, so this bounds a hang alone."""


@value_class
class Stage:
    """Everything that differs between a rehearsal and the real thing."""

    target: Path
    found: tuple[FoundAgent, ...]
    environ: Mapping[str, str]
    """What the crew builds the children's environment from."""
    sandbox: SandboxConfig
    rehearsal: Rehearsal | None = None
    before_start: Callable[[Assignment], None] = lambda _: None
    secrets: frozenset[str] = frozenset()
    """Values of the coordinator's own environment, and of the user's logins, that must not show anywhere."""


async def find_agents(request: RunRequest, environ: Mapping[str, str]) -> tuple[FoundAgent, ...]:
    """The CLIs of this machine that the request allows; none for a rehearsal, which brings its own.

    Raises:
        NoUsableAgent: There is no agent to work with.
    """
    if request.rehearsal is not None:
        return ()
    found = await _survey(request, environ)
    if not any(agent.usable for agent in found):
        raise NoUsableAgent({agent.name: agent.problem or "not usable" for agent in found})
    return found


async def _survey(request: RunRequest, environ: Mapping[str, str]) -> tuple[FoundAgent, ...]:
    survey = partial(survey_agents, environ, request.agents or TEAM)
    return await off_loop(survey, within_s=SURVEY_TIME_S, what="asking the CLIs for their versions")


@asynccontextmanager
async def open_stage(
    request: RunRequest,
    folder: Path,
    *,
    environ: Mapping[str, str],
    progress: Progress,
    found: tuple[FoundAgent, ...] | None = None,
) -> AsyncIterator[Stage]:
    """Set the stage for one session; what it starts ends with the block.

    Args:
        folder: The session's own, for the scratch copy of the target.
        found: The CLIs of this machine, where somebody has looked already; a rehearsal brings its own.

    Raises:
        EnvironmentUnfit: The target cannot be copied, or no CLI can be had.
        InvalidFile: The scenario says something a scenario cannot say.
    """
    if request.rehearsal is None:
        found = found or await _survey(request, environ)
        target = await _own_copy(request, folder, progress) if request.isolated else request.target
        yield Stage(target, found, environ, request.sandbox, secrets=known_secrets(environ))
        return
    # The scripted model and its players are nothing that real work should pay for.
    from orchestrator.coordinator.rehearsal import open_rehearsal

    async with open_rehearsal(request, request.rehearsal, folder, environ=environ, progress=progress) as stage:
        yield stage


async def _own_copy(request: RunRequest, folder: Path, progress: Progress) -> Path:
    copy = folder / "target"
    progress(f"copying {quoted_name(str(request.target))}")
    act = partial(copy_for_session, request.target, copy, workspace=request.workspace)
    try:
        notes = await off_loop(act, within_s=COPY_TIME_S, what=f"copying {request.target}")
    except TimeoutError as error:
        raise EnvironmentUnfit(str(error), hint="leave out --isolated") from error
    for note in notes:
        progress(note)
    return copy


def known_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """What must not show: the secrets of the environment, and those in the user's login files."""
    home = ForeignFolder(Path(environ.get("HOME") or "/"), links="follow")
    found = set(secret_values(environ))
    for agent in AGENTS.values():
        for name in agent.credential.files:
            text = home.read_text(name, most_bytes=MOST_LOGIN_BYTES)
            found |= secrets_in_login(text) if isinstance(text, str) else set()
        found |= _secrets_brought(agent, home, environ)
    return frozenset(found)


def _secrets_brought(agent: Agent, home: ForeignFolder, environ: Mapping[str, str]) -> frozenset[str]:
    """The secrets in what a worker may get besides: the user's MCP servers and providers, and a cloud's own files."""
    names = {str(one.path) for one in agent.user_settings if one.kind in ("mcp", "providers")}
    texts = [home.read_text(name, most_bytes=MOST_LOGIN_BYTES) for name in sorted(names)]
    for provider in agent.credential.chosen(environ):
        texts += [home.read_text(name, most_bytes=MOST_LOGIN_BYTES) for name in provider.files]
        named = (environ.get(name, "") for name in provider.file_variables)
        root = ForeignFolder(Path("/"), links="follow")
        texts += [root.read_text(path[1:], most_bytes=MOST_LOGIN_BYTES) for path in named if path.startswith("/")]
    known = (text for text in texts if isinstance(text, str))
    return frozenset(secret for text in known for secret in secrets_in_settings(text))
