"""Serve what the page needs on which a team is put together: its parts, the team files, a check, and saving.

What a tree means is decided here, by the code of ``orchestrate teams check``; the page only edits it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import InvalidFile, OrchestrateError, UsageError
from orchestrator.files.time_limits import off_loop
from orchestrator.models.plan_tree import Aggregator, Strategy, Tier
from orchestrator.quotation import one_line
from orchestrator.server.problems import Refusal, documented

LOOK_TIME_S: Final = 30.0
router = APIRouter(tags=["builder"], responses=documented(400, 401, 403, 404, 409, 422))
Answer = TypeVar("Answer")


class TemplateRow(BaseModel):
    """A template that an agent can be made from."""

    id: str
    role: str
    tier: str
    access: str


class Parts(BaseModel):
    """What a tree can be made of."""

    folder: str
    """Where the user's own teams lie."""
    strategies: list[str]
    aggregators: list[str]
    tiers: list[str]
    agents: list[str]
    """The CLIs there are adapters for."""
    templates: list[TemplateRow]
    gates: list[str]


class TeamFileRow(BaseModel):
    """A team file that can be opened."""

    name: str
    """The file's name without its ending."""
    origin: str
    """``user``, or ``project``: that one can be read here, not written."""


class TreeWish(BaseModel):
    """A team as the data of its file."""

    model_config = ConfigDict(extra="forbid")

    tree: dict[str, Any] = Field(examples=[{"plan": {"template": "code_reviewer"}}])
    name: str = Field(default="team", max_length=200)
    task: str = Field(default="", max_length=10_000, description="What is estimated is this task's run.")


class SaveWish(BaseModel):
    """A team, and the state of its file that was seen."""

    model_config = ConfigDict(extra="forbid")

    tree: dict[str, Any]
    seen: str | None = Field(default=None, max_length=100, description="The digest as it was opened; null: a new file.")
    without_comments: bool = Field(default=False, description="A person knows that the file's comments are lost.")


class CheckedTree(BaseModel):
    """What a tree comes to."""

    toml: str
    right: bool
    verdict: str
    """What ``orchestrate teams check`` says: what the team is, or what is wrong."""
    line: int | None = None
    """Of the TOML, where the fault is known to stand."""
    outline: list[str] = []
    estimate: str = ""


class OpenedTeam(BaseModel):
    """A team file as it stands."""

    name: str
    origin: str
    path: str
    digest: str
    comments: int
    """How many comments are lost where the file is written anew."""
    tree: dict[str, Any]


class SavedTeam(BaseModel):
    """Where the team stands now."""

    name: str
    path: str
    digest: str


async def _looked(look: Callable[[], Answer], what: str) -> Answer:
    """Do it off the loop; whatever is wrong with a file is said as it is on the command line."""
    from orchestrator.settings.own_teams import LosesComments

    try:
        return await off_loop(look, within_s=LOOK_TIME_S, what=what)
    except LosesComments as error:
        raise Refusal(409, one_line(error.message, 1000), hint="without_comments") from error
    except UsageError as error:
        raise Refusal(409, one_line(error.message, 1000), hint=error.hint) from error
    except TimeoutError as error:
        raise OrchestrateError(str(error)) from error


@router.get("/api/builder/parts", summary="What a team can be put together of")
async def parts() -> Parts:
    return await _looked(_parts, "looking for templates and gates")


def _parts() -> Parts:
    # What reads teams and gates is loaded when somebody asks for it: most who serve never do.
    from orchestrator.agents.registry import AGENTS
    from orchestrator.gates.gate_table import all_gates
    from orchestrator.settings.team_library import user_folder
    from orchestrator.settings.template_library import load_library

    templates = [entry.template for entry in load_library().values()]
    return Parts(
        folder=str(user_folder()),
        strategies=list(Strategy),
        aggregators=list(Aggregator),
        tiers=list(Tier),
        agents=list(AGENTS),
        templates=[
            TemplateRow(id=one.id, role=one_line(one.role, 100), tier=one.tier_preference, access=one.access)
            for one in templates
        ],
        gates=[one_line(name) for name in all_gates()[0]],
    )


def _project() -> Path | None:
    """The folder the server was started in, where a person has consented to its own settings.  Blocks."""
    from orchestrator.coordinator.project_trust import trusted_settings

    here = Path.cwd()
    return here if trusted_settings(here, os.environ, trust=False, policy="default").digest else None


def _folders(project: Path | None) -> Mapping[str, Path]:
    from orchestrator.settings.team_library import PROJECT_FOLDER, user_folder

    return {"user": user_folder(), **({"project": project / PROJECT_FOLDER} if project is not None else {})}


@router.get("/api/builder/teams", summary="The team files that can be opened; those of a trusted project only to read")
async def teams() -> list[TeamFileRow]:
    from orchestrator.settings.team_library import team_paths

    def look() -> list[TeamFileRow]:
        return [
            TeamFileRow(name=path.stem, origin=origin)
            for origin, folder in _folders(_project()).items()
            for path in team_paths(folder)
            if path.stem.isprintable()
        ]

    return await _looked(look, "reading the teams")


@router.get("/api/builder/team", summary="A team file, as a tree")
async def opened(
    name: Annotated[str, Query(max_length=255)], origin: Annotated[str, Query(pattern="^(user|project)$")] = "user"
) -> OpenedTeam:
    return await _looked(partial(_opened, name, origin), "reading the team")


def _opened(name: str, origin: str) -> OpenedTeam:
    from orchestrator.composition.team_text import fault_of
    from orchestrator.settings.own_teams import open_team

    project = _project() if origin == "project" else None
    folder = _folders(project).get(origin)
    if folder is None:
        raise Refusal(404, "no teams of a project count here", hint="orchestrate trust")
    own = open_team(folder, name, project=project)
    if wrong := fault_of(own.file.data):
        raise InvalidFile(own.file.path, f"this page cannot show it: {wrong}")
    return OpenedTeam(
        name=name,
        origin=origin,
        path=str(own.file.path),
        digest=own.digest,
        comments=own.comments,
        tree=own.file.data,
    )


@router.post(
    "/api/builder/check", summary="Check a tree: its TOML, what is wrong, the outline of its plan, an estimate"
)
async def check(wish: TreeWish) -> CheckedTree:
    return await _looked(partial(_checked, wish), "checking the team")


def _checked(wish: TreeWish) -> CheckedTree:
    from orchestrator.composition.team_tree import tree_rows, verdict
    from orchestrator.settings.own_teams import draft, team_of

    _refuse_unsound(wish.tree)
    file = draft(wish.name, wish.tree)
    try:
        team = team_of(file)
    except InvalidFile as error:
        return CheckedTree(toml=file.text, right=False, verdict=error.reason, line=error.line)
    rows = [words for _, words in tree_rows(team.plan)]
    return CheckedTree(
        toml=file.text, right=True, verdict=verdict(team), outline=rows, estimate=_estimate(wish.task, team)
    )


def _estimate(task: str, team: Any) -> str:
    from orchestrator.store.expected_figures import expected_figures, in_rows, recorded_outcomes

    if not task.strip():
        return "name a task, and what earlier sessions of this team took for such tasks is told"
    figures = expected_figures(
        task,
        Path.cwd(),
        recorded_outcomes(os.environ),
        team=team.name,
        no_change=not team.writes,
        agents=(),
        solo=(),
        plan=team.plan,
    )
    return in_rows(figures)[0][1]


@router.put("/api/builder/team", summary="Save a team in the user's folder; a file that says the same is left alone")
async def save(wish: SaveWish, name: Annotated[str, Query(max_length=255)]) -> SavedTeam:
    return await _looked(partial(_saved, wish, name), "saving the team")


def _saved(wish: SaveWish, name: str) -> SavedTeam:
    from orchestrator.settings.own_teams import draft, save_team

    _refuse_unsound(wish.tree)
    file = draft(name, wish.tree)
    digest = save_team(file, seen=wish.seen, without_comments=wish.without_comments)
    return SavedTeam(name=name, path=str(file.path), digest=digest)


def _refuse_unsound(tree: Mapping[str, Any]) -> None:
    from orchestrator.composition.team_text import fault_of

    if wrong := fault_of(tree):
        raise Refusal(409, wrong)
