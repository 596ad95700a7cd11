"""Look in the store for teams that have proven themselves on this kind of task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.agents.registry import TEAM
from orchestrator.cli.build_request import allowed_agents, is_rehearsed, models_by_agent
from orchestrator.composition.team_choice import AUTO
from orchestrator.errors import OrchestrateError
from orchestrator.store.expected_figures import recorded_outcomes

if TYPE_CHECKING:
    from orchestrator.store.log_records import LogRecord
    from orchestrator.store.reuse import Candidate


def candidates_for(
    task: str,
    target: Path,
    workspace: Path,
    options: Mapping[str, Any],
    environ: Mapping[str, str],
    records: Sequence[LogRecord] | None = None,
) -> Sequence[Candidate]:
    """The compositions that could be reused for this run, the best first.  Blocks.

    None where the team is asked for by its name or the run is a rehearsal.  What cannot be read keeps no run from
    beginning: then nothing is reused.

    Args:
        records: What the log holds, where that was read before.
    """
    if (options["team"] or AUTO) != AUTO or options["no_change"] or is_rehearsed(options):
        return ()
    records = recorded_outcomes(environ) if records is None else records
    if not records:
        return ()
    from orchestrator.journal.last_probes import last_probes
    from orchestrator.store.composition_names import store_of, task_pattern
    from orchestrator.store.composition_view import view_of
    from orchestrator.store.reuse import candidates, versions_of

    probes = last_probes(workspace)
    try:
        return candidates(
            view_of(records).of_store(store_of(str(target))),
            task_pattern(task, no_change=False),
            versions=versions_of(probes),
            allowed=allowed_agents(options["agents"], options["without"]) or TEAM,
            models=models_by_agent(options["models"]),
        )
    except OrchestrateError:
        return ()
