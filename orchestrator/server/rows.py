"""Turn a journal entry into what the event log shows of it; this module is pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from orchestrator.models import effects, entries, events, facts
from orchestrator.models.entries import JournalEntry
from orchestrator.models.identity import ORCHESTRATOR
from orchestrator.models.work import TaskBreakdown
from orchestrator.quotation import clean

LONGEST_TEXT = 4_000
"""Characters of one row; the raw log has the whole."""


class RowType(StrEnum):
    """The eight types of spec 004, and four of the coordinator's own."""

    STATUS = "status"
    PROGRESS = "progress"
    FINDING = "finding"
    TASK = "task"
    BLOCKER = "blocker"
    MILESTONE = "milestone"
    REVIEW = "review"
    ERROR = "error"
    DECISION = "decision"
    RECOVERY = "recovery"
    QUESTION = "question"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the event log."""

    id: str
    """``<journal number>.<index>``: unique in its session."""
    n: int
    at: datetime
    agent: str
    """Who it comes from: an agent's name, or ``orchestrator``."""
    worker: str | None
    type: RowType
    kind: str
    text: str
    important: bool = False
    """Worth a person's look even when the log is filtered to little."""


@dataclass(frozen=True, slots=True)
class _Told:
    type: RowType
    kind: str
    text: str
    worker: str | None = None
    agent: str = ORCHESTRATOR
    important: bool = False


def rows_of(entry: JournalEntry) -> tuple[EventRow, ...]:
    """The rows of one entry, in order; none for measurements and ticks."""
    return tuple(
        EventRow(
            id=f"{entry.n}.{index}",
            n=entry.n,
            at=entry.at,
            agent=told.agent,
            worker=told.worker,
            type=told.type,
            kind=told.kind,
            text=clean(told.text if len(told.text) <= LONGEST_TEXT else f"{told.text[:LONGEST_TEXT]}…"),
            important=told.important,
        )
        for index, told in enumerate(_of_body(entry.body))
    )


def _of_body(body: entries.Body) -> Iterator[_Told]:
    match body:
        case entries.AgentOutput(worker=worker, events=reported):
            for event in reported:
                yield from _of_event(event, worker)
        case entries.EffectIntended(effect=one) | entries.Told(fact=one):
            yield from _of_effect(one)
        case entries.UserCommand():
            yield _of_command(body)
        case entries.SessionOpened():
            yield from _of_opening(body)
        case entries.SessionClosed(outcome=outcome, reason=reason):
            said = f"ended: {outcome.replace('_', ' ')}. {reason}"
            yield _Told(RowType.STATUS, body.kind, said, important=True)
        case entries.EffectDone(problem=str(problem)):
            yield _Told(RowType.ERROR, body.kind, f"could not be done: {problem}", important=True)
        case _:
            yield from _of_worker(body)


def _of_worker(body: entries.Body) -> Iterator[_Told]:
    match body:
        case entries.WorkerStarted(worker=worker, attempt=attempt, sandbox=sandbox):
            yield _Told(RowType.STATUS, body.kind, f"attempt {attempt} started, sandbox: {sandbox}", worker)
        case entries.StartFailed(worker=worker, problem=problem):
            yield _Told(RowType.ERROR, body.kind, f"could not be started: {problem}", worker, important=True)
        case entries.StreamFault(worker=worker, stream=stream, fault=fault, text=text):
            grave = fault in ("tampered", "lost")
            yield _Told(RowType.ERROR, body.kind, f"{stream} {fault}: {text}", worker, important=grave)
        case entries.WorkerExited(worker=worker, exit=record):
            code = "no exit record" if record.code is None else f"exit {record.code}"
            note = f"; {record.note}" if record.note else ""
            said = f"gone: {record.proof}; {code}, ended by {record.stopped_by}{note}"
            yield _Told(RowType.STATUS, body.kind, said, worker)
        case entries.WorkMeasured(worker=worker, files=files, insertions=more, deletions=less, problem=problem):
            said = problem or f"{len(files)} files changed (+{more} -{less})"
            yield _Told(RowType.STATUS, body.kind, f"measured: {said}", worker)
        case entries.SnapshotTaken(files=files, insertions=more, deletions=less, problem=problem):
            said = problem or f"{len(files)} files changed (+{more} -{less})"
            yield _Told(RowType.STATUS, body.kind, f"snapshot for the reviewers: {said}")
        case entries.ChangeMeasured(files=files, insertions=more, deletions=less, problem=problem):
            said = f"not measured: {problem}" if problem else f"{len(files)} files differ (+{more} -{less})"
            yield _Told(RowType.STATUS, body.kind, f"at the end, compared with the beginning: {said}")
        case entries.BaselineMeasured(suites=suites):
            said = "; ".join(f"{suite.name}: {suite.state}, {suite.reason}" for suite in suites.suites)
            yield _Told(RowType.STATUS, body.kind, f"tests before the work: {suites.problem or said or 'none found'}")
        case entries.ChecksMeasured(verdict=verdict, findings=findings):
            yield _Told(RowType.REVIEW, body.kind, f"measured checks: {verdict}. {'; '.join(findings)}", important=True)
        case entries.ClockMoved(seconds=seconds):
            yield _Told(RowType.STATUS, body.kind, f"the clock was moved by {seconds:+,.0f} s; no wait counts that")
        case entries.CoordinatorResumed(pid=pid, alive=alive):
            found = f"; still running: {', '.join(alive)}" if alive else ""
            yield _Told(RowType.STATUS, body.kind, f"taken over by coordinator {pid}{found}", important=True)


def _of_opening(body: entries.SessionOpened) -> Iterator[_Told]:
    usable = ", ".join(f"{agent.name} {agent.version or '?'}" for agent in body.found if agent.usable)
    yield _Told(RowType.STATUS, body.kind, f"session opened with {usable or 'no agent'}", important=True)
    for finding in body.findings:
        yield _Told(RowType.FINDING, "preflight", finding)


def _of_command(body: entries.UserCommand) -> _Told:
    about = f" {body.worker}" if body.worker else ""
    about += f" {body.question}" if body.question else ""
    said = f": {body.text}" if body.text else ""
    return _Told(
        RowType.COMMAND, body.command, f"{body.by} asked to {body.command}{about}{said}", body.worker, important=True
    )


def _of_effect(effect: effects.Effect | facts.Fact) -> Iterator[_Told]:
    match effect:
        case effects.RecordPlan(breakdown=plan):
            yield _Told(RowType.TASK, effect.kind, _plan_words(plan))
        case effects.StopWorker(worker=worker, because=because):
            yield _Told(RowType.STATUS, effect.kind, f"is being stopped: {because}", worker)
        case effects.FreezeWorker(worker=worker, because=because):
            yield _Told(RowType.STATUS, effect.kind, f"frozen: {because}", worker)
        case effects.ThawWorker(worker=worker):
            yield _Told(RowType.STATUS, effect.kind, "runs on", worker)
        case effects.SaveReview(request=request, reviews=answers):
            for answer in answers:
                said = f"{answer.reviewer} on {request.id}: {answer.verdict}. {answer.problem or answer.summary}"
                yield _Told(RowType.REVIEW, effect.kind, said, request.about, answer.reviewer, important=True)
        case _:
            yield from _of_judgement(effect)


def _of_judgement(effect: effects.Effect | facts.Fact) -> Iterator[_Told]:
    """Effects that say what was decided or asked; the rest have outcomes, and those have rows."""
    match effect:
        case facts.DecisionMade(decision=decision):
            said = f"{decision.action.replace('_', ' ')}, because {decision.rule}"
            yield _Told(RowType.DECISION, effect.kind, said, decision.about, important=True)
        case facts.RecoveryChosen(action=action):
            said = f"{action.remedy.kind}: {action.because} (rule {action.rule})"
            yield _Told(RowType.RECOVERY, effect.kind, said, action.worker, important=True)
        case facts.PersonAsked(question=question):
            said = f"{question.id}: {question.text}"
            yield _Told(RowType.QUESTION, effect.kind, said, question.about, important=True)
        case effects.AnswerGuard(worker=worker, run=run, reason=reason):
            said = f"a command {'may run' if run else 'is refused'}: {reason}"
            yield _Told(RowType.DECISION, effect.kind, said, worker)
        case facts.Warned(text=text, worker=worker):
            yield _Told(RowType.ERROR, effect.kind, text, worker, important=True)


def _plan_words(plan: TaskBreakdown) -> str:
    steps = "; ".join(f"{step.worker}: {step.title}" for step in plan.steps)
    return f"plan, tier {plan.tier}: {steps or 'no worker'}"


def _of_event(event: events.AgentEvent, worker: str) -> Iterator[_Told]:
    said = _payload_words(event.payload)
    if said:
        grave = event.type in ("blocker", "milestone", "error", "finding")
        yield _Told(RowType(event.type), event.payload.kind, said, worker, event.agent, important=grave)


def _payload_words(payload: events.Payload) -> str:  # noqa: C901 - one row an event
    match payload:
        case events.Said(text=text) | events.Unrecognised(text=text) | events.Failed(text=text):
            return text
        case events.Reasoned(text=text):
            return f"thinks: {text}"
        case events.ToolCalled(tool=tool, summary=summary):
            return f"{tool}: {summary}"
        case events.ToolReturned(ok=ok, text=text, exit_code=code):
            ended = "returned" if ok else f"failed ({code})" if code is not None else "failed"
            return f"{ended}: {text}" if text else ended
        case events.BackgroundStarted(summary=summary):
            return f"runs on beside the conversation: {summary}"
        case events.BackgroundEnded(how=how, text=text):
            return f"a background task {how}: {text}"
        case events.Denied(text=text):
            return f"denied: {text}"
        case events.Retrying(text=text):
            return f"tries again: {text}"
        case events.ConversationStarted(reference=reference, model=model):
            return f"conversation {reference}" + (f", model {model}" if model else "")
        case events.UsageReported():
            return ""  # shown on the worker's card
        case events.TurnEnded(ok=ok, subtype=subtype, text=text):
            return f"turn ended: {subtype if ok else f'{subtype} (not clean)'}" + (f". {text}" if text else "")
        case events.Reported(text=text, progress=progress):
            return text + (f" ({progress:g} %)" if progress is not None else "")
        case _:
            assert_never(payload)
