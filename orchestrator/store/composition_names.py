"""Name what outcomes are sorted by: the kind of a task, the folder of a project's view, a composition, a plan.

This module loads no journal and no fold, so that ``orchestrate plan`` can look things up without them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestrator.composition.outcomes import Outcome as TaskOutcome
from orchestrator.composition.task_analysis import analyse_task
from orchestrator.late_adapter import late_adapter
from orchestrator.models.plan_tree import Node
from orchestrator.models.recorded_outcomes import OWN_VIEW, GateOutcome, RecordedOutcome

if TYPE_CHECKING:
    from pydantic import TypeAdapter

OWN_CHECKS: Final = "own checks"
_PLAN: TypeAdapter[Node] = late_adapter(Node)


def task_pattern(task: str, *, no_change: bool) -> str:
    """What kind of task it is: its domain, and whether it asks for an answer only."""
    try:
        analysis = analyse_task(task)
    except ValueError:
        return "general"
    answers = no_change or analysis.outcome.outcome is TaskOutcome.ANSWER
    return f"{analysis.domain}_answer" if answers else str(analysis.domain)


def plan_digest(plan: Node) -> str:
    """The hash that tells plans of somebody's own apart."""
    return hashlib.sha256(_PLAN.dump_json(plan)).hexdigest()[:16]


def store_of(project: str) -> str:
    """The folder of a project's view."""
    return str(Path(project) / OWN_VIEW)


def configuration_id(outcome: RecordedOutcome) -> str:
    """The name of a composition: its kind of task, and a hash over team, roles, CLIs and their versions.

    A rehearsal is never the same composition as a real run.  Who takes part in a plan of somebody's own may differ from
    run to run: there the plan stands for it, and the CLIs.
    """
    members = [(member.role, str(member.agent), member.version) for member in outcome.members]
    if outcome.plan:
        members = [("plan", outcome.plan, ""), *sorted({("", agent, version) for _, agent, version in members})]
    return composition_id(outcome.pattern, outcome.team, members, rehearsal=outcome.rehearsal)


def composition_id(pattern: str, team: str, members: Iterable[tuple[str, str, str]], *, rehearsal: bool) -> str:
    """The name of a composition that has not run yet.

    Args:
        members: Role, agent and version of its CLI, in the order of the plan.
    """
    key = json.dumps([pattern, team, [list(member) for member in members], rehearsal], ensure_ascii=False)
    return f"{pattern}_{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def names_of_gates(gates: Iterable[GateOutcome]) -> Iterator[str]:
    """The gates, without what they say: what a composition is held to."""
    return (gate.gate for gate in gates if gate.gate != OWN_CHECKS)
