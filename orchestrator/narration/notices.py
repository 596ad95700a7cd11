"""Say what people should hear of each journal entry.

This is the one place that knows every entry, effect, fact and event: terminal, dashboard and ``logs`` only choose among
its notices and format them.  A new kind does not type-check until it is said here, or said to be nothing for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal, TypeAlias, assert_never

from orchestrator.models import effects, entries, facts
from orchestrator.models.entries import JournalEntry
from orchestrator.models.events import AgentEvent
from orchestrator.models.identity import ORCHESTRATOR, WorkerId
from orchestrator.models.plan_tree import MergeResult
from orchestrator.narration import sentences
from orchestrator.narration.formatting import changed_lines
from orchestrator.value_class import value_class


class Weight(IntEnum):
    """How much a notice matters."""

    DETAIL = 0
    """In ``logs`` and with ``--verbose``."""
    NORMAL = 1
    IMPORTANT = 2
    """Also with ``--quiet``, and marked in the dashboard."""


class Topic(StrEnum):
    """What a notice is about: the eight types of spec 004, and four of the coordinator's own."""

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


Kind: TypeAlias = Literal[
    "session", "worker", "said", "tool", "review", "decision", "recovery", "warning", "question", "report"
]
"""What it is, as a terminal labels and colours it."""
_TOPICS: dict[Kind, Topic] = {
    "review": Topic.REVIEW,
    "decision": Topic.DECISION,
    "recovery": Topic.RECOVERY,
    "question": Topic.QUESTION,
    "warning": Topic.ERROR,
}
"""Where neither an event nor the entry itself says otherwise; what is not listed is a status."""


@value_class
class Notice:
    """Something people should hear of.

    Texts are as they were recorded, with whatever an agent wrote: whoever shows one makes it safe for its medium.
    """

    at: datetime
    kind: Kind
    weight: Weight
    text: str
    worker: str | None = None
    more: tuple[str, ...] = ()
    """Further lines that belong to it."""
    topic: Topic = field(default=Topic.STATUS)
    agent: str = ORCHESTRATOR
    """Who says it: an agent's name, or ``orchestrator``."""
    source: str = ""
    """The recorded ``kind`` of what it tells of."""


def notices(entry: JournalEntry) -> Iterator[Notice]:
    """What there is to say about one entry, in order; nothing about samples and ticks."""
    body = entry.body
    match body:
        case entries.AgentOutput(worker=worker, events=events):
            for event in events:
                yield from _of_event(event, worker)
        case entries.EffectIntended(effect=one) | entries.Told(fact=one):
            for notice in _of_derived(one):
                yield notice.at_time(entry.at, one.kind)
        case _:
            for notice in _of_input(body):
                yield notice.at_time(entry.at, body.kind)


@value_class
class _Said:
    """A notice before it is known when it was and what it was recorded as."""

    kind: Kind
    weight: Weight
    text: str
    worker: str | None = None
    more: tuple[str, ...] = ()
    topic: Topic | None = None
    agent: str = ORCHESTRATOR
    source: str = ""

    def at_time(self, at: datetime, source: str) -> Notice:
        topic = self.topic or _TOPICS.get(self.kind, Topic.STATUS)
        return Notice(
            at, self.kind, self.weight, self.text, self.worker, self.more, topic, self.agent, self.source or source
        )


def _of_event(event: AgentEvent, worker: str) -> Iterator[Notice]:
    said = sentences.of_event(event)
    if said is not None:
        kind, weight, text = said
        topic = Topic(event.type)
        yield Notice(
            event.timestamp, kind, Weight(weight), text, worker, (), topic, event.agent, source=event.payload.kind
        )


def _of_input(body: entries.Input) -> Iterator[_Said]:
    match body:
        case entries.SessionOpened():
            yield from _opened(body)
        case entries.SessionClosed(outcome=outcome, reason=reason):
            text = f"ended: {sentences.OUTCOME_WORDS[outcome]}" + (f" ({reason})" if reason else "")
            yield _Said("session", Weight.IMPORTANT, text)
        case entries.CoordinatorResumed(pid=pid, follow_up=entries.FollowUp() as asked):
            who = f" by {asked.who}" if asked.who else ""
            yield _Said("session", Weight.IMPORTANT, f"follow-up{who}, taken by coordinator {pid}: {asked.text}")
        case entries.CoordinatorResumed(pid=pid, alive=alive, words=words):
            found = f"; still running: {', '.join(alive)}" if alive else ""
            yield _Said("session", Weight.IMPORTANT, f"taken over by coordinator {pid}{found}")
            if words is not None:
                text = f"{words.who or 'a person'} answered the stop from {words.by}: {words.text!r}"
                yield _Said("session", Weight.IMPORTANT, text, topic=Topic.COMMAND)
        case entries.ClockMoved(seconds=seconds):
            yield _Said("session", Weight.NORMAL, sentences.clock_words(seconds))
        case entries.UserCommand():
            yield _Said("session", Weight.IMPORTANT, _command(body), body.worker, topic=Topic.COMMAND)
        case entries.EffectDone(problem=str(problem)):
            yield _Said("warning", Weight.IMPORTANT, f"could not be done: {problem}")
        case (
            entries.SnapshotTaken()
            | entries.WorkMeasured()
            | entries.ChangeMeasured()
            | entries.BaselineMeasured()
            | entries.ChecksMeasured()
            | entries.GatesMeasured()
            | entries.LayersMerged()
        ):
            yield from _measured(body)
        case (
            entries.WorkerStarted()
            | entries.StartFailed()
            | entries.WorkerExited()
            | entries.StreamFault()
            | entries.OutboundSent()
        ):
            yield from _of_worker(body)
        case (
            entries.AgentOutput()  # its events were said one by one
            | entries.EffectDone()  # the intent was said
            | entries.Sampled()
            | entries.StreamRead()
            | entries.TimePassed()
            # What follows from these is a warning, a question or an answer of its own.
            | entries.GuardAsked()
            | entries.OutboundInspected()
            | entries.NetworkRefused()
            | entries.StorageShort()
        ):
            return
        case _:
            assert_never(body)


def _measured(
    body: entries.SnapshotTaken
    | entries.WorkMeasured
    | entries.ChangeMeasured
    | entries.BaselineMeasured
    | entries.ChecksMeasured
    | entries.GatesMeasured
    | entries.LayersMerged,
) -> Iterator[_Said]:
    match body:
        case entries.WorkMeasured(worker=worker, files=files, insertions=more, deletions=less, problem=problem):
            text = problem or (f"changed {changed_lines(len(files), more, less)}" if files else "changed nothing")
            yield _Said("worker", Weight.NORMAL, text, worker)
        case entries.SnapshotTaken(files=files, insertions=more, deletions=less, problem=problem):
            text = problem or changed_lines(len(files), more, less)
            yield _Said("review", Weight.DETAIL, f"snapshot for the reviewers: {text}", topic=Topic.STATUS)
        case entries.ChangeMeasured(files=files, insertions=more, deletions=less, problem=problem):
            changed = changed_lines(len(files), more, less) if files else "nothing changed"
            text = f"could not be measured: {problem}" if problem else changed
            yield _Said("session", Weight.NORMAL, f"compared with the beginning: {text}")
        case entries.BaselineMeasured(suites=suites):
            lines = tuple(f"{suite.name}: {suite.state}: {suite.reason}" for suite in suites.suites)
            text = f"tests before the work: {suites.problem or ('as follows' if lines else 'none found')}"
            yield _Said("review", Weight.NORMAL, text, more=lines, topic=Topic.STATUS)
        case entries.ChecksMeasured(verdict=verdict, findings=findings):
            # The orchestrator's own review says the same once all have answered.
            yield _Said("review", Weight.DETAIL, f"measured checks: {verdict}", more=findings)
        case entries.GatesMeasured(result=result):
            lines = tuple(f"{gate.name}: {gate.state}: {gate.message}" for gate in result.gates)
            text = f"gates at {result.path}: {result.state}" + (f": {result.error}" if result.error else "")
            yield _Said("review", Weight.IMPORTANT, text, more=lines, topic=Topic.STATUS)
        case entries.LayersMerged(result=result):
            yield _Said("session", Weight.IMPORTANT, *_merged(result))
        case _:
            assert_never(body)


def _merged(result: MergeResult) -> tuple[str, WorkerId | None, tuple[str, ...]]:
    lines = (*result.conflicts, *(f"kept: {patch}" for patch in result.kept))
    if result.error:
        return f"what was made side by side could not be merged: {result.error}", None, lines
    made = f"{len(result.taken)} taken" if result.taken else "none taken"
    conflicts = f", {len(result.conflicts)} conflicts" if result.conflicts else ""
    return f"what was made side by side is merged: {made}{conflicts}", None, lines


def _of_worker(
    body: entries.WorkerStarted
    | entries.StartFailed
    | entries.WorkerExited
    | entries.StreamFault
    | entries.OutboundSent,
) -> Iterator[_Said]:
    match body:
        case entries.WorkerStarted(worker=worker, attempt=attempt, sandbox=sandbox):
            again = "started" if attempt == 1 else f"started again (attempt {attempt})"
            yield _Said("worker", Weight.NORMAL, f"{again}, sandbox: {sandbox}", worker)
        case entries.StartFailed(worker=worker, problem=problem):
            yield _Said("warning", Weight.IMPORTANT, f"could not be started: {problem}", worker)
        case entries.WorkerExited(worker=worker, exit=record):
            yield _Said("worker", Weight.NORMAL, sentences.exit_words(record), worker)
        case entries.StreamFault(worker=worker, stream=stream, fault=fault, text=text):
            weight = Weight.IMPORTANT if fault in ("tampered", "lost") else Weight.NORMAL
            yield _Said("warning", weight, f"{stream} {fault}: {text}", worker)
        case entries.OutboundSent(worker=worker, code=code, stdout=stdout, stderr=stderr):
            if code is None:
                return  # a person is asked what became of it
            said = tuple(line for line in f"{stdout}\n{stderr}".splitlines() if line.strip())
            yield _Said("worker", Weight.IMPORTANT, f"what was to leave ended with {code}", worker, said[-5:])
        case _:
            assert_never(body)


def _opened(body: entries.SessionOpened) -> Iterator[_Said]:
    usable = [
        f"{agent.name} {agent.version or ''}".strip() + " (stand-in)" * agent.stand_in
        for agent in body.found
        if agent.usable
    ]
    with_them = f" with {', '.join(usable)}" if usable else " without any agent"
    yield _Said("session", Weight.IMPORTANT, f"session {body.session}{with_them}")
    for agent in body.found:
        # One that is left out is told of once, by the warning that says so.
        if agent.problem and agent.usable:
            yield _Said("warning", Weight.IMPORTANT, agent.problem, agent.name)


def _of_derived(wanted: entries.Wanted) -> Iterator[_Said]:  # noqa: C901 - one row an effect
    match wanted:
        case effects.RecordPlan(breakdown=plan):
            if any(step.path is not None for step in plan.steps):
                step = plan.steps[-1]
                part = f"takes part {step.path} of the plan" if step.path is not None else "comes behind the plan"
                text = f"{step.agent} {part}: {step.title}"
                yield _Said("worker", Weight.NORMAL, text, step.worker, topic=Topic.TASK)
                return
            steps = ", ".join(f"{step.worker} {sentences.ROLE_VERBS[step.role]}" for step in plan.steps)
            words = f"plan (tier {plan.tier}): {steps}" if steps else "plan: the team's own, a part at a time"
            yield _Said("session", Weight.IMPORTANT, words, more=plan.notes, topic=Topic.TASK)
        case effects.StopWorker(worker=worker, because=because):
            yield _Said("worker", Weight.NORMAL, f"is being stopped: {because}", worker)
        case effects.FreezeWorker(worker=worker, because=because):
            yield _Said("worker", Weight.NORMAL, f"frozen: {because}", worker)
        case effects.ThawWorker(worker=worker):
            yield _Said("worker", Weight.NORMAL, "runs on", worker)
        case effects.RunChecks():
            yield _Said("review", Weight.NORMAL, "the orchestrator measures the work itself", topic=Topic.STATUS)
        case effects.AnswerGuard(worker=worker, run=run, reason=reason):
            text = f"a command {'may run' if run else 'is refused'}: {reason}"
            yield _Said("worker", Weight.DETAIL, text, worker, topic=Topic.DECISION)
        case effects.SaveReview(request=request, reviews=reviews):
            for review in reviews:
                words, about = sentences.review_words(review), request.about
                is_told = review.summary == "; ".join(review.points)
                points = () if is_told else review.points
                yield _Said("review", Weight.IMPORTANT, words, about, points, agent=review.reviewer)
        case facts.DecisionMade(decision=decision):
            words, reasons = sentences.decision_words(decision), decision.reasons
            yield _Said("decision", Weight.IMPORTANT, words, decision.about, reasons)
        case facts.RecoveryChosen(action=action):
            words, changes = sentences.recovery_words(action), sentences.recovery_changes(action)
            yield _Said("recovery", Weight.IMPORTANT, words, action.worker, changes)
        case facts.PersonAsked(question=question):
            numbered = tuple(f"{n}. {text}" for n, text in enumerate(question.suggestions, start=1))
            yield _Said("question", Weight.IMPORTANT, f"{question.id}: {question.text}", question.about, numbered)
        case facts.PlanFinished(result=result):
            lines = sentences.plan_lines(result)
            yield _Said("session", Weight.IMPORTANT, sentences.plan_words(result), more=lines)
        case facts.Warned(text=text, worker=worker):
            yield _Said("warning", Weight.IMPORTANT, text, worker)
        case facts.AntipatternFound(worker=worker):
            yield _Said("warning", Weight.IMPORTANT, wanted.words, worker, topic=Topic.FINDING)
        case facts.FrequencyChanged(worker=worker):
            yield _Said("decision", Weight.NORMAL, wanted.words, worker)
        case facts.FeedbackAsked(workers=workers):
            asked = f"how it went is asked of {', '.join(workers)}" if workers else "nobody can be asked how it went"
            yield _Said("session", Weight.NORMAL, asked)
        case facts.FeedbackGiven(worker=worker, agent=agent):
            yield _Said("report", Weight.NORMAL, f"feedback: {wanted.words}", worker, topic=Topic.FINDING, agent=agent)
        case facts.Escalated(worker=worker, condition=condition):
            text = f"{str(condition.action).replace('_', ' ')}: {wanted.words}"
            yield _Said("decision", Weight.IMPORTANT, text, worker)
        case (
            effects.StartWorker()
            | effects.TakeSnapshot()
            | effects.MeasureWork()
            | effects.MeasureBaseline()
            | effects.MeasureGates()
            | effects.MergeLayers()
            | effects.InspectOutbound()
            | effects.SendOutbound()
            | effects.CloseSession()
        ):
            return  # their outcomes are said
        case _:
            assert_never(wanted)


def _command(body: entries.UserCommand) -> str:
    text = f": {body.text}" if body.text else ""
    about = f" {body.question}" if body.question else ""
    return f"{body.command}{about} (by {body.by}){text}"
