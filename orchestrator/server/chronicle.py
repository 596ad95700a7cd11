"""Keep what a session's one axis of time shows, within bounds: turns, calls, milestones, reviews, questions, spending.

Every item has a key that stays, and the number of the entry that changed it last, so a page that knows all up to some
entry is told the rest.  Times are milliseconds since 1970.  This module is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from orchestrator.models.entries import AgentOutput, JournalEntry, UserCommand, WorkerExited, WorkerStarted
from orchestrator.models.events import (
    AgentEvent,
    EventType,
    Failed,
    FailureKind,
    Reported,
    Said,
    ToolCalled,
    ToolReturned,
)
from orchestrator.models.identity import WorkerId
from orchestrator.narration.short_paths import short_paths
from orchestrator.quotation import clean
from orchestrator.session.open_questions import open_question
from orchestrator.session.state import Session
from orchestrator.value_class import value_class

CALLS_KEPT = 1_500
"""Of the session: a screen has no more pixels.  Beyond it every second call that went well is left out and counted."""
POINTS_KEPT = 240
"""Of a worker's spending; beyond it every second point is left out."""
MARKS_KEPT = 600
"""Of milestones and commands; the oldest go."""
_LONGEST = 160

What: TypeAlias = Literal["turn", "call", "milestone", "review", "question", "command", "spending"]


@value_class
class Mark:
    """One thing on the axis of time."""

    what: What
    key: str
    """Unique among those of its kind."""
    n: int
    """The entry that changed it last."""
    since: int
    until: int | None = None
    """``None``: it is not over, or it is a moment."""
    worker: str | None = None
    text: str = ""
    ok: bool | None = None
    """Whether a call returned well, a turn ended well; ``None``: not known (yet)."""
    detail: dict[str, object] = field(default_factory=dict)
    entry: int = 0
    """The entry it began with: where the event log shows it."""


@value_class
class Timeline:
    """All of it, or what has changed."""

    marks: tuple[Mark, ...]
    upto: int
    """All entries up to this one are in."""
    calls_left_out: int = 0
    """Calls that went well and are not among the marks, because there are too many."""


class Chronicle:
    """What happened when, in one session."""

    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], Mark] = {}
        self._calls: dict[str, Mark] = {}
        self._calls_open: dict[tuple[str, str], str] = {}
        self._points: dict[str, list[tuple[int, int | None, float | None]]] = {}
        self._spent: dict[str, int] = {}
        """Entry of each worker's last point."""
        self._moments = 0
        self._left_out = 0
        self._target = ""

    def note(self, entry: JournalEntry, before: Session | None, after: Session) -> None:
        """Take in an entry that led from one state to another."""
        body = entry.body
        if before is None:
            self.begin(after.options.target)
        if isinstance(body, AgentOutput):
            self._events(entry, body)
            self._spending(entry, before, after, body.worker)
        elif isinstance(body, WorkerStarted):
            self._begin_turn(entry, body)
        elif isinstance(body, WorkerExited):
            self._end_turn(entry, body, after)
        elif isinstance(body, UserCommand):
            words = f"{body.command}{f' {body.worker}' if body.worker else ''}, from {body.by}"
            self._moment(entry, "command", clean(words)[:_LONGEST], body.worker)
        if before is None or before.assessment is not after.assessment:
            self._reviews(entry, before, after)
        if before is None or before.approvals is not after.approvals:
            self._questions(entry, before, after)

    def begin(self, target: Path) -> None:
        """Paths in this folder are shown as those in it."""
        self._target = str(target)

    def note_alone(self, entry: JournalEntry) -> None:
        """Take in what an entry tells without the state it led to: calls, milestones, the beginning of turns."""
        if isinstance(entry.body, AgentOutput):
            self._events(entry, entry.body)
        elif isinstance(entry.body, WorkerStarted):
            self._begin_turn(entry, entry.body)

    def after(self, n: int) -> Timeline:
        """What has changed since entry ``n``."""
        upto = n
        found = []
        for mark in (*self._marks.values(), *self._calls.values(), *self._spending_marks()):
            if mark.n > n:
                found.append(mark)
                upto = max(upto, mark.n)
        return Timeline(tuple(found), upto, self._left_out)

    def call(self, key: str) -> Mark | None:
        """The tool call of that key, unless it has been left out."""
        return self._calls.get(key)

    # One kind after the other

    def _events(self, entry: JournalEntry, body: AgentOutput) -> None:
        for event in body.events:
            self._event(entry, event, body.worker, body.attempt)

    def _begin_turn(self, entry: JournalEntry, body: WorkerStarted) -> None:
        key = f"{body.worker}:{body.attempt}"
        self._put(Mark("turn", key, entry.n, _ms(entry.at), worker=body.worker, entry=entry.n))

    def _event(self, entry: JournalEntry, event: AgentEvent, worker: WorkerId, attempt: int) -> None:
        at = _ms(event.timestamp)
        match event.payload:
            case ToolCalled(call_id=call, tool=tool, summary=summary):
                key = f"{worker}:{attempt}:{call}:{entry.n}"
                text = clean(short_paths(summary[: 4 * _LONGEST], self._target))[:_LONGEST]
                self._calls_open[worker, call] = key
                self._calls[key] = Mark(
                    "call", key, entry.n, at, worker=worker, text=text, detail={"tool": clean(tool)[:60]}, entry=entry.n
                )
                self._thin_calls()
            case ToolReturned(call_id=call, ok=ok, exit_code=code):
                self._returned(entry, worker, call, at, ok=ok, code=code)
            case Failed(failure=FailureKind.TOOL):
                pass  # its return says so
            case Reported(text=text) | Said(text=text) if event.type in (EventType.MILESTONE, EventType.BLOCKER):
                self._moment(entry, "milestone", clean(text)[:_LONGEST], worker, kind=str(event.type))
            case _:
                pass

    def _returned(
        self, entry: JournalEntry, worker: WorkerId, call: str, at: int, *, ok: bool, code: int | None
    ) -> None:
        key = self._calls_open.pop((worker, call), None)
        mark = self._calls.get(key) if key else None
        if mark is not None:
            detail = mark.detail if ok or code is None else {**mark.detail, "code": code}
            self._calls[mark.key] = Mark(
                "call", mark.key, entry.n, mark.since, at, worker, mark.text, ok, detail, mark.entry
            )

    def _thin_calls(self) -> None:
        if len(self._calls) <= CALLS_KEPT:
            return
        good = [key for key, mark in self._calls.items() if mark.ok is not False and mark.until is not None]
        gone = good[::2] or list(self._calls)[: CALLS_KEPT // 2]
        for key in gone:
            del self._calls[key]
        self._left_out += len(gone)
        # A call that never returns must not be remembered for ever.
        self._calls_open = {name: key for name, key in self._calls_open.items() if key in self._calls}

    def _end_turn(self, entry: JournalEntry, body: WorkerExited, after: Session) -> None:
        began = self._marks.get(("turn", f"{body.worker}:{body.attempt}"))
        state = after.workers.get(body.worker)
        status = str(state.status) if state is not None else ""
        # What it did is measured after it has exited: until then nothing says whether it ended well.
        is_open = status in ("running", "starting", "silent", "frozen")
        well = None if is_open else status in ("done", "relaunching")
        since = began.since if began else _ms(entry.at)
        why = clean(state.why)[:_LONGEST] if state else ""
        self._put(
            Mark(
                "turn",
                f"{body.worker}:{body.attempt}",
                entry.n,
                since,
                _ms(entry.at),
                body.worker,
                why,
                well,
                {"status": status},
                began.entry if began else entry.n,
            )
        )

    def _moment(
        self, entry: JournalEntry, what: Literal["milestone", "command"], text: str, worker: str | None, kind: str = ""
    ) -> None:
        self._moments += 1
        key = f"{entry.n}.{self._moments}"
        detail: dict[str, object] = {"kind": kind} if kind else {}
        self._put(Mark(what, key, entry.n, _ms(entry.at), None, worker, text, detail=detail, entry=entry.n))
        if self._moments > MARKS_KEPT:
            kinds = ("milestone", "command")
            oldest = next((key for key in self._marks if key[0] in kinds), None)
            if oldest is not None:
                del self._marks[oldest]
                self._moments -= 1

    def _reviews(self, entry: JournalEntry, before: Session | None, after: Session) -> None:
        old = before.assessment.reviews if before else {}
        if old is after.assessment.reviews:
            return
        for name, review in after.assessment.reviews.items():
            if old.get(name) is review:
                continue
            known = self._marks.get(("review", name))
            told = dict(known.detail.get("answers", {})) if known else {}  # type: ignore[call-overload]  # our own table
            for answer in review.panel.values():
                if answer is not None and answer.reviewer not in told:
                    told[answer.reviewer] = {"at": _ms(entry.at), "verdict": str(answer.verdict)}
            decision = review.decision
            detail: dict[str, object] = {"trigger": str(review.request.trigger), "answers": told}
            if decision is not None:
                detail |= {"action": str(decision.action), "rule": decision.rule}
            decided = known.until if known and known.until else _ms(entry.at) if decision is not None else None
            self._put(
                Mark(
                    "review",
                    name,
                    entry.n,
                    _ms(review.request.asked_at),
                    decided,
                    review.request.about,
                    clean(review.request.text)[:_LONGEST],
                    None,
                    detail,
                    known.entry if known else entry.n,
                )
            )

    def _questions(self, entry: JournalEntry, before: Session | None, after: Session) -> None:
        old = {question.id: question for question in before.approvals.questions} if before else {}
        new = {question.id: question for question in after.approvals.questions}
        for name in new.keys() - old.keys():
            asked = open_question(after, new[name])
            text = clean(asked.text)[:_LONGEST]
            detail: dict[str, object] = {"asked_by": clean(asked.asked_by), "consent": asked.consent}
            since = _ms(entry.at)
            self._put(Mark("question", name, entry.n, since, None, asked.about, text, None, detail, entry.n))
        known_before = len(before.approvals.settled) if before else 0
        for one in after.approvals.settled[known_before:]:
            if one.of_stop and one.asked_at is not None:
                words = {"answer": one.answer, "by": one.by, "who": one.who, "outcome": one.outcome, "asked_by": ""}
                said = {word: clean(text)[:_LONGEST] for word, text in words.items()}
                text, span = clean(one.text)[:_LONGEST], (_ms(one.asked_at), _ms(entry.at))
                mark = Mark("question", one.question, entry.n, *span, one.about, text, None, {**said}, entry.n)
                self._put(mark)
        settled = {one.question: one for one in after.approvals.settled[-8:]}
        for name in old.keys() - new.keys():
            known = self._marks.get(("question", name))
            if known is None:
                continue
            how = settled.get(name)
            said = {}
            if how is not None:
                told = {"answer": how.answer, "by": how.by, "who": how.who, "outcome": how.outcome}
                said = {word: clean(text)[:_LONGEST] for word, text in told.items()}
            detail = {**known.detail, **said}
            until = _ms(entry.at)
            self._put(
                Mark("question", name, entry.n, known.since, until, known.worker, known.text, None, detail, known.entry)
            )

    def _spending(self, entry: JournalEntry, before: Session | None, after: Session, worker: WorkerId) -> None:
        state = after.workers.get(worker)
        was = before.workers.get(worker) if before else None
        if state is None or (was is not None and was.usage == state.usage):
            return
        points = self._points.setdefault(worker, [])
        points.append((_ms(entry.at), state.usage.total_tokens, state.usage.cost_usd))
        if len(points) > POINTS_KEPT:
            # The last one stays: it is what the worker has spent.
            del points[-2:0:-2]
        self._spent[worker] = entry.n

    def _spending_marks(self) -> Iterable[Mark]:
        for worker, points in self._points.items():
            detail: dict[str, object] = {"points": points}
            yield Mark("spending", worker, self._spent[worker], points[0][0], worker=worker, detail=detail)

    def _put(self, mark: Mark) -> None:
        self._marks[mark.what, mark.key] = mark


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
