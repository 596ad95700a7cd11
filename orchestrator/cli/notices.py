"""Say what people should hear of a journal entry; pure, and shared by both views and ``logs``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Literal, TypeAlias

from orchestrator.cli import sentences
from orchestrator.cli.formatting import changed_lines, one_line
from orchestrator.models import effects, entries, facts
from orchestrator.models.entries import JournalEntry


class Weight(IntEnum):
    """How much a happening matters."""

    DETAIL = 0
    """In ``logs`` and with ``--verbose``."""
    NORMAL = 1
    IMPORTANT = 2
    """Also with ``--quiet``, and in the live view's list."""


Kind: TypeAlias = Literal[
    "session", "worker", "said", "tool", "review", "decision", "recovery", "warning", "question", "report"
]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something people should hear of; every text is safe for a terminal."""

    at: datetime
    kind: Kind
    weight: Weight
    text: str
    worker: str | None = None
    more: tuple[str, ...] = ()
    """Further lines that belong to it."""


def notices(entry: JournalEntry) -> tuple[Notice, ...]:
    """What there is to say about one entry; nothing about samples and ticks."""
    return tuple(_without_own_name(notice) for notice in _of(entry.body, entry.at))


def _without_own_name(notice: Notice) -> Notice:
    """Texts for places that do not name the worker begin with its name; here it stands before them anyway."""
    if notice.worker is None:
        return notice
    return replace(notice, text=notice.text.replace(f"{notice.worker}: ", "", 1))


def _of(body: entries.Body, at: datetime) -> Iterator[Notice]:  # noqa: C901 - one row an entry
    match body:
        case entries.EffectIntended(effect=one) | entries.Told(fact=one):
            yield from _intended(one, at)
        case entries.AgentOutput(worker=worker, events=events):
            for event in events:
                said = sentences.of_event(event)
                if said is not None:
                    kind, weight, text = said
                    yield Notice(event.timestamp, kind, Weight(weight), text, worker)
        case entries.SessionOpened():
            yield from _opened(body, at)
        case entries.WorkMeasured(worker=worker, files=files, insertions=insertions, deletions=deletions):
            text = f"changed {changed_lines(len(files), insertions, deletions)}" if files else "changed nothing"
            yield Notice(at, "worker", Weight.NORMAL, text, worker)
        case entries.ChangeMeasured(files=files, insertions=insertions, deletions=deletions, problem=problem):
            changed = changed_lines(len(files), insertions, deletions) if files else "nothing changed"
            text = f"could not be measured: {one_line(problem, 300)}" if problem else changed
            yield Notice(at, "session", Weight.NORMAL, f"compared with the beginning: {text}")
        case entries.BaselineMeasured(suites=suites):
            lines = tuple(f"{suite.name}: {suite.words}" for suite in suites.suites)
            text = f"tests before the work: {suites.problem or ('as follows' if lines else 'none found')}"
            yield Notice(at, "review", Weight.NORMAL, one_line(text, 300), more=_lines(lines))
        case entries.ChecksMeasured(verdict=verdict, findings=findings):
            yield Notice(at, "review", Weight.IMPORTANT, f"measured checks: {verdict}", more=_lines(findings))
        case entries.SessionClosed(outcome=outcome, reason=reason):
            text = f"ended: {sentences.OUTCOME_WORDS[outcome]}" + (f" ({one_line(reason, 300)})" if reason else "")
            yield Notice(at, "session", Weight.IMPORTANT, text)
        case entries.EffectDone(problem=str(problem)):
            yield Notice(at, "warning", Weight.IMPORTANT, one_line(problem, 300))
        case entries.UserCommand():
            yield Notice(at, "session", Weight.IMPORTANT, _command(body), body.worker)
        case _:
            yield from _of_worker(body, at)


def _of_worker(body: entries.Body, at: datetime) -> Iterator[Notice]:
    match body:
        case entries.WorkerStarted(worker=worker, attempt=attempt, sandbox=sandbox):
            again = "started" if attempt == 1 else f"started again (attempt {attempt})"
            yield Notice(at, "worker", Weight.NORMAL, f"{again}, sandbox: {one_line(sandbox, 80)}", worker)
        case entries.StartFailed(worker=worker, problem=problem):
            yield Notice(at, "warning", Weight.IMPORTANT, f"could not be started: {one_line(problem, 300)}", worker)
        case entries.StreamFault(worker=worker, stream=stream, fault=fault, text=text):
            weight = Weight.IMPORTANT if fault in ("tampered", "lost") else Weight.NORMAL
            yield Notice(at, "warning", weight, f"{stream} {fault}: {one_line(text)}", worker)
        case entries.OutboundSent(worker=worker, code=int(code), stdout=stdout, stderr=stderr):
            said = tuple(one_line(line, 300) for line in f"{stdout}\n{stderr}".splitlines() if line.strip())
            yield Notice(at, "worker", Weight.IMPORTANT, f"what was to leave ended with {code}", worker, said[-5:])
        case entries.WorkerExited(worker=worker, exit=record):
            yield Notice(at, "worker", Weight.NORMAL, sentences.exit_words(record), worker)
        case entries.SnapshotTaken(files=files, insertions=insertions, deletions=deletions):
            text = f"snapshot for the reviewers: {changed_lines(len(files), insertions, deletions)}"
            yield Notice(at, "review", Weight.DETAIL, text)
        case entries.ClockMoved(seconds=seconds):
            yield Notice(at, "session", Weight.NORMAL, sentences.clock_words(seconds))
        case entries.CoordinatorResumed(pid=pid, alive=alive):
            found = f"; still running: {', '.join(alive)}" if alive else ""
            yield Notice(at, "session", Weight.IMPORTANT, f"taken over by coordinator {pid}{found}")
        case _:
            return


def _opened(body: entries.SessionOpened, at: datetime) -> Iterator[Notice]:
    usable = [
        f"{agent.name} {agent.version or ''}".strip() + " (stand-in)" * agent.stand_in
        for agent in body.found
        if agent.usable
    ]
    with_them = f" with {', '.join(usable)}" if usable else " without any agent"
    yield Notice(at, "session", Weight.IMPORTANT, f"session {body.session}{with_them}")
    for agent in body.found:
        # One that is left out is told of once, by the warning that says so.
        if agent.problem and agent.usable:
            yield Notice(at, "warning", Weight.IMPORTANT, one_line(agent.problem, 300), agent.name)


def _intended(effect: effects.Effect | facts.Fact, at: datetime) -> Iterator[Notice]:
    match effect:
        case effects.StopWorker(worker=worker, because=because):
            yield Notice(at, "worker", Weight.NORMAL, f"is being stopped: {one_line(because)}", worker)
        case effects.FreezeWorker(worker=worker, because=because):
            yield Notice(at, "worker", Weight.NORMAL, f"frozen: {one_line(because)}", worker)
        case effects.ThawWorker(worker=worker):
            yield Notice(at, "worker", Weight.NORMAL, "runs on", worker)
        case effects.RunChecks():
            yield Notice(at, "review", Weight.NORMAL, "the orchestrator measures the work itself")
        case facts.Warned(text=text, worker=worker):
            yield Notice(at, "warning", Weight.IMPORTANT, one_line(text, 300), worker)
        case effects.SaveReview(request=request, reviews=reviews):
            for review in reviews:
                words, points = sentences.review_words(review), _lines(review.points)
                yield Notice(at, "review", Weight.IMPORTANT, words, request.about, points)
        case _:
            yield from _intended_for_people(effect, at)


def _intended_for_people(effect: effects.Effect | facts.Fact, at: datetime) -> Iterator[Notice]:
    match effect:
        case effects.RecordPlan(breakdown=plan):
            steps = ", ".join(f"{step.worker} {sentences.ROLE_VERBS[step.role]}" for step in plan.steps)
            words = f"plan (tier {plan.tier}): {steps or 'no worker'}"
            yield Notice(at, "session", Weight.IMPORTANT, words, more=_lines(plan.notes))
        case facts.DecisionMade(decision=decision):
            words, reasons = sentences.decision_words(decision), _lines(decision.reasons)
            yield Notice(at, "decision", Weight.IMPORTANT, words, decision.about, reasons)
        case facts.RecoveryChosen(action=action):
            words, changes = sentences.recovery_words(action), sentences.recovery_changes(action)
            yield Notice(at, "recovery", Weight.IMPORTANT, words, action.worker, changes)
        case facts.PersonAsked(question=question):
            words = f"{question.id}: {one_line(question.text, 4000)}"
            numbered = tuple(f"{n}. {one_line(text, 300)}" for n, text in enumerate(question.suggestions, start=1))
            yield Notice(at, "question", Weight.IMPORTANT, words, question.about, numbered)
        case _:
            return


def _command(body: entries.UserCommand) -> str:
    text = f": {one_line(body.text, 300)}" if body.text else ""
    return f"{body.command} (by {one_line(body.by, 60)}){text}"


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one_line(text, 300) for text in texts)
