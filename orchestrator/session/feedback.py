"""Ask some agents, when a session is done, how it went: one short question in their own conversation (003).

It is asked only after the session's outcome stands, so no answer can decide anything; what is said is kept and shown.
Time, tool calls and tokens of an answer are bounded, and the agent may write nothing meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from orchestrator.agents.registry import get_agent
from orchestrator.models.effects import Outcome
from orchestrator.models.events import Payload, ToolCalled
from orchestrator.models.facts import FeedbackAsked, FeedbackGiven
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import ExitRecord, WorkerState, WorkerStatus
from orchestrator.review_engine.replies import KeyGivenTwice, last_object
from orchestrator.session.assignments import assignment_for_feedback
from orchestrator.session.delayed_starts import limit_in_force
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_answers import misfit_of
from orchestrator.session.spending import reserve
from orchestrator.session.state import Asked, Session, copied

MOST_ASKED: Final = 3
"""So many agents of a session are asked."""
ANSWER_TIME: Final = timedelta(seconds=90)
"""All of them have answered by then, or have not."""
EXIT_TIME: Final = timedelta(seconds=5)
"""So long an agent has to exit after its answer."""
MOST_CALLS: Final = 3
MOST_TOKENS: Final = 4_000
"""Whoever calls more tools, or generates more, is stopped: it works instead of answering."""
CHANGES: Final = (
    *("nothing", "fewer reviews", "more reviews", "smaller steps", "larger steps"),
    *("another team", "more time", "more context", "clearer task"),
)
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "clarity": {"type": "integer", "minimum": 1, "maximum": 5},
        "workflow": {"type": "integer", "minimum": 1, "maximum": 5},
        "change": {"type": "string", "enum": list(CHANGES)},
        "note": {"type": "string"},
    },
    "required": ["clarity", "workflow", "change", "note"],
    "additionalProperties": False,
}
MOST_NOTE_CHARS: Final = 300


def ask_for_feedback(draft: Draft) -> bool:
    """Ask, where the session is done and asks at all; says whether anybody is asked, so that the end waits."""
    session = draft.session
    is_done = session.ending is not None and session.ending.outcome is Outcome.DONE
    if not session.options.feedback or not is_done or session.feedback.asked_at is not None:
        return False
    before: dict[WorkerId, Asked] = {}
    for step in session.steps():
        worker = step.worker
        if len(before) < MOST_ASKED and _can_be_asked(draft, worker):
            assignment = assignment_for_feedback(session, worker, json.dumps(SCHEMA))
            if reserve(draft, assignment) is None:
                before[worker] = Asked(copied(session.workers[worker]), copied(draft.detail(worker)), assignment)
    asked = tuple(before)
    draft.session.feedback = replace(
        session.feedback, asked_at=draft.at, before=before, waiting=frozenset(asked), ended_at=draft.at
    )
    draft.tell(FeedbackAsked(asked))
    for one in before.values():
        draft.start(one.assignment)
    return bool(before)


def is_asked(session: Session, worker: WorkerId) -> bool:
    """Whether what the worker does now is to answer the question."""
    return worker in session.feedback.waiting


def feedback_deadlines(session: Session) -> Iterator[tuple[datetime, WorkerId]]:
    """When each who is asked is stopped, if it goes on."""
    asked_at = session.feedback.asked_at
    for worker in sorted(session.feedback.waiting):
        current = session.details[worker].current
        if asked_at is None or current.stopping_because is not None or session.workers[worker].exit is not None:
            continue
        due = asked_at + ANSWER_TIME
        yield (min(due, current.last_word_at + EXIT_TIME) if current.last_word_at is not None else due), worker


def end_late_answer(draft: Draft, worker: WorkerId) -> None:
    """Stop one who has not answered, or not exited, in time."""
    if draft.detail(worker).current.stopping_because is None:
        said = draft.detail(worker).current.ended_cleanly
        because = "it did not exit after its answer" if said else "it did not answer in time"
        draft.stop(worker, because=because)


def bound_answer(draft: Draft, worker: WorkerId, payload: Payload) -> None:
    """Stop one who works instead of answering."""
    if draft.detail(worker).current.stopping_because is not None:
        return
    before, state = draft.session.feedback.before[worker].state, draft.worker(worker)
    tokens = (state.usage.output_tokens or 0) - (before.usage.output_tokens or 0)
    if isinstance(payload, ToolCalled) and state.tool_calls - before.tool_calls > MOST_CALLS:
        draft.stop(worker, because="it called tools instead of answering")
    elif tokens > MOST_TOKENS and not draft.detail(worker).current.ended_cleanly:
        draft.stop(worker, because=f"its answer took {tokens:,} tokens")


def stop_feedback(draft: Draft, because: str) -> None:
    """Wait for no answer any more: the session ends as it was going to."""
    for worker in sorted(draft.session.feedback.waiting):
        if draft.detail(worker).current.stopping_because is None:
            draft.stop(worker, because=because)


def on_feedback(draft: Draft, worker: WorkerId, exit_record: ExitRecord) -> None:
    """Take what one has answered, and put it back as it was when its work was done."""
    state, detail, run = draft.worker(worker), draft.detail(worker), draft.session.feedback
    asked, current = run.before[worker], detail.current
    answer: Mapping[str, Any] | str = current.stopping_because or current.failure or "it ended without an answer"
    if current.ended_cleanly:
        answer = _read(state.answer, current.reply)
    given = FeedbackGiven(worker, state.agent, problem=answer) if isinstance(answer, str) else _given(state, answer)
    draft.session.feedback = replace(run, waiting=run.waiting - {worker}, given=(*run.given, given), ended_at=draft.at)
    draft.tell(given)
    _put_back(draft, worker, asked, exit_record)


def _can_be_asked(draft: Draft, worker: WorkerId) -> bool:
    state, detail, leaf = draft.worker(worker), draft.session.details.get(worker), draft.session.leaf(worker)
    return (
        detail is not None
        and state.status is WorkerStatus.DONE
        and state.conversation is not None
        and bool(get_agent(state.agent).conversations)
        # A CLI knows its conversations by the folder it worked in, and layers are gone by now.
        and not (leaf is not None and leaf.layers)
        and limit_in_force(draft, state.agent) is None
        and state.agent not in draft.session.lost
    )


def _read(text: str, reply: Mapping[str, Any] | None) -> Mapping[str, Any] | str:
    """The answer, or why there is none that counts."""
    if reply is None:
        try:
            reply = last_object(text)
        except KeyGivenTwice as twice:
            return str(twice)
    if reply is None:
        return "its answer holds no JSON object"
    misfit = misfit_of(reply, SCHEMA)
    return f"its answer does not fit its schema: {misfit}" if misfit is not None else reply


def _given(state: WorkerState, answer: Mapping[str, Any]) -> FeedbackGiven:
    note = " ".join(str(answer["note"]).split())[:MOST_NOTE_CHARS]
    clarity, workflow, change = int(answer["clarity"]), int(answer["workflow"]), str(answer["change"])
    return FeedbackGiven(state.id, state.agent, clarity, workflow, change, note)


def _put_back(draft: Draft, worker: WorkerId, asked: Asked, exit_record: ExitRecord) -> None:
    """Everything of its work stands as it was; what the answer took, and how the last attempt ended, is kept."""
    state, before = draft.change_worker(worker), asked.state
    state.status, state.why, state.answer, state.doing = before.status, before.why, before.answer, before.doing
    state.progress, state.tool_calls, state.denials = before.progress, before.tool_calls, before.denials
    state.exit, state.ended_at, state.sample = exit_record, draft.at, None
    kept, old = draft.change_detail(worker), asked.detail
    kept.assignment, kept.calls, kept.current, kept.trace = old.assignment, old.calls, old.current, old.trace
    kept.next_assignment = kept.start_at = None
    kept.tasks, kept.unknown, kept.agents_started = old.tasks, old.unknown, old.agents_started
