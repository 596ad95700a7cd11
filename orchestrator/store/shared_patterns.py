"""The pattern library: what worked for one kind of task, for whoever meets another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from orchestrator.store.agent_configuration import is_number, is_whole
from orchestrator.store.composition_view import Composition
from orchestrator.tuning.intervals import wilson

LEAST_USES: Final = 3
LEAST_RATE: Final = 0.7
"""The specification's: after so many uses with at least this rate a composition becomes a pattern."""
COMPOSITION: Final = "agent_composition"
_SAME, _RELATED, _TYPE = 1.0, 0.6, 0.2
"""How relevant a pattern is: of the same kind of task, of one that shares words with it, of the same type alone."""


@dataclass
class Pattern:
    """Something that worked, and how often."""

    id: str
    agent_id: str
    """Who contributed it."""
    pattern_type: str
    name: str
    """Of a composition: the kind of task."""
    description: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    confidence: float = 0.5
    """0 to 1, as the contributor has it; a score up to 100 is taken for a hundredth of it."""
    usage_count: int = 0
    success_count: int = 0
    failure_count: int = 0
    tags: list[str] = field(default_factory=list)
    discovered_at: datetime = field(default_factory=datetime.now)
    last_used: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("id", "agent_id", "pattern_type", "name"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise ValueError(f"{name} must be a text that is not empty")
        if not is_number(self.confidence) or not 0 <= self.confidence <= 100:
            raise ValueError(f"confidence must be between 0 and 1, got {self.confidence!r}")
        if self.confidence > 1:
            self.confidence /= 100

    @property
    def success_rate(self) -> float:
        """Successes / (successes + failures); 0 where there are none."""
        tried = self.success_count + self.failure_count
        return self.success_count / tried if tried else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true success rate lies, with 90 % confidence."""
        return wilson(self.success_count, self.failure_count)

    def record_usage(self, success: bool) -> None:
        """Count one use."""
        self.usage_count += 1
        self.success_count += bool(success)
        self.failure_count += not success
        self.last_used = datetime.now()  # noqa: DTZ005 - naive, as the specification's times are


@dataclass(frozen=True)
class PatternMatch:
    """A pattern that a query found, and why."""

    pattern: Pattern
    relevance_score: float
    """0 to 1."""
    matching_factors: tuple[str, ...]
    interval: tuple[float, float]
    """Where its true success rate lies, with 90 % confidence."""


class PatternLibrary:
    """Patterns in memory.  A :class:`ConfigurationStore` that is given one fills it from what it keeps."""

    def __init__(self) -> None:
        self._patterns: dict[str, Pattern] = {}

    def contribute_pattern(self, agent_id: str, pattern: Pattern) -> None:
        """Add a pattern, or replace the one of the same id.

        Raises:
            ValueError: The agent has no name, or it is no pattern.
        """
        _check_name(agent_id)
        given: object = pattern
        if not isinstance(given, Pattern):
            raise ValueError(f"a pattern is a Pattern, not {type(given).__name__}")
        self._patterns[given.id] = given

    def get_pattern(self, pattern_id: str) -> Pattern | None:
        """The pattern of this id."""
        return self._patterns.get(pattern_id)

    def query_patterns(
        self,
        agent_id: str,
        context: Mapping[str, Any] | None = None,
        pattern_type: str | None = None,
        min_confidence: float = 0.0,
        limit: int = 10,
    ) -> list[PatternMatch]:
        """Patterns that may help with a task, those of other kinds of task as well; the most relevant first.

        Args:
            agent_id: Who asks.
            context: What is known of the task: its ``task_pattern``, ``task``, ``domain``, ``tags``…
            min_confidence: The least that the lower end of a pattern's interval must reach.

        Raises:
            ValueError: A parameter is out of its range.
        """
        _check_name(agent_id)
        if not is_number(min_confidence) or not 0 <= min_confidence <= 1:
            raise ValueError(f"min_confidence must be between 0 and 1, got {min_confidence!r}")
        if not is_whole(limit, least=1):
            raise ValueError(f"limit must be a whole number of at least 1, got {limit!r}")
        found = [
            _match(one, context or {})
            for one in self._patterns.values()
            if pattern_type is None or one.pattern_type == pattern_type
        ]
        found = [one for one in found if one.interval[0] >= min_confidence]
        found.sort(key=lambda one: (-one.relevance_score, -one.interval[0], one.pattern.id))
        return found[:limit]

    def record_pattern_outcome(self, pattern_id: str, success: bool) -> None:
        """Count a use of a pattern.

        Raises:
            ValueError: There is no such pattern.
        """
        found = self._patterns.get(pattern_id)
        if found is None:
            raise ValueError(f"there is no pattern {pattern_id!r}")
        found.record_usage(success)

    def get_agent_patterns(self, agent_id: str) -> list[Pattern]:
        """What one agent contributed."""
        return [one for one in self._patterns.values() if one.agent_id == agent_id]

    def get_top_patterns(
        self, sort_by: Literal["success_rate", "usage_count", "confidence"] = "success_rate", limit: int = 10
    ) -> list[Pattern]:
        """The best by one of three figures.

        Raises:
            ValueError: There is no such figure.
        """
        if sort_by not in ("success_rate", "usage_count", "confidence"):
            raise ValueError(f"sort_by must be success_rate, usage_count or confidence, got {sort_by!r}")
        return sorted(self._patterns.values(), key=lambda one: (-float(getattr(one, sort_by)), one.id))[:limit]

    def __len__(self) -> int:
        return len(self._patterns)


def contributed(composition: Composition) -> Pattern | None:
    """The pattern that a composition has become; ``None`` where it has been used too little, or not well enough.

    One that was imported has to win here first.
    """
    metrics = composition.metrics()
    if composition.is_quarantined or metrics.usage_count < LEAST_USES or metrics.success_rate < LEAST_RATE:
        return None
    definition = composition.definition()
    low, high = wilson(metrics.success_count, metrics.failure_count)
    return Pattern(
        f"orchestration_{composition.id}",
        "meta_orchestrator",
        COMPOSITION,
        definition.task_pattern,
        description=f"{definition.strategy} team for {definition.task_pattern}",
        context={
            "agents": [str(each.get("role", "")) for each in definition.agents],
            "strategy": definition.strategy,
            "quality_gates": dict(definition.quality_gates),
            "interval": [low, high],
        },
        confidence=low,
        usage_count=metrics.usage_count,
        success_count=metrics.success_count,
        failure_count=metrics.failure_count,
        tags=list(definition.tags),
        last_used=composition.last_used,
    )


def _check_name(agent_id: object) -> None:
    if not isinstance(agent_id, str) or not agent_id.strip():
        raise ValueError("agent_id must be a text that is not empty")


def _match(pattern: Pattern, context: Mapping[str, Any]) -> PatternMatch:
    asked = context.get("task_pattern")
    score, factors = 0.0, tuple[str, ...]()
    shared = sorted(_words([pattern.name, *pattern.tags]) & _words(context.values()))
    if asked is not None and asked == pattern.name:
        score, factors = _SAME, (f"the same kind of task: {pattern.name}",)
    elif shared:
        score, factors = min(_RELATED, _TYPE + 0.1 * len(shared)), (f"shared words: {', '.join(shared)}",)
    if context.get("strategy") == pattern.context.get("strategy") and "strategy" in context:
        score, factors = min(1.0, score + _TYPE), (*factors, f"the same strategy: {context['strategy']}")
    return PatternMatch(pattern, round(score, 3), factors, pattern.interval)


def _words(values: Iterable[object]) -> set[str]:
    found: set[str] = set()
    for value in values:
        if isinstance(value, str):
            found |= {word for word in re.split(r"[\W_]+", value.lower()) if len(word) > 2}
        elif isinstance(value, list | tuple | set):
            found |= _words(value)
    return found
