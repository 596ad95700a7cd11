"""Judge from bytes, CPU time and processes whether a worker is ``silent``, with the evidence, or looks dead.

Nobody is killed for being silent: a person or the other agents look at it, and the runtime limit ends it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.agents.registry import get_agent
from orchestrator.models.entries import StreamRead
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import Sample, WorkerState, WorkerStatus
from orchestrator.review_engine.rounds import may_review
from orchestrator.session.draft import Draft
from orchestrator.session.questions import ask, withdraw
from orchestrator.session.review_cycle import ask_for_review, reviewers_of
from orchestrator.session.state import Pulse, Session, is_alive
from orchestrator.value_class import value_class

SILENT_AFTER = timedelta(seconds=60)
"""When a worker that writes nothing is shown as silent."""
IDLE_CPU_PERCENT = 2.0
"""Of one core: what the CLIs' event loops take while they do nothing."""


@value_class
class Spell:
    """How long one worker has shown which signs of life."""

    bytes_s: float
    """Since it last wrote."""
    cpu_s: float
    """Since its tree last took CPU time, or gained or lost a process."""

    @property
    def nothing_s(self) -> float:
        """Since the last sign of any kind."""
        return min(self.bytes_s, self.cpu_s)


def on_sample(pulse: Pulse, sample: Sample, at: datetime) -> Pulse:
    """Take in one measurement of the tree."""
    moved = sample.cpu_percent > IDLE_CPU_PERCENT or sample.processes != pulse.processes
    return replace(pulse, processes=sample.processes, active_at=at if moved else pulse.active_at)


def on_read(draft: Draft, body: StreamRead) -> None:
    """Take in bytes without an event (half a line, or noise), which are a sign of life as well."""
    state = draft.session.workers.get(body.worker)
    if state is None or body.attempt != state.attempt or not is_alive(state):
        return
    pulse = draft.detail(body.worker).current.pulse
    if body.end > pulse.read.get(body.stream, 0):
        draft.change_attempt(body.worker).pulse = replace(pulse, read={**pulse.read, body.stream: body.end})
        if pulse.read:  # the first of an attempt only says where its bytes begin
            draft.change_worker(body.worker).last_heard = draft.at
            on_heard(draft, body.worker)


def on_heard(draft: Draft, worker: WorkerId) -> None:
    """Take in that the worker writes, which ends its silence."""
    if draft.worker(worker).status is WorkerStatus.SILENT:
        draft.become(worker, WorkerStatus.RUNNING, "it writes again")
    pulse = draft.detail(worker).current.pulse
    if pulse.reported:
        if pulse.question is not None:
            withdraw(draft, pulse.question, f"{worker} writes again")
        draft.change_attempt(worker).pulse = replace(pulse, reported=False, question=None)


def silent_at(state: WorkerState) -> datetime | None:
    """When the worker is to be shown as silent, if it goes on writing nothing."""
    if state.status is not WorkerStatus.RUNNING or state.last_heard is None or get_agent(state.agent).stream_is_silent:
        return None
    return state.last_heard + SILENT_AFTER


def dead_at(session: Session, state: WorkerState) -> datetime | None:
    """When the worker is to be taken for dead, if it gives no sign of any kind."""
    detail = session.details[state.id]
    if detail.current.pulse.reported or detail.current.running_since is None or state.sample is None:
        return None  # what was never measured is no evidence
    # A frozen tree takes no CPU time: what counts is what happened since it ran on.
    signs = [detail.current.running_since, state.last_heard, detail.current.pulse.active_at]
    return max(sign for sign in signs if sign is not None) + timedelta(seconds=session.options.dead_after_s)


def look_silent(draft: Draft, worker: WorkerId) -> None:
    """Show the worker as silent, with the evidence."""
    due = silent_at(draft.worker(worker))
    if due is not None and due <= draft.at:
        draft.become(worker, WorkerStatus.SILENT, f"nothing written for 60 s; {evidence(draft, worker)}")


def look_dead(draft: Draft, worker: WorkerId) -> None:
    """Say that the worker looks dead, and let the other agents or a person look at it."""
    state = draft.worker(worker)
    due = dead_at(draft.session, state)
    if due is None or due > draft.at:
        return
    detail, session = draft.detail(worker), draft.session
    spell = spell_of(draft, worker)
    text = f"{worker} gives no sign of life for {spell.nothing_s / 60:.0f} minutes: {evidence(draft, worker)}"
    draft.change_attempt(worker).pulse = replace(detail.current.pulse, reported=True)
    draft.become(worker, WorkerStatus.SILENT, text)
    draft.warn(text, worker)
    if not session.is_main(worker):
        return  # a reviewer has a deadline of its own
    admitted = may_review(session.assessment.rounds, worker, text, cap=session.options.max_review_rounds)[1] is None
    if admitted and reviewers_of(session, worker):
        ask_for_review(draft, Trigger.SILENCE, about=worker, text=text)
    elif session.options.interactive:
        suggestions = ("answer to stop it and go on with its conversation", "wait: the runtime limit ends it")
        question = ask(draft, text, about=worker, suggestions=suggestions, hold=False)
        draft.change_attempt(worker).pulse = replace(draft.detail(worker).current.pulse, question=question.id)


def spell_of(draft: Draft, worker: WorkerId) -> Spell:
    """How long it has been silent, by each kind of sign."""
    state, detail = draft.worker(worker), draft.detail(worker)
    begun = detail.current.running_since or draft.at
    heard, active = max(state.last_heard or begun, begun), max(detail.current.pulse.active_at or begun, begun)
    return Spell((draft.at - heard).total_seconds(), (draft.at - active).total_seconds())


def evidence(draft: Draft, worker: WorkerId) -> str:
    """What was measured of a worker that writes nothing."""
    state, detail = draft.worker(worker), draft.detail(worker)
    if state.sample is None:
        return "its tree was not measured yet"
    spell, sample = spell_of(draft, worker), state.sample
    said = f"{sample.cpu_percent:.0f} % CPU, {sample.processes} processes"
    written = sum(detail.current.pulse.read.values())
    if spell.cpu_s >= SILENT_AFTER.total_seconds():
        said += f", no CPU time and no new process for {spell.cpu_s:.0f} s"
    return f"{said}; {written:,} bytes read before" if written else said
