"""Restart workers that died by themselves, or failed in a way that passes, a few times; then park them."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.models.events import FailureKind
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.assignments import assignment_to_continue
from orchestrator.session.delayed_starts import ends_before, outlasts_session
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_failures import can_be_done_without, fail_leaf
from orchestrator.session.questions import ask

PASSING = frozenset({FailureKind.NETWORK, FailureKind.OVERLOADED})
"""Failures that another attempt may not meet."""
GROWTH = 8
"""Each pause is so many times as long as the one before: 2 s, 16 s, 128 s with the default."""


def died_by_itself(draft: Draft, worker: WorkerId) -> bool:
    """Whether the attempt that has ended had begun its work and then broke off without a word about the reason.

    One that never named its conversation is not restarted: it would fail in the same way again.
    """
    detail, ended = draft.detail(worker), draft.worker(worker).exit
    if (
        detail.current.ended_cleanly
        or ended is None
        or ended.stopped_by != "itself"
        or not draft.session.is_main(worker)
    ):
        return False
    silent = not detail.current.ended_subtype and detail.current.failure is None
    return detail.current.failure_kind in PASSING or (detail.current.began and silent)


def restart_later(draft: Draft, worker: WorkerId, because: str) -> None:
    """Continue the worker's conversation after a pause, or park it when its restarts are used up."""
    detail, options = draft.detail(worker), draft.session.options
    if detail.restarts >= options.max_restarts:
        _park(draft, worker, because)
        return
    pause = timedelta(seconds=options.restart_delay_s * GROWTH**detail.restarts)
    if outlasts_session(draft, draft.at + pause) and can_be_done_without(draft.session, worker):
        fail_leaf(draft, worker, f"{because}; the time limit passes before it could be tried again")
        return
    then = assignment_to_continue(draft.session, detail.assignment, template="continue_", because=because)
    number = detail.restarts + 1
    why = f"restart {number} of {options.max_restarts} in {pause.total_seconds():g} s: {because}"
    if draft.alive(worker):
        draft.stop(worker, because=because)
    kept = draft.change_detail(worker)
    kept.next_assignment = then
    kept.start_at = draft.at + pause
    kept.restarts = number
    draft.become(worker, WorkerStatus.RELAUNCHING, why)
    if ends_before(draft, worker, draft.at + pause, _for_so_long(draft, worker, because)):
        return
    draft.warn(f"{worker}: {why}", worker)


def _for_so_long(draft: Draft, worker: WorkerId, because: str) -> str:
    """The cause, with the time for which it has kept the worker from going on where it did not pass at once."""
    began = draft.worker(worker).started_at
    passed = (draft.at - began).total_seconds() if began is not None else 0.0
    since = f" (after {passed:.0f} s and {draft.detail(worker).restarts} tries)" if passed >= 1 else ""
    return f"{worker}: {because}{since}"


def _park(draft: Draft, worker: WorkerId, because: str) -> None:
    count = draft.detail(worker).restarts
    if draft.session.leaf(worker) is not None:
        fail_leaf(draft, worker, f"failed after {count} restarts: {because}")
        return
    why = f"parked after {count} restarts: {because}"
    if draft.alive(worker):
        draft.stop(worker, because=why)
    draft.become(worker, WorkerStatus.PARKED, why)
    ask(
        draft,
        f"{worker} is {why}",
        about=worker,
        suggestions=("answer 'go on' to try again", "read the end of its stderr log: orchestrate logs --raw"),
    )
