"""Hold an agent of a session's own plan to what its plan lets it take: time, memory, and tokens it generates."""

from __future__ import annotations

from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import ResourceLimits
from orchestrator.session.draft import Draft
from orchestrator.session.state import Session
from orchestrator.value_class import changed


def limits_of(session: Session, worker: WorkerId) -> ResourceLimits:
    """The limits of the sandbox policy, narrowed by those of the plan.

    A plan never allows more than the policy.  Memory is never less than what the CLI needs to start: such a limit would
    only kill it.
    """
    policy, leaf = session.options.sandbox.limits, session.leaf(worker)
    if leaf is None:
        return policy
    planned = leaf.node.limits
    narrowed: dict[str, float] = {}
    if planned.timeout_s is not None:
        narrowed["runtime_s"] = min(policy.runtime_s, planned.timeout_s)
    if planned.memory_mb is not None:
        floor = get_agent(session.workers[worker].agent).memory_floor_mib
        narrowed["memory_mib"] = min(policy.memory_mib, max(planned.memory_mb, floor))
    return changed(policy, **narrowed) if narrowed else policy


def note_limit(draft: Draft, worker: WorkerId, *, time: bool) -> None:
    """Remember that the attempt is stopped for a limit, whatever its CLI may still say while it is.

    Args:
        time: Its time was used up; else it took too much of something.
    """
    if draft.session.leaf(worker) is None:
        return
    key = (worker, draft.worker(worker).attempt)
    if time:
        draft.plan_run.timed_out = draft.session.plan_run.timed_out | {key}
    draft.plan_run.limited = draft.session.plan_run.limited | {key}


def was_limited(session: Session, worker: WorkerId) -> bool:
    """Whether the worker's attempt was stopped for a limit."""
    return (worker, session.workers[worker].attempt) in session.plan_run.limited


def look_at_tokens(draft: Draft, worker: WorkerId) -> None:
    """End an agent that has generated more tokens than its plan lets it, unless it has said its last word already."""
    leaf = draft.session.leaf(worker)
    most = leaf.node.limits.max_tokens if leaf is not None else None
    used = draft.worker(worker).usage.output_tokens
    current = draft.detail(worker).current
    if most is None or used is None or used <= most or current.ended_subtype or current.stopping_because is not None:
        return
    text = f"it has generated {used:,} tokens, and its plan allows {most:,}"
    note_limit(draft, worker, time=False)
    draft.change_attempt(worker).failure = text
    draft.stop(worker, because=text)
