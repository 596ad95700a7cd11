"""A session played by hand: inputs go in by number and second, effects are what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from orchestrator.models.effects import EffectId, StartWorker
from orchestrator.models.entries import (
    JOURNAL_FORMAT,
    AgentOutput,
    EffectDone,
    Input,
    JournalEntry,
    SessionOpened,
    SnapshotTaken,
    Wanted,
    WorkerExited,
    WorkerStarted,
    WorkMeasured,
    as_derived,
)
from orchestrator.models.events import AgentEvent, EventType, Payload, Reported, ToolCalled, ToolReturned, TurnEnded
from orchestrator.models.identity import AgentName, ProcessIdentity, SessionId, WorkerId
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.workers import ExitRecord, StoppedBy
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.session.fold import step
from orchestrator.session.state import Session

START = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
E_co = TypeVar("E_co", bound=Wanted)


class Play:
    """One session, driven by hand.  Effects without an outcome of their own are taken as done at once."""

    def __init__(self, *agents: str, format: int = JOURNAL_FORMAT, **options: Any) -> None:
        self.at = START
        self.entries: list[JournalEntry] = []
        self.effects: list[tuple[EffectId, Wanted]] = []
        self._session: Session | None = None
        plain = SessionOptions(
            task="Add input validation",
            target=Path("/t"),
            session_dir=Path("/w/20261121-175811-7f3a"),
            agents=tuple(AgentName(name) for name in ("gemini", "claude", "codex")),
            policy=STANDARD,
            sandbox=SandboxConfig(name="default"),
            sandbox_backend="bubblewrap",
            templates=load_templates(None),
        )
        found = tuple(
            FoundAgent(name, usable=name in agents, version="1.0", problem=None if name in agents else "not on PATH")
            for name in plain.agents
        )
        self.take(SessionOpened(SessionId("20261121-175811-7f3a"), replace(plain, **options), found, format=format))

    @property
    def session(self) -> Session:
        assert self._session is not None
        return self._session

    def take(self, body: Input) -> Sequence[Wanted]:
        """One input in, the effects it called for out; their intents follow it in the journal."""
        entry = JournalEntry(len(self.entries) + 1, self.at, body)
        self.entries.append(entry)
        self._session, effects = step(self._session, entry)
        named = [(EffectId(entry.n, index), effect) for index, effect in enumerate(effects)]
        for name, effect in named:
            intent = JournalEntry(
                len(self.entries) + 1, self.at, as_derived(name, effect, format_=self._session.format)
            )
            self.entries.append(intent)
            self._session, none = step(self._session, intent)
            assert none == ()
        self.effects += named
        return effects

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def wanted(self, kind: type[E_co]) -> list[E_co]:
        """Effects of one kind so far."""
        return [effect for _, effect in self.effects if isinstance(effect, kind)]

    def last(self, kind: type[E_co]) -> tuple[EffectId, E_co]:
        return next((name, effect) for name, effect in reversed(self.effects) if isinstance(effect, kind))

    def start(self, worker: str) -> StartWorker:
        """The worker's shim runs."""
        name, effect = next(
            (name, effect)
            for name, effect in reversed(self.effects)
            if isinstance(effect, StartWorker) and effect.worker == worker
        )
        shim = ProcessIdentity(pid=100 + len(self.entries), start_ticks=1)
        self.take(WorkerStarted(effect.worker, effect.attempt, ("cli",), shim, "bubblewrap", name))
        return effect

    def says(self, worker: str, *payloads: Payload, kind: EventType = EventType.PROGRESS) -> Sequence[Wanted]:
        """The worker wrote one record."""
        name = WorkerId(worker)
        state = self.session.workers[name]
        events = tuple(AgentEvent(kind, state.agent, self.at, payload) for payload in payloads)
        return self.take(AgentOutput(name, state.attempt, "stdout", 0, 10, events))

    def reports(self, worker: str, kind: EventType, text: str, **fields: Any) -> Sequence[Wanted]:
        """The worker reported an event of its own."""
        return self.says(worker, replace(Reported(text), **fields), kind=kind)

    def works(self, worker: str, text: str = "done") -> None:
        """The worker calls a tool, which returns well, and ends its turn well."""
        self.says(worker, ToolCalled("Write", "t1", "signup.py"))
        self.says(worker, ToolReturned("t1", ok=True, text="written"))
        self.says(worker, TurnEnded(ok=True, subtype="success", text=text), kind=EventType.STATUS)

    def exits(self, worker: str, code: int | None = 0, *, by: StoppedBy = "itself") -> Sequence[Wanted]:
        name = WorkerId(worker)
        record = ExitRecord(code, "empty pid namespace", stopped_by=by)
        return self.take(WorkerExited(name, self.session.workers[name].attempt, record))

    def measures(self, worker: str, *files: str) -> Sequence[Wanted]:
        from orchestrator.models.effects import MeasureWork

        name, _ = self.last(MeasureWork)
        return self.take(WorkMeasured(WorkerId(worker), files, len(files), 0, (), name))

    def snapshot(self, *files: str) -> Sequence[Wanted]:
        from orchestrator.models.effects import TakeSnapshot

        name, _ = self.last(TakeSnapshot)
        return self.take(SnapshotTaken("+ one line", files, 1, 0, name))

    def done(self) -> None:
        """Every open effect that has no outcome entry of its own is done."""
        waits = {"start_worker", "take_snapshot", "measure_work", "run_checks", "close_session"}
        for (cause, index), kind in list(self.session.effects_open.items()):
            if kind not in waits:
                self.take(EffectDone(EffectId(cause, index)))

    def finishes(self, worker: str, *files: str, text: str = "done") -> None:
        """The worker starts, works, ends, and what it did is measured."""
        self.start(worker)
        self.works(worker, text)
        self.exits(worker)
        self.measures(worker, *files)

    def reviews(self, worker: str, verdict: str, summary: str = "fine") -> Sequence[Wanted]:
        """The reviewing worker starts, answers and ends."""
        self.start(worker)
        reply = {"verdict": verdict, "summary": summary, "points": []}
        ended = TurnEnded(ok=True, subtype="success", text="", reply=reply)
        self.says(worker, ended, kind=EventType.STATUS)
        return self.exits(worker)


@pytest.fixture
def play() -> Callable[..., Play]:
    """Opens a session for the agents named."""
    return Play
