"""The view of the outcome log: every composition, by the folder it belongs to, with all that speaks for it.

A pure fold: record in, next state out.  Whoever has the log has the view.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.agent_configuration import AgentConfiguration
from orchestrator.store.composition_names import names_of_gates
from orchestrator.store.log_records import (
    CallerRecorded,
    ConfigurationDeleted,
    ConfigurationSaved,
    CountsImported,
    LessonForgotten,
    LogRecord,
    Metrics,
    SessionEnded,
)

_BEFORE = "1970-01-01T00:00:00"
"""Nobody here made what was imported."""


@dataclass(slots=True)
class Tally:
    """Counts of uses, successes and failures."""

    uses: int = 0
    successes: int = 0
    failures: int = 0
    scored: int = 0
    total: float = 0.0
    """Of the scores."""

    def count(self, *, result: bool | None, score: float | None, times: int = 1) -> None:
        """Take one outcome in, or with ``times`` -1 out again; ``None`` is what is not known."""
        self.uses += times
        self.successes += times * (result is True)
        self.failures += times * (result is False)
        if score is not None:
            self.scored += times
            self.total += times * score


@dataclass(slots=True)
class Composition:
    """One configuration of one store."""

    store: str
    id: str
    saved: ConfigurationSaved | None = None
    claimed: Metrics = field(default_factory=Metrics)
    by_callers: Tally = field(default_factory=Tally)
    by_sessions: Tally = field(default_factory=Tally)
    sessions: dict[SessionId, RecordedOutcome] = field(default_factory=dict)
    """In the order in which they ended."""
    imported: CountsImported | None = None
    """What others say of it."""
    is_own: bool = False
    """Whether it was there before it was imported."""
    last_used: datetime | None = None
    """By the last line that tells of a use; naive, in local time, as the specification's times are."""

    def metrics(self) -> Metrics:
        """What is known of it: what is claimed, what callers recorded, and what sessions came to."""
        claimed, tallies = self.claimed, (self.by_callers, self.by_sessions)
        successes = claimed.success_count + sum(one.successes for one in tallies)
        failures = claimed.failure_count + sum(one.failures for one in tallies)
        total = claimed.avg_quality_score * claimed.usage_count + sum(one.total for one in tallies)
        scored = self.scored()
        return Metrics(
            successes / (successes + failures) if successes + failures else claimed.success_rate,
            min(max(total / scored, 0.0), 100.0) if scored else claimed.avg_quality_score,
            claimed.usage_count + sum(one.uses for one in tallies),
            successes,
            failures,
        )

    @property
    def is_quarantined(self) -> bool:
        """Whether it was imported and has not yet succeeded here by any gate, whatever a caller or an edit says."""
        return self.imported is not None and self.by_sessions.successes == 0 and not self.is_own

    @property
    def is_rehearsed(self) -> bool:
        """Whether only rehearsals used it, which say nothing of real runs."""
        return self.saved is None and bool(self.sessions) and all(one.rehearsal for one in self.sessions.values())

    def scored(self) -> int:
        """How many uses the mean score is over."""
        return self.claimed.usage_count + self.by_callers.scored + self.by_sessions.scored

    def definition(self) -> ConfigurationSaved:
        """What was saved last, else what its sessions show."""
        if self.saved is not None:
            return self.saved
        if not self.sessions and self.imported is not None:
            told = self.imported
            agents, tags = tuple(dict(member) for member in told.members), (told.team, "imported")
            return ConfigurationSaved(self.store, self.id, told.pattern, agents, "sequential", {}, tags, _BEFORE)
        latest = next(reversed(self.sessions.values()))
        first = next(iter(self.sessions.values()))
        return ConfigurationSaved(
            self.store,
            self.id,
            latest.pattern,
            tuple(_members(latest)),
            "sequential",
            dict.fromkeys(names_of_gates(latest.gates), "passed"),
            (latest.team, "rehearsal") if latest.rehearsal else (latest.team,),
            as_local(first.opened_at).isoformat(),
        )

    def configuration(self) -> AgentConfiguration:
        """The specification's object."""
        definition, metrics = self.definition(), self.metrics()
        made = AgentConfiguration(
            definition.configuration,
            definition.task_pattern,
            json.loads(json.dumps([dict(each) for each in definition.agents])),
            definition.strategy,
            json.loads(json.dumps(dict(definition.quality_gates))),
            metrics.success_rate,
            metrics.avg_quality_score,
            metrics.usage_count,
            metrics.success_count,
            metrics.failure_count,
            datetime.fromisoformat(definition.created_at),
            self.last_used,
            list(definition.tags),
        )
        made.was_read(self.scored(), as_caller(definition))
        return made


@dataclass(slots=True)
class CompositionView:
    """Every composition that a log speaks of."""

    compositions: dict[tuple[str, str], Composition] = field(default_factory=dict)
    where: dict[tuple[str, SessionId], str] = field(default_factory=dict)
    """To which composition of a store a session counts; empty where that was deleted after it."""
    gone: set[tuple[str, str]] = field(default_factory=set)
    """Compositions that were there and are not any more: deleted, or all of their sessions count to another one."""

    def take(self, record: LogRecord) -> tuple[str, str]:
        """Fold one record in, and say whose state it changed."""
        match record.body:
            case SessionEnded() as body:
                self._take_session(body, record.at)
            case CallerRecorded() as body:
                one = self._of(body.store, body.configuration)
                one.by_callers.count(result=body.success, score=body.quality_score)
                one.last_used = as_local(record.at)
            case ConfigurationSaved() as body:
                one = self._of(body.store, body.configuration)
                one.saved = as_caller(body)
                one.claimed = body.claimed if body.claimed is not None else one.claimed
                if body.last_used is not None:
                    one.last_used = datetime.fromisoformat(body.last_used)
            case CountsImported() as body:
                one = self._of(body.store, body.configuration)
                one.is_own = one.is_own or (one.imported is None and is_defined(one))
                one.imported = body
            case ConfigurationDeleted() as body:
                gone = self.compositions.pop((body.store, body.configuration), None)
                if gone is not None:
                    self.gone.add((body.store, body.configuration))
                    self.where.update(dict.fromkeys([(body.store, name) for name in gone.sessions], ""))
            case LessonForgotten() as body:
                return body.store, ""
        return record.body.store, record.body.configuration

    def _take_session(self, body: SessionEnded, at: datetime) -> None:
        place = (body.store, body.outcome.session)
        before = self.where.get(place)
        if before == "":
            return
        if before is not None:
            old = self.compositions[body.store, before]
            _count(old.by_sessions, old.sessions.pop(body.outcome.session), times=-1)
            if not is_defined(old) and old.by_callers.uses == 0:
                del self.compositions[body.store, before]
                self.gone.add((body.store, before))
        one = self._of(body.store, body.configuration)
        one.sessions[body.outcome.session] = body.outcome
        one.last_used = as_local(at)
        _count(one.by_sessions, body.outcome)
        self.where[place] = body.configuration

    def of_store(self, store: str) -> Iterator[Composition]:
        """The compositions of one store whose definition is known."""
        for (place, _), one in self.compositions.items():
            if place == store and is_defined(one):
                yield one

    def find(self, store: str, configuration: str) -> Composition | None:
        """The composition of this id."""
        one = self.compositions.get((store, configuration))
        return one if one is not None and is_defined(one) else None

    def _of(self, store: str, configuration: str) -> Composition:
        self.gone.discard((store, configuration))
        return self.compositions.setdefault((store, configuration), Composition(store, configuration))


def view_of(records: Iterable[LogRecord]) -> CompositionView:
    """The view that a whole log gives."""
    view = CompositionView()
    for record in records:
        view.take(record)
    return view


def is_defined(one: Composition) -> bool:
    """Whether it is known what it is: an outcome alone, recorded by a caller of what was deleted, does not say."""
    return one.saved is not None or bool(one.sessions) or one.imported is not None


def as_caller(definition: ConfigurationSaved) -> ConfigurationSaved:
    """The definition alone: without who said so, and what was said of its past."""
    return replace(definition, source="caller", claimed=None, last_used=None)


def as_local(at: datetime) -> datetime:
    """Convert to naive local time, since the specification's own times are ``datetime.now()``."""
    try:
        return at.astimezone().replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):  # a year that the machine's clock does not know
        return at.replace(tzinfo=None)


def _count(tally: Tally, outcome: RecordedOutcome, *, times: int = 1) -> None:
    known = {"success": True, "failure": False, "unknown": None}[outcome.result]
    tally.count(result=known, score=outcome.quality_score, times=times)


def _members(outcome: RecordedOutcome) -> Iterator[dict[str, Any]]:
    for member in outcome.members:
        told = {"role": member.role, "agent": member.agent, "version": member.version, "model": member.model}
        yield {name: value for name, value in told.items() if value}
