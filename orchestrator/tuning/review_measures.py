"""Measure a decided review: how long it took, what it led to, and who stood where."""

from __future__ import annotations

from orchestrator.value_class import value_class


@value_class
class ReviewMeasure:
    """One review that was decided."""

    latency_s: float
    """From the question to the decision."""
    action: str
    verdicts: tuple[tuple[str, str], ...]
    """Of those who said something, by agent."""
    entry: int = 0
    """The journal entry that holds it."""
    about: str = ""
    """The worker whose work it was; empty for the session as a whole."""
    trigger: str = ""

    @property
    def lets_go_on(self) -> bool:
        return self.action in ("continue", "log_warning")

    @property
    def is_dissent(self) -> bool:
        """Whether those who said something did not agree."""
        return len({verdict for _, verdict in self.verdicts}) > 1

    @property
    def lone_dissenter(self) -> str:
        """Who stood alone against at least two others that agreed; empty where nobody did."""
        told = [verdict for _, verdict in self.verdicts]
        alone = [agent for agent, verdict in self.verdicts if told.count(verdict) == 1]
        return alone[0] if len(alone) == 1 and len(told) > 2 and len(set(told)) == 2 else ""
