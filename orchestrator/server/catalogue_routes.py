"""Serve what is the same for all sessions: the teams one can ask for, and the gates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel

from orchestrator.errors import OrchestrateError
from orchestrator.files.time_limits import off_loop
from orchestrator.quotation import one_line
from orchestrator.server.problems import Refusal, documented

LOOK_TIME_S = 20.0
router = APIRouter(tags=["catalogue"], responses=documented(400, 401, 403, 409))
_BUILT_IN: Final[Mapping[str, str]] = {
    "change": "One agent designs, one makes the change, one reviews it.",
    "solo": "One agent makes the change, and another one reviews it.",
    "answer": "One agent reads and answers; nobody may write in the target.",
}


class TeamRow(BaseModel):
    """One team."""

    name: str
    title: str
    origin: str
    """``built in``, or the user's file it stands in."""
    writes: bool


class GateRow(BaseModel):
    """One gate."""

    name: str
    title: str
    threshold: str
    """When it passes where nobody says otherwise, in words."""
    blocking: bool
    tool: str
    languages: tuple[str, ...]


@router.get("/api/teams", summary="The teams: built in, and the user's own")
async def teams() -> list[TeamRow]:
    # What reads teams, and the gates below, is loaded when somebody asks for it: most who serve never do.
    from orchestrator.settings.team_library import load_teams

    built_in = [
        TeamRow(name=name, title=title, origin="built in", writes=name != "answer") for name, title in _BUILT_IN.items()
    ]
    try:
        own = await off_loop(load_teams, within_s=LOOK_TIME_S, what="reading the teams")
    except (OrchestrateError, TimeoutError) as error:
        raise Refusal(409, f"your own teams cannot be read: {error}") from error
    rows = [
        TeamRow(name=name, title=one_line(team.description, 300), origin=one_line(str(team.path)), writes=team.writes)
        for name, team in own.items()
    ]
    return [*built_in, *rows]


@router.get("/api/gates", summary="The gates, each with the threshold it has where nobody sets another")
async def gates() -> list[GateRow]:
    return await off_loop(partial(_gates), within_s=LOOK_TIME_S, what="loading the gates")


def _gates() -> list[GateRow]:
    from orchestrator.gates.gate_table import all_gates

    found, _ = all_gates()
    return [
        GateRow(
            name=one_line(name),
            title=one_line(gate.title, 300),
            threshold=f"{gate.direction} {gate.threshold:g}{f' {gate.unit}' if gate.unit else ''}",
            blocking=gate.blocking,
            tool=one_line(gate.tool or gate.source),
            languages=tuple(str(language) for language in gate.languages),
        )
        for name, gate in found.items()
    ]
