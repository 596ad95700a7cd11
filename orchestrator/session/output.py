"""Take what workers say and do: it changes their state, triggers reviews, and shows errors."""

from __future__ import annotations

from typing import assert_never

from orchestrator.agents.registry import get_agent
from orchestrator.models.entries import AgentOutput, StreamFault
from orchestrator.models.events import (
    AgentEvent,
    BackgroundEnded,
    BackgroundStarted,
    ConversationStarted,
    Denied,
    EventType,
    Failed,
    FailureKind,
    Reasoned,
    Reported,
    Retrying,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.recorded_sentences import MILESTONE_SPARED
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerStatus
from orchestrator.review_engine.triggers import trigger_of
from orchestrator.safety import SafetyEnforcer
from orchestrator.session.board import note_on_board
from orchestrator.session.calls import OF_CALLS
from orchestrator.session.delayed_starts import on_life
from orchestrator.session.draft import Draft
from orchestrator.session.feedback import bound_answer, is_asked
from orchestrator.session.health import on_heard
from orchestrator.session.last_words import on_turn_ended, on_work
from orchestrator.session.leaf_limits import look_at_tokens
from orchestrator.session.nested_agents import count_agent
from orchestrator.session.own_words import with_line
from orchestrator.session.recoveries import recover
from orchestrator.session.review_cycle import ask_for_review
from orchestrator.session.review_frequency import spared_by_frequency
from orchestrator.session.spending import note_consumption, on_usage

DOING_CHARS = 200
"""Longest line of "what it is doing now"."""
RETRIES = "retrying: "
"""Begins what a worker does whose CLI has no answer from its model."""
UNKNOWN_RECORD = "record "
"""How adapters begin the text about a record whose kind they do not know."""
MOST_KINDS = 20
TROUBLE = (Denied, Failed, Unrecognised)
"""What the recovery rules look at."""
UNNOTED = frozenset({Denied, ToolReturned, BackgroundStarted, BackgroundEnded})
"""What changes nothing of what people are shown of a worker."""
WEIGHTY = frozenset({*TROUBLE, Reported})
"""Few records are one of these, and the others are to be cheap."""


def on_output(draft: Draft, body: AgentOutput) -> None:
    """Take in all events of one raw record."""
    worker = body.worker
    state = draft.session.workers.get(worker)
    if state is None or body.attempt != state.attempt:
        return
    draft.change_worker(worker).last_heard = draft.at
    draft.session.last_heard = draft.at
    if state.status is WorkerStatus.SILENT:
        on_heard(draft, worker)
    if body.stream == "stdout" and not draft.detail(worker).current.spoke and any(map(_is_record, body.events)):
        draft.change_attempt(worker).spoke = True
    if body.stream == "events" and body.events:
        draft.change_attempt(worker).reported = True
    for event in body.events:
        payload = event.payload
        note_consumption(draft, worker, payload)
        if type(payload) not in UNNOTED:
            _note(draft, worker, event)
        if isinstance(payload, OF_CALLS):
            detail = draft.change_detail(worker)
            detail.calls = detail.calls.heard(payload)
        on_work(draft, worker, payload)
        if draft.session.feedback.waiting and is_asked(draft.session, worker):
            bound_answer(draft, worker, payload)
            continue
        if type(payload) in WEIGHTY or draft.session.limits:
            _weigh(draft, worker, event)
    if draft.session.options.plan is not None:
        look_at_tokens(draft, worker)


def _is_record(event: AgentEvent) -> bool:
    """Whether the event stands for something that the CLI meant to say, not for noise on its output."""
    return not (isinstance(event.payload, Unrecognised) and event.payload.record is None)


def on_stream_fault(draft: Draft, body: StreamFault) -> None:
    """Something is wrong with a raw file itself."""
    if body.worker in draft.session.workers:
        draft.warn(f"{body.worker}: {body.stream} {body.fault} at byte {body.start}: {body.text}", body.worker)


def _weigh(draft: Draft, worker: WorkerId, event: AgentEvent) -> None:
    """What the event calls for beyond being noted."""
    if draft.session.limits:
        on_life(draft, worker, event)
    if isinstance(event.payload, TROUBLE):
        recover(draft, worker, event)
    elif isinstance(event.payload, Reported) and draft.session.is_main(worker) and draft.running:
        trigger = trigger_of(event)
        leaf = draft.session.leaf(worker)
        if trigger is Trigger.MILESTONE and leaf is not None and leaf.node.access == "read":
            return  # there is nothing to look at yet but an answer, which is read when it is there
        rule = draft.session.options.consensus_frequency
        if trigger is Trigger.MILESTONE and rule != "every_change":
            spared = spared_by_frequency(draft.session, worker, draft.at)
            if spared:
                draft.warn(MILESTONE_SPARED(worker=worker, why=spared), worker)
                return
        if trigger is not None:
            ask_for_review(draft, trigger, about=worker, text=event.payload.text)


def _note(draft: Draft, worker: WorkerId, event: AgentEvent) -> None:  # noqa: C901 - one row an event
    state = draft.worker(worker)
    match event.payload:
        case Said(text=text) | Reasoned(text=text):
            draft.change_worker(worker).doing = _line(text)
        case ToolCalled(tool=tool, summary=summary):
            changed = draft.change_worker(worker)
            changed.doing = _line(f"{tool}: {summary}")
            changed.tool_calls = state.tool_calls + 1
            _look_at_command(draft, worker, event)
        case Reported(text=text, progress=progress):
            changed = draft.change_worker(worker)
            changed.doing = _line(text)
            changed.progress = state.progress if progress is None else progress
            note_on_board(draft, worker, event.type, event.payload)
            if event.type is EventType.TASK:
                draft.change_detail(worker).tasks = (*draft.detail(worker).tasks, text)[:20]
        case ConversationStarted(reference=reference, model=model):
            _note_conversation(draft, worker, reference)
            draft.change_attempt(worker).began = True
            _look_at_start(draft, worker, event.payload)
            changed = draft.change_worker(worker)
            changed.conversation = reference
            changed.model = model or state.model
        case UsageReported(usage=usage):
            changed = draft.change_worker(worker)
            changed.usage = state.usage + usage
            changed.model = usage.model or state.model
            on_usage(draft)
        case TurnEnded():
            on_turn_ended(draft, worker, event.payload)
        case Retrying(text=text):
            draft.change_worker(worker).doing = _line(f"{RETRIES}{text}")
        case Failed(text=text, final=True, failure=kind):
            attempt = draft.change_attempt(worker)
            attempt.failure = _line(text)
            attempt.failure_kind = kind
            attempt.last_word_at = draft.at
        case Unrecognised(stream="stderr", text=text) | Failed(beside="stderr", text=text):
            words = draft.detail(worker).current.own_words
            if (more := with_line(words, text)) is not words:
                draft.change_attempt(worker).own_words = more
        case Unrecognised(text=text, record=record) if record is not None and text.startswith(UNKNOWN_RECORD):
            unknown = draft.detail(worker).unknown
            if text in unknown or len(unknown) < MOST_KINDS:
                draft.change_detail(worker).unknown = {**unknown, text: unknown.get(text, 0) + 1}
        case Unrecognised(stream="stdout", record=None, text=text):
            draft.change_worker(worker).noise = state.noise + 1
            current = draft.detail(worker).current
            if not current.spoke and (more := with_line(current.own_words, text)) is not current.own_words:
                draft.change_attempt(worker).own_words = more
        case Denied() | Failed() | ToolReturned() | BackgroundStarted() | BackgroundEnded() | Unrecognised():
            pass
        case payload:
            assert_never(payload)


def _note_conversation(draft: Draft, worker: WorkerId, reference: str) -> None:
    asked = draft.detail(worker).current.conversation_asked
    if asked is not None and asked != reference:
        draft.warn(f"{worker} no longer knew its conversation {asked} and started a fresh one", worker)


def _look_at_start(draft: Draft, worker: WorkerId, started: ConversationStarted) -> None:
    """A CLI that began with other rights than it was launched with is an error its rules know."""
    assignment = draft.detail(worker).assignment
    text = get_agent(assignment.agent).launch_mismatch(assignment, started)
    if text is not None:
        failed = Failed(text, FailureKind.CONFIGURATION)
        recover(draft, worker, AgentEvent(EventType.ERROR, assignment.agent, draft.at, failed))


def _look_at_command(draft: Draft, worker: WorkerId, event: AgentEvent) -> None:
    enforcer = SafetyEnforcer(draft.session.options.sandbox, draft.detail(worker).assignment)
    guarded = draft.session.options.sandbox_backend == "bubblewrap"
    for verdict in enforcer.look(event):
        if verdict.agent:
            # In front of other agents' CLIs stands a guard, which counts what really starts; not in front of its own,
            # nor of a package's file that an interpreter is given, of which the hook counts what it refuses.
            own = verdict.agent == get_agent(draft.worker(worker).agent).executable
            if own or not guarded or (verdict.past_guards and verdict.decision != "block"):
                count_agent(draft, worker, verdict.agent, refused=False)
        elif verdict.decision != "allow":
            draft.warn(f"{worker}: {verdict.decision}: {verdict.reason}", worker)


def _line(text: str) -> str:
    """The last non-empty line, cut: what somebody reading along wants to see."""
    line = text[-4 * DOING_CHARS :].rstrip().rpartition("\n")[2].lstrip()[:DOING_CHARS]
    return line if line.isprintable() else " ".join(line.split())
