"""Serve the metrics over many sessions, where tuning stands, and the user's settings; they belong to no one session."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import OrchestrateError
from orchestrator.files.time_limits import off_loop
from orchestrator.server.dependencies import hub_of
from orchestrator.server.problems import Refusal, documented
from orchestrator.settings.keys import KNOWN
from orchestrator.settings.settings_files import change_setting, load_settings, user_file
from orchestrator.settings.user_places import state_folder
from orchestrator.store.measured_sessions import measured_sessions, outcomes_of_sessions
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.tuning_log import TuningLog
from orchestrator.store.tuning_views import Decision, Status, decisions_of, status_of, switched
from orchestrator.tuning.antipatterns import AntiPattern, detect_coordination_antipatterns
from orchestrator.tuning.session_metrics import Metric, metrics_of
from orchestrator.tuning.tuner import Tuning, rolled_back
from orchestrator.tuning.tuner import reset as reset_by
from orchestrator.tuning.tuning_events import TuningEvent

LOOK_TIME_S: Final = 60.0
BY: Final = "dashboard"
router = APIRouter(tags=["tuning"], responses=documented(400, 401, 403, 404, 409, 422))
Answer = TypeVar("Answer")
_MOST_DECISIONS: Final = 200


class MetricsView(BaseModel):
    """What ``orchestrate metrics --json`` says."""

    sessions: int
    without_outcome: int
    left_out: list[dict[str, str]]
    metrics: list[Metric]
    antipatterns: list[AntiPattern]


class TuningView(BaseModel):
    """Where tuning stands, and the latest that it has decided."""

    status: Status
    decisions: list[Decision]
    """The newest last."""


class RollbackWish(BaseModel):
    """Which change is taken back."""

    model_config = ConfigDict(extra="forbid")

    trial: str = Field(max_length=100, examples=["trial-3"])


class SettingWish(BaseModel):
    """One setting, and what it is to be."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, examples=["budget.per_day"])
    value: str = Field(max_length=10_000, description="As TOML writes it; anything else is taken for a text.")


class SettingRow(BaseModel):
    """One setting there is."""

    name: str
    means: str
    value: Any = None
    """``null``: not set."""


class SettingsView(BaseModel):
    """The user's own settings; those of a project count in its sessions alone."""

    file: str
    settings: list[SettingRow]
    lacks: str = ""
    """What is to be set as well, until then the file is refused."""


async def _looked(look: Callable[[], Answer], what: str) -> Answer:
    try:
        return await off_loop(look, within_s=LOOK_TIME_S, what=what)
    except TimeoutError as error:
        raise OrchestrateError(str(error)) from error


@router.get("/api/metrics", summary="Figures over the sessions of the workspace that have ended")
async def metrics(
    request: Request,
    *,
    since_s: Annotated[float | None, Query(gt=0, le=1e10, description="Only those begun in so many seconds.")] = None,
    rehearsals: Annotated[bool, Query(description="Rehearsals alone, in place of real sessions.")] = False,
) -> MetricsView:
    workspace = hub_of(request).workspace

    def look() -> MetricsView:
        measured = measured_sessions(workspace)
        begin = datetime.now(UTC) - timedelta(seconds=since_s) if since_s is not None else None
        chosen = [
            one
            for one in measured.sessions
            if one.ended and one.rehearsal is rehearsals and (begin is None or one.opened_at >= begin)
        ]
        outcomes = outcomes_of_sessions(OutcomeLog(state_folder(os.environ)), chosen)
        return MetricsView(
            sessions=len(chosen),
            without_outcome=len(chosen) - len(outcomes),
            left_out=[{"session": name, "why": why} for name, why in measured.problems],
            metrics=list(metrics_of(chosen, outcomes)),
            antipatterns=list(detect_coordination_antipatterns(chosen)),
        )

    return await _looked(look, "measuring the sessions")


def _view(log: TuningLog) -> TuningView:
    return TuningView(status=status_of(log.tuning()), decisions=list(decisions_of(log.read()))[-_MOST_DECISIONS:])


async def _acted(what: Callable[[Tuning], Sequence[TuningEvent]]) -> TuningView:
    log = TuningLog(state_folder(os.environ))

    def act() -> TuningView:
        log.act(what)
        return _view(log)

    return await _looked(act, "writing the log of tuning")


@router.get("/api/tuning", summary="Where tuning stands, and what it has decided")
async def tuning() -> TuningView:
    return await _looked(partial(_view, TuningLog(state_folder(os.environ))), "reading the log of tuning")


@router.post("/api/tuning/freeze", summary="Leave everything as it is: nothing is tried and nothing taken back")
async def freeze() -> TuningView:
    return await _acted(lambda tuning: switched(tuning, "frozen", by=BY))


@router.post("/api/tuning/rollback", summary="Take one change back that is in force")
async def rollback(wish: RollbackWish) -> TuningView:
    def take_back(tuning: Tuning) -> Sequence[TuningEvent]:
        found = rolled_back(tuning, wish.trial, by=BY, because="a person took it back")
        if not found:
            known = ", ".join(kept.claimed.trial for kept in tuning.kept.values()) or "none"
            raise Refusal(409, f"no change {wish.trial!r} is in force", hint=f"in force: {known}")
        return found

    return await _acted(take_back)


@router.post("/api/tuning/reset", summary="Return every parameter to its default")
async def reset() -> TuningView:
    return await _acted(lambda tuning: reset_by(tuning, by=BY, because="a person asked for it"))


def _settings(lacks: str = "") -> SettingsView:
    settings = load_settings()
    rows = [SettingRow(name=key.name, means=key.means, value=settings.get(*path)) for path, key in KNOWN.keys.items()]
    return SettingsView(file=str(user_file()), settings=rows, lacks=lacks)


@router.get("/api/settings", summary="The user's settings")
async def settings() -> SettingsView:
    return await _looked(_settings, "reading the settings")


@router.put("/api/settings", summary="Change one of the user's settings; the rest of the file stays")
async def change(wish: SettingWish) -> SettingsView:
    def write() -> SettingsView:
        lacks = change_setting(user_file(), wish.name, wish.value)
        if lacks:
            return SettingsView(file=str(user_file()), settings=[], lacks=lacks)
        return _settings()

    try:
        return await _looked(write, "writing the settings")
    except OrchestrateError as error:
        raise Refusal(409, error.message, hint=error.hint) from error
