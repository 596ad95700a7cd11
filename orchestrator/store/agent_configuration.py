"""A saved team: who is in it, how it is composed, what it is held to, and how it has done."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from orchestrator.store.log_records import MOST_COUNT, ConfigurationSaved, Metrics, checked_id
from orchestrator.value_class import value_class


@value_class
class Recorded:
    """An outcome that a caller recorded and that no store has yet."""

    success: bool
    quality_score: float


@dataclass
class AgentConfiguration:
    """Saved configuration of an agent team, as the specification has it."""

    id: str
    task_pattern: str
    agents: list[dict[str, Any]]
    strategy: str
    quality_gates: dict[str, Any]
    success_rate: float = 0.0
    """Successes / (successes + failures), 0 to 1."""
    avg_quality_score: float = 0.0
    """0 to 100, over the uses that have a score."""
    usage_count: int = 0
    """All uses, those of which nothing is known as well."""
    success_count: int = 0
    failure_count: int = 0
    created_at: datetime = field(default_factory=datetime.now)
    last_used: datetime | None = None
    tags: list[str] = field(default_factory=list)
    _pending: list[Recorded] = field(default_factory=list, init=False, repr=False, compare=False)
    _known: Metrics = field(default_factory=Metrics, init=False, repr=False, compare=False)
    """The figures as they were read or saved: what they are more by now was recorded or set since."""
    _scored: int = field(default=0, init=False, repr=False, compare=False)
    """How many uses the mean score is over, of those that were known when it was read."""
    _known_last_used: datetime | None = field(default=None, init=False, repr=False, compare=False)
    _definition: ConfigurationSaved | None = field(default=None, init=False, repr=False, compare=False)
    """What it was when it was read; ``None`` where it was made anew."""

    def __post_init__(self) -> None:
        self._scored = self.usage_count

    def record_outcome(self, success: bool, quality_score: float) -> None:
        """Record an outcome; :meth:`ConfigurationStore.save` keeps it.

        Raises:
            ValueError: The score is no number from 0 to 100.
        """
        if not is_number(quality_score) or not 0 <= quality_score <= 100:
            raise ValueError(f"quality_score must be between 0 and 100, got {quality_score!r}")
        success = bool(success)
        self.avg_quality_score = (self.avg_quality_score * self._scored + quality_score) / (self._scored + 1)
        self._scored += 1
        self.usage_count += 1
        self.success_count += success
        self.failure_count += not success
        self.success_rate = self.success_count / (self.success_count + self.failure_count)
        self.last_used = datetime.now()  # noqa: DTZ005 - naive, as the specification's times are
        self._pending.append(Recorded(success, float(quality_score)))

    def to_dict(self) -> dict[str, Any]:
        """All of it for JSON; times in ISO 8601."""
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        told["created_at"] = self.created_at.isoformat()
        told["last_used"] = self.last_used.isoformat() if self.last_used is not None else None
        copied: dict[str, Any] = json.loads(json.dumps(told))
        return copied

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AgentConfiguration:
        """What :meth:`to_dict` gave; further keys are passed over.

        Raises:
            ValueError: A field is missing, or is not of its kind.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"a configuration is an object, not {type(data).__name__}")
        known = {each.name for each in fields(cls) if each.init}
        given = {name: data[name] for name in known if name in data}
        missing = [name for name in ("id", "task_pattern", "agents", "strategy", "quality_gates") if name not in given]
        if missing:
            raise ValueError(f"a configuration needs {', '.join(missing)}")
        for name in ("created_at", "last_used"):
            if isinstance(given.get(name), str):
                given[name] = datetime.fromisoformat(given[name])
        if given.get("created_at", 0) is None:
            del given["created_at"]
        made = cls(**given)
        made.check()
        made._known, made._known_last_used = made.metrics(), made.last_used
        return made

    def check(self) -> None:
        """Hold every field against its kind.

        Raises:
            ValueError: A field is of another kind.
        """
        checked_id(self.id)
        for name in ("task_pattern", "strategy"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise ValueError(f"{name} must be a text that is not empty")
        if not is_list_of(dict, self.agents):
            raise ValueError("agents must be a list of objects")
        if not is_list_of(str, self.tags):
            raise ValueError("tags must be a list of texts")
        for name, kind, words in (
            ("quality_gates", dict, "an object"),
            ("created_at", datetime, "a time"),
            ("last_used", (datetime, type(None)), "a time or nothing"),
        ):
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"{name} must be {words}")
        for name in ("usage_count", "success_count", "failure_count"):
            count = getattr(self, name)
            if not is_whole(count, least=0) or count > MOST_COUNT:
                raise ValueError(f"{name} must be a whole number from 0 to {MOST_COUNT:,}")
        for name, most in (("success_rate", 1), ("avg_quality_score", 100)):
            if not is_number(getattr(self, name)) or not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 0 and {most}")
        try:
            json.dumps([self.agents, self.quality_gates], allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"agents and quality_gates must be what JSON can hold: {error}") from None

    def metrics(self) -> Metrics:
        """The figures as they stand."""
        return Metrics(
            float(self.success_rate),
            float(self.avg_quality_score),
            self.usage_count,
            self.success_count,
            self.failure_count,
        )

    def pending(self) -> tuple[Recorded, ...]:
        """What was recorded and is in no store yet."""
        return tuple(self._pending)

    def set_by_hand(self) -> Metrics | None:
        """The figures without what was recorded since, where somebody set them; ``None`` where they are as read."""
        recorded, scored = self._pending, self._scored - len(self._pending)
        quality = self.avg_quality_score
        if recorded:
            total = quality * self._scored - sum(one.quality_score for one in recorded)
            quality = min(max(total / scored, 0.0), 100.0) if scored > 0 else 0.0
        succeeded = sum(one.success for one in recorded)
        before = Metrics(
            self._known.success_rate if recorded else self.success_rate,
            quality,
            self.usage_count - len(recorded),
            self.success_count - succeeded,
            self.failure_count - (len(recorded) - succeeded),
        )
        if counts_of(before) != counts_of(self._known):
            return before
        rates, known = (before.success_rate, quality), (self._known.success_rate, self._known.avg_quality_score)
        return before if not recorded and rates != known else None

    def known_figures(self) -> Metrics:
        """The figures as they were when a store gave it or kept it."""
        return self._known

    def touched_by_hand(self) -> datetime | None:
        """When it was used last, where somebody set that."""
        return self.last_used if not self._pending and self.last_used != self._known_last_used else None

    def was_read(self, scored: int, definition: ConfigurationSaved) -> None:
        """From now on only what changes is new.

        Args:
            scored: How many uses the mean score is over.
        """
        self._pending, self._known, self._scored = [], self.metrics(), scored
        self._known_last_used, self._definition = self.last_used, definition

    @property
    def read_as(self) -> ConfigurationSaved | None:
        """What it was when a store gave it or kept it; ``None`` where none did."""
        return self._definition

    def definition(self, store: str) -> ConfigurationSaved:
        """What it is, without how it has done."""
        return ConfigurationSaved(
            store,
            self.id,
            self.task_pattern,
            tuple(json.loads(json.dumps(self.agents))),
            self.strategy,
            json.loads(json.dumps(self.quality_gates)),
            tuple(self.tags),
            self.created_at.isoformat(),
        )


def counts_of(metrics: Metrics) -> tuple[int, int, int]:
    """Uses, successes, failures."""
    return metrics.usage_count, metrics.success_count, metrics.failure_count


def is_list_of(kind: type, value: object) -> bool:
    """Whether it is a list that holds this kind alone."""
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


def is_whole(value: object, *, least: int) -> bool:
    """Whether it is a whole number of at least so much, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_number(value: object) -> bool:
    """Whether it is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
