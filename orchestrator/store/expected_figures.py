"""Look in the outcome log for what a run will take, and what one agent alone would."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.composition.team_choice import Team
from orchestrator.errors import OrchestrateError
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import StrategyNode
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.store.estimates import Estimate
    from orchestrator.store.log_records import LogRecord

UNKNOWN = "unknown: no figures of earlier sessions are kept yet"


@value_class
class ExpectedFigures:
    """What is estimated of a run; where no outcome was ever recorded, nothing is."""

    team: Estimate | None = None
    solo: Estimate | None = None
    """Of one agent alone, where the run is another one."""


def recorded_outcomes(environ: Mapping[str, str]) -> Sequence[LogRecord]:
    """What the outcome log holds; nothing where it is not there or cannot be read.  Blocks."""
    from orchestrator.settings.user_places import state_folder
    from orchestrator.store.outcome_log import OutcomeLog

    log = OutcomeLog(state_folder(environ))
    if not log.path.exists():
        return ()
    try:
        return list(log.read())
    except OrchestrateError:
        return ()


def expected_figures(
    task: str,
    target: Path,
    records: Sequence[LogRecord],
    *,
    team: str,
    no_change: bool,
    agents: Collection[AgentName],
    solo: Collection[AgentName],
    plan: StrategyNode | None,
) -> ExpectedFigures:
    """What the run takes, and what one agent alone would, as far as enough such sessions have ended.

    Args:
        team: The name of a built-in team.
        agents: Those that take part in it.
        solo: Those that would in a team of one writer.
        plan: That of a team of somebody's own.
    """
    if not records:
        return ExpectedFigures()
    from orchestrator.store.composition_names import plan_digest, store_of, task_pattern
    from orchestrator.store.estimates import TeamKey, estimate_of, outcomes_in

    outcomes, store = outcomes_in(records), store_of(str(target))
    pattern = task_pattern(task, no_change=no_change)
    alone = TeamKey(pattern, Team.SOLO, frozenset(map(str, solo)))
    if plan is not None:
        key = TeamKey(pattern, plan=plan_digest(plan))
    else:
        key = TeamKey(pattern, team, frozenset(map(str, agents)))
    beside = None if key == alone or no_change else estimate_of(outcomes, alone, store=store)
    return ExpectedFigures(estimate_of(outcomes, key, store=store), beside)


def as_document(figures: ExpectedFigures) -> Mapping[str, Any]:
    """The estimates for programs."""
    if figures.team is None:
        return {"tokens": None, "cost_usd": None, "duration_s": None, "because": UNKNOWN, "solo": None}
    from orchestrator.store.estimates import as_document as document_of

    return {**document_of(figures.team), "solo": None if figures.solo is None else document_of(figures.solo)}


def in_rows(figures: ExpectedFigures) -> Sequence[tuple[str, str]]:
    """The estimates for people, each with its label."""
    if figures.team is None:
        return [("estimates", f"tokens, cost and time {UNKNOWN}")]
    from orchestrator.store.estimates import in_words

    rows = [("estimates", in_words(figures.team))]
    return rows if figures.solo is None else [*rows, ("", f"one agent alone: {in_words(figures.solo)}")]
