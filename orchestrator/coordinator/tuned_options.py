"""Open a session with what tuning says, and tell tuning what came of it; where it is off nothing is read or written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, cast

from orchestrator.composition.team_choice import Team, TeamChoice
from orchestrator.coordinator.escalation_conditions import conditions_for
from orchestrator.coordinator.session_request import RunRequest
from orchestrator.coordinator.stated_parameters import said_by_hand, values_without_tuning
from orchestrator.coordinator.task_criticality import OF_DEFAULT_CONDITIONS, Stake, meaningless
from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.models.options import ConsensusFrequency, SessionOptions, TuningAssignment
from orchestrator.session.state import Session
from orchestrator.settings.keys import TIERS
from orchestrator.settings.settings_files import load_settings
from orchestrator.settings.user_places import state_folder
from orchestrator.store.parameter_search import searched
from orchestrator.store.recorded_sessions import judged_offline, recorded_sessions
from orchestrator.store.tuning_log import TuningLog, caught_up, result_from_journal, results_told
from orchestrator.tuning.criticality import ranges_of, within_criticality
from orchestrator.tuning.expectations import AIMS
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.tuning.tuner import Tuning, on_open, on_result, settings_digest
from orchestrator.tuning.tuning_events import Assigned, TuningEvent

_FIGURES: Final = frozenset(each.name for each in fields(SessionOptions))
_LIMITS: Final = {name for name, one in PARAMETERS.items() if name in _FIGURES and not isinstance(one.default, str)}
"""Parameters that are figures of a session."""
MOST_BEFORE: Final = 8
"""So many lines may come before that of the session itself; steps that journals drop are the most of them."""


@lru_cache(maxsize=1)
def _log_in(folder: Path) -> TuningLog:
    """The log; the end of a session reads only what has come to it since the session began."""
    return TuningLog(folder)


def tuned(
    request: RunRequest,
    environ: Mapping[str, str],
    *,
    session: str,
    folder: Path,
    criticality: str = "normal",
    stated: Mapping[str, Value] | None = None,
) -> tuple[RunRequest, TuningAssignment | None, str]:
    """The request with the values that tuning assigns to this session, which values, and what went wrong.

    What the user says by hand stands, and what is at stake holds all others within its bounds, tuning or not.  A
    rehearsal and a task without a change take part in nothing.  Blocks.

    Args:
        stated: What the user's settings hold parameters at, in place of what tuning would say.
    """
    stated = stated or {}
    is_plain = not (ranges_of(criticality) or stated or request.parameters)
    plain = request if is_plain else _with_limits(request, values_without_tuning(request, stated, criticality))
    log = _log_in(state_folder(environ))
    if request.rehearsal is not None or request.no_change or not log.is_there() or log.is_off():
        return plain, None, ""
    fixed = said_by_hand(request)
    choice = request.chosen_team
    is_open = request.plan is None and choice is not None and not choice.by_name and choice.reuses is None
    without = {*ranges_of(criticality), *stated, *meaningless(request.policy, has_plan=request.plan is not None)}
    if not is_open or choice is None or choice.team is not Team.CHANGE:
        without.add("team")
    search = _Search()

    def opened(tuning: Tuning) -> Sequence[TuningEvent]:
        late = list(results_told(tuning, caught_up(tuning.assigned))) if tuning.state != "off" else []
        bounded = within_criticality({**tuning.values, **stated}, criticality)
        held = {name: value for name, value in bounded.items() if name in ranges_of(criticality) or name in stated}
        if late:
            return late
        judged = _said_before(tuning, folder.parent, fixed, without, search)
        return judged or list(on_open(tuning, session, fixed=fixed, held=held, without=without, folder=str(folder)))

    try:
        # Results that come late are taken in first, and then what journals say of the step that would begin, one line
        # each time, so that what they decide is decided.
        for _ in range(MOST_BEFORE):
            events = log.act(opened)
            found = next((event for event in events if isinstance(event, Assigned)), None)
            if found is not None or not events:
                break
    except OrchestrateError as error:
        return plain, None, f"nothing is tuned in this session: {error.message}"
    if found is None:
        return plain, None, ""
    changed, assignment = _with_values(request, found, is_team_open="team" not in without)
    return changed, assignment, search.problem


@dataclass
class _Search:
    """The search of all settings, as far as this session has tried it."""

    problem: str = ""
    """Why it could not be made; then it is not tried again."""


def _said_before(
    tuning: Tuning, workspace: Path, fixed: Mapping[str, Value], without: Collection[str], search: _Search
) -> Sequence[TuningEvent]:
    """What is to be on record before the session: what a search says, where the user has it, and what journals say."""
    settings = load_settings()
    if settings.get("tuning", "search") == "optuna" and not search.problem:
        weights = {aim: settings.get("tuning", "weights", aim) for aim in AIMS}
        given = {aim: weight for aim, weight in weights.items() if weight is not None}
        try:
            found = searched(tuning, given, partial(recorded_sessions, workspace), fixed=fixed, without=without)
        except EnvironmentUnfit as error:
            search.problem = f"rules say what is tuned next: {error.message}; {error.hint}"
        else:
            if found:
                return found
    return judged_offline(tuning, workspace, fixed=fixed, without=without)


def _with_values(request: RunRequest, found: Assigned, *, is_team_open: bool) -> tuple[RunRequest, TuningAssignment]:
    changed = _with_limits(request, found.values)
    if found.values["team"] == Team.SOLO and is_team_open:
        because = f"tuning: {found.trial or 'in force'} (orchestrate tune)"
        changed = replace(changed, chosen_team=TeamChoice(Team.SOLO, because, by_name=False))
    crossed = tuple((one.trial, one.arm, one.pair) for one in found.crossed if one.arm)
    assignment = TuningAssignment(found.trial, found.arm, found.pair, dict(found.values), settings_digest(), crossed)
    return changed, assignment


def _with_limits(request: RunRequest, values: Mapping[str, Value]) -> RunRequest:
    """The request with the figures among the values, where the user has said none by hand."""
    limits = {name: value for name, value in values.items() if not isinstance(value, str) and name in _LIMITS}
    return replace(request, limits={**limits, **request.limits})


def with_assignment(
    options: SessionOptions,
    assignment: TuningAssignment | None,
    request: RunRequest,
    stake: Stake,
    stated: Mapping[str, Value] | None = None,
) -> SessionOptions:
    """The options with what tuning assigned, or else what people say, beside figures and team.  Blocks.

    Args:
        request: As it was before tuning was asked.
        stated: As of :func:`tuned`.
    """
    values = values_in(assignment, request, stake, stated)
    if any(values.get(name, BASELINE[name]) != BASELINE[name] for name in OF_DEFAULT_CONDITIONS):
        options = replace(options, escalations=conditions_for(request.policy, request.escalate, values))
    because = ""
    if stake.by:
        but = {*said_by_hand(request)} | meaningless(request.policy, has_plan=request.plan is not None)
        because = stake.because(values, but=but)
    return replace(
        options,
        tuning=assignment,
        consensus_frequency=cast(ConsensusFrequency, values["consensus_frequency"]),
        criticality=stake.level if stake.by else "",
        criticality_because=because,
    )


def values_in(
    assignment: TuningAssignment | None,
    request: RunRequest,
    stake: Stake,
    stated: Mapping[str, Value] | None = None,
) -> Mapping[str, Value]:
    """The value of each parameter in a session: as assigned, or else as people say.

    Args:
        request: As it was before tuning was asked.
        stated: As of :func:`tuned`.
    """
    if assignment is not None:
        return assignment.values
    return values_without_tuning(request, stated or {}, stake.level)


def with_least_tier(tiers: Mapping[str, Any], values: Mapping[str, Value]) -> Mapping[str, Any]:
    """What settings say of the tiers, each at least that which holds in the session."""
    least = str(values.get("least_tier", TIERS[0]))
    of = {tier: max(tier, least, key=TIERS.index) for tier in TIERS}
    return {name: {tier: rows[of[tier]] for tier in TIERS} for name, rows in tiers.items()}


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
