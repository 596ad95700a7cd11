"""Fail one agent of a session's own plan: the others stand, and the plan says what follows."""

from __future__ import annotations

from orchestrator.composition.strategies.position import agents_of
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.draft import Draft
from orchestrator.session.state import Session


def can_be_done_without(session: Session, worker: WorkerId) -> bool:
    """Whether the plan may come to something without this one: it reads, or writes on a layer, and is not alone.

    A change of the target itself cannot be done without: whoever resumes the session lets its writer go on.
    """
    leaf, plan = session.leaf(worker), session.options.plan
    if leaf is None or plan is None or len(agents_of(plan)) < 2:
        return False
    return leaf.node.access == "read" or bool(leaf.layers)


def fail_leaf(draft: Draft, worker: WorkerId, why: str) -> None:
    """End the agent's attempt, if one runs, and do not start it again."""
    kept = draft.change_detail(worker)
    kept.next_assignment = None
    kept.start_at = None
    draft.change_attempt(worker).failure = why
    if draft.alive(worker):
        draft.stop(worker, because=why)
    else:
        draft.become(worker, WorkerStatus.FAILED, why)
        draft.warn(f"{worker} failed: {why}", worker)
