"""Say what a task takes, by the tables of ``composition.task_analysis`` (specification 000 and 002)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from orchestrator.composition.domains import Domain as TaskDomain
from orchestrator.composition.task_analysis import Complexity as TaskComplexity
from orchestrator.composition.task_analysis import TaskAnalysis, analyse_task
from orchestrator.orchestration.arguments import text_of
from orchestrator.orchestration.context_data import checked_context

__all__ = ["TaskAnalyzer", "TaskComplexity", "TaskDomain", "TaskRequirements"]

_log = logging.getLogger("orchestrator.orchestration")
MOST_CHARS = 1_000_000
"""Of a task; a longer one is a document."""


@dataclass
class TaskRequirements:
    """What a task takes (specification 002)."""

    complexity: TaskComplexity
    domain: TaskDomain
    capabilities_needed: list[str]
    parallelizable: bool = False
    quality_gates: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    analysis: TaskAnalysis | None = field(default=None, repr=False, compare=False)
    """All that was read in the task, with the words it was read from; ``None`` where nobody read one."""

    @property
    def needed_capabilities(self) -> list[str]:
        """The name that specification 000 has for ``capabilities_needed``."""
        return self.capabilities_needed

    def to_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "complexity": self.complexity.value,
            "domain": self.domain.value,
            "capabilities_needed": list(self.capabilities_needed),
            "parallelizable": self.parallelizable,
            "quality_gates": dict(self.quality_gates),
            "context": dict(self.context),
        }


class TaskAnalyzer:
    """Reads a task (specification 000)."""

    def analyze(self, task: str, context: dict[str, Any] | None = None) -> TaskRequirements:
        """What the task takes; ``context["quality_gates"]`` become its gates.

        Raises:
            ValueError: The task is no text, or empty; the context is no JSON, or too large.
        """
        text_of("task", task, most_chars=MOST_CHARS)
        data = checked_context(context)
        analysis = analyse_task(task)
        gates = data.get("quality_gates", {})
        if not isinstance(gates, dict):
            raise ValueError(f"context['quality_gates'] must be a dict of thresholds by name, not {gates!r}")
        _log.debug(
            "task read: %s (%s); %s (%s); takes %s",
            analysis.domain,
            ", ".join(hit.word for hit in analysis.domain_hits) or "no word of another",
            analysis.complexity,
            analysis.complexity_because,
            ", ".join(analysis.capabilities),
        )
        return TaskRequirements(
            complexity=analysis.complexity,
            domain=analysis.domain,
            capabilities_needed=list(analysis.capabilities),
            parallelizable=analysis.parallelizable,
            quality_gates=dict(gates),
            context=data,
            analysis=analysis,
        )
