"""Open a session with what tuning says, and tell tuning what came of it; where it is off nothing is read or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from orchestrator.composition.team_choice import Team, TeamChoice
from orchestrator.coordinator.session_request import RunRequest
from orchestrator.errors import OrchestrateError
from orchestrator.models.options import ConsensusFrequency, SessionOptions, TuningAssignment
from orchestrator.session.state import Session
from orchestrator.settings.settings_files import load_settings
from orchestrator.settings.user_places import state_folder
from orchestrator.store.recorded_sessions import judged_offline
from orchestrator.store.tuning_log import TuningLog, caught_up, result_from_journal, results_told
from orchestrator.tuning.adaptation import within_criticality
from orchestrator.tuning.parameters import PARAMETERS, Value
from orchestrator.tuning.tuner import Tuning, on_open, on_result, settings_digest
from orchestrator.tuning.tuning_events import Assigned, TuningEvent

SPARED_NOTHING: Final = ("high", "critical")
"""Where so much is at stake, no trial is made of how many reviews there are."""

MOST_BEFORE: Final = 8
"""So many lines may come before that of the session itself; steps that journals drop are the most of them."""


@lru_cache(maxsize=1)
def _log_in(folder: Path) -> TuningLog:
    """The log; the end of a session reads only what has come to it since the session began."""
    return TuningLog(folder)


def tuned(
    request: RunRequest, environ: Mapping[str, str], *, session: str, folder: Path
) -> tuple[RunRequest, TuningAssignment | None, str]:
    """The request with the values that tuning assigns to this session, which values, and what went wrong.

    What the user says by hand stands.  A rehearsal and a task without a change take part in nothing.  Blocks.
    """
    log = _log_in(state_folder(environ))
    if request.rehearsal is not None or request.no_change or not log.is_there() or log.is_off():
        return request, None, ""
    fixed: dict[str, Value] = {name: value for name, value in request.limits.items() if name in PARAMETERS}
    choice = request.chosen_team
    is_open = request.plan is None and choice is not None and not choice.by_name and choice.reuses is None
    without = () if is_open and choice is not None and choice.team is Team.CHANGE else ("team",)
    criticality = str(load_settings().get("tuning", "criticality") or "normal")
    if criticality in SPARED_NOTHING:
        without = (*without, "consensus_frequency", "max_review_rounds")

    def opened(tuning: Tuning) -> Sequence[TuningEvent]:
        late = list(results_told(tuning, caught_up(tuning.assigned))) if tuning.state != "off" else []
        bounded = within_criticality(tuning.values, criticality)
        held = {name: value for name, value in bounded.items() if value != tuning.values[name]}
        known = {**held, **fixed}
        judged = () if late else judged_offline(tuning, folder.parent, fixed=known, without=without)
        return late or judged or list(on_open(tuning, session, fixed=known, without=without, folder=str(folder)))

    try:
        # Results that come late are taken in first, and then what journals say of the step that would begin, one line
        # each time, so that what they decide is decided.
        for _ in range(MOST_BEFORE):
            events = log.act(opened)
            found = next((event for event in events if isinstance(event, Assigned)), None)
            if found is not None or not events:
                break
    except OrchestrateError as error:
        return request, None, f"nothing is tuned in this session: {error.message}"
    if found is None:
        return request, None, ""
    return _with_values(request, found, is_team_open="team" not in without)


def _with_values(
    request: RunRequest, found: Assigned, *, is_team_open: bool
) -> tuple[RunRequest, TuningAssignment, str]:
    limits = {name: value for name, value in found.values.items() if not isinstance(value, str)}
    changed = replace(request, limits={**limits, **request.limits})
    if found.values["team"] == Team.SOLO and is_team_open:
        because = f"tuning: {found.trial or 'in force'} (orchestrate tune)"
        changed = replace(changed, chosen_team=TeamChoice(Team.SOLO, because, by_name=False))
    crossed = tuple((one.trial, one.arm, one.pair) for one in found.crossed if one.arm)
    assignment = TuningAssignment(found.trial, found.arm, found.pair, dict(found.values), settings_digest(), crossed)
    return changed, assignment, ""


def with_assignment(options: SessionOptions, assignment: TuningAssignment | None) -> SessionOptions:
    """The options with what tuning assigned beside figures and team."""
    if assignment is None:
        return options
    frequency = cast(ConsensusFrequency, assignment.values["consensus_frequency"])
    return replace(options, tuning=assignment, consensus_frequency=frequency)


def tell_tuning(session: Session, environ: Mapping[str, str]) -> str | None:
    """Tell tuning what came of a session; returns why that could not be done.  Blocks."""
    if session.options.tuning is None:
        return None
    try:
        result = result_from_journal(session.options.session_dir)
        if result is None:
            raise ValueError("its journal tells of no end")
        _log_in(state_folder(environ)).act(lambda tuning: on_result(tuning, result))
    except (OrchestrateError, ValueError, LookupError, OSError) as error:
        said = error.message if isinstance(error, OrchestrateError) else str(error)
        return f"tuning has not heard of this session ({said}); it takes the result from the journal later"
    return None
