"""Try again what failed of a session's own plan: what came to something before it stands."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.composition.next_steps import next_steps
from orchestrator.models.gate_states import GateState
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_steps import Run
from orchestrator.models.plan_tree import AgentResult, GateResult, MergeResult, Node, NodePath, Result
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.draft import Draft
from orchestrator.session.state import PlanRun, is_alive

ITS_TURN = "it is tried again when its turn comes"


def retry_plan(draft: Draft) -> None:
    """Forget the result of a plan that has failed, and the results of what failed of it, or came of that.

    Agents that failed work again, gates are measured again, and merges are made again, which changes nothing twice.
    """
    session, run = draft.session, draft.session.plan_run
    tree = session.options.plan
    if tree is None or run.result is None or run.result.success:
        return
    kept = standing(tree, run.results)
    again = [one.worker for path, one in run.started.items() if path not in kept]
    draft.session.plan_run = PlanRun(
        started={path: one for path, one in run.started.items() if path in kept},
        results=kept,
        looked_at=run.looked_at,
        timed_out=run.timed_out,
        limited=run.limited,
        raised=run.raised + len(again),  # who has been started already counts no second time
        without_layer={},
    )
    draft.assessment.earlier = len(session.assessment.reviews)
    reviewers = [step.worker for step in session.steps() if step.role is Role.REVIEWER]
    for worker in (*again, *reviewers):
        _let_wait(draft, worker)
    names = ", ".join(again) or "what was measured"
    draft.warn(f"the plan had failed: {names} is tried again")


def standing(tree: Node, results: Mapping[NodePath, Result]) -> dict[NodePath, Result]:
    """The results that a plan comes to by what went well alone; what was done because something failed is none."""
    kept: dict[NodePath, Result] = {}
    while isinstance(answer := next_steps(tree, kept), Run):
        found = {leaf.path: results[leaf.path] for leaf in answer.leaves if leaf.path in results}
        new = {path: one for path, one in found.items() if path not in kept and _went_well(one)}
        if not new:
            return kept
        kept |= new
    return kept


def _went_well(result: Result) -> bool:
    match result:
        case AgentResult() | MergeResult():
            return result.success
        case GateResult():
            return result.state is GateState.PASS


def _let_wait(draft: Draft, worker: WorkerId) -> None:
    if worker in draft.session.details:
        kept = draft.change_detail(worker)
        kept.next_assignment = kept.start_at = None
    if not is_alive(draft.worker(worker)):
        draft.become(worker, WorkerStatus.WAITING, ITS_TURN)
