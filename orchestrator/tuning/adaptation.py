"""The specification's types of adaptation (003), and a strategy chosen from metrics, which a trial decides on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from orchestrator.models.escalation import EscalationAction as EscalationAction
from orchestrator.models.escalation import EscalationCondition as EscalationCondition
from orchestrator.tuning.criticality import CRITICALITY, within_criticality
from orchestrator.tuning.parameters import BASELINE, Value, is_allowed
from orchestrator.tuning.proposals import Standing, proposals
from orchestrator.tuning.session_metrics import MetaOrchestrationMetrics, MetricsSnapshot, MetricType
from orchestrator.value_class import value_class


@value_class
class ConsensusFrequency:
    """After which changes others are asked for a review; one of the four of the specification."""

    kind: Literal["every_change", "critical_only", "timeboxed", "threshold"]
    batch: timedelta | None = None
    """Of ``timeboxed``."""
    threshold: float | None = None
    """Of ``threshold``: the share of the latest reviews that let a worker go on, from which on it is trusted."""

    @classmethod
    def every_change(cls) -> ConsensusFrequency:
        """Each milestone is reviewed."""
        return cls("every_change")

    @classmethod
    def critical_changes_only(cls) -> ConsensusFrequency:
        """No milestone is; blockers, questions and the end are."""
        return cls("critical_only")

    @classmethod
    def timeboxed_batches(cls, batch: timedelta) -> ConsensusFrequency:
        """One review in so long a time.

        Raises:
            ValueError: The time is not above 0.
        """
        if batch <= timedelta(0):
            raise ValueError(f"a batch of {batch} is none")
        return cls("timeboxed", batch=batch)

    @classmethod
    def adaptive_threshold(cls, threshold: float) -> ConsensusFrequency:
        """Until a worker is trusted.

        Raises:
            ValueError: It is no share.
        """
        if not 0 <= threshold <= 1:
            raise ValueError(f"a threshold of {threshold} is no share between 0 and 1")
        return cls("threshold", threshold=threshold)


@value_class
class QualityThresholds:
    """What a change has to reach; tuning never lowers them."""

    success_rate: float = 0.8
    quality_score: float = 75.0


@value_class
class WorkflowConfig:
    """The limits of a session's workflow."""

    max_review_rounds: int = 3
    review_timeout_s: float = 300.0
    silence_s: float = 900.0
    max_restarts: int = 3


ESCALATIONS: Final = (
    EscalationCondition(MetricType.SUCCESS_RATE, 0.5, timedelta(days=7), EscalationAction.ASK_PERSON, True),
    EscalationCondition(MetricType.HANDOFF_FAILURE_RATE, 0.3, timedelta(days=7), EscalationAction.ASK_PERSON),
    EscalationCondition(MetricType.QUALITY_REGRESSION_RATE, 0.2, timedelta(days=7), EscalationAction.FREEZE_TUNING),
    EscalationCondition(MetricType.INTERVENTIONS, 3.0, timedelta(days=7), EscalationAction.NOTICE),
)
"""Those that hold where nobody says otherwise."""


@value_class
class AdaptationStrategy:
    """Everything that can be adapted, as it is to be (003)."""

    consensus_frequency: ConsensusFrequency
    team_composition: frozenset[str]
    """Empty: the agents that there are."""
    quality_thresholds: QualityThresholds = field(default_factory=QualityThresholds)
    escalation_triggers: tuple[EscalationCondition, ...] = ESCALATIONS
    workflow_parameters: WorkflowConfig = field(default_factory=WorkflowConfig)
    values: Mapping[str, Value] = field(default_factory=lambda: dict(BASELINE))
    """The same as values of :data:`PARAMETERS`."""
    because: str = ""


def strategy_of(values: Mapping[str, Value], *, because: str = "", criticality: str = "normal") -> AdaptationStrategy:
    """The strategy that these values are.

    Raises:
        ValueError: There is no such criticality.
    """
    allowed = within_criticality(values, criticality)
    frequency = {
        "every_change": ConsensusFrequency.every_change(),
        "critical_only": ConsensusFrequency.critical_changes_only(),
        "timeboxed": ConsensusFrequency.timeboxed_batches(timedelta(seconds=float(allowed["timebox_s"]))),
        "threshold": ConsensusFrequency.adaptive_threshold(1.0),
    }[str(allowed["consensus_frequency"])]
    return AdaptationStrategy(
        frequency,
        frozenset(),
        QualityThresholds(CRITICALITY[criticality].success_rate),
        ESCALATIONS,
        WorkflowConfig(
            int(allowed["max_review_rounds"]),
            float(allowed["review_timeout_s"]),
            float(allowed["silence_s"]),
            int(allowed["max_restarts"]),
        ),
        dict(allowed),
        because,
    )


class AdaptationEngine:
    """Chooses what is worth a trial (003).

    Args:
        values: What is in force.
        criticality: What is at stake; see :data:`CRITICALITY`.
    """

    def __init__(self, values: Mapping[str, Value] | None = None, *, criticality: str = "normal") -> None:
        self.values = dict(values or BASELINE)
        self.criticality = criticality

    def select_optimization_strategy(
        self, current_metrics: MetaOrchestrationMetrics, historical_data: Sequence[MetricsSnapshot] = ()
    ) -> AdaptationStrategy:
        """What is in force with at most one step more: the one that the weighted rules speak for most.

        Velocity, quality, cost and risk count by :data:`~orchestrator.tuning.proposals.WEIGHTS`.  What the metrics do
        not tell (interventions, cost) asks for nothing.  Where they become better by themselves nothing is changed.
        """
        if _is_recovering(current_metrics, historical_data):
            return strategy_of(self.values, because="it becomes better by itself", criticality=self.criticality)
        sessions = historical_data[-1].sessions if historical_data else 1
        for one in proposals(_standing(current_metrics, sessions), self.values, (), {}):
            changed = within_criticality({**self.values, one.parameter: one.value}, self.criticality)
            if changed != within_criticality(self.values, self.criticality):
                return strategy_of(changed, because=one.because, criticality=self.criticality)
        return strategy_of(self.values, because="no rule asks for a change", criticality=self.criticality)


def _standing(metrics: MetaOrchestrationMetrics, sessions: int) -> Standing:
    shares = list(metrics.agent_utilization.values())
    return Standing(
        success=1 - metrics.quality_regression_rate,
        hours=1 / metrics.development_velocity if metrics.development_velocity else 0.0,
        cost=0.0,
        interventions=0.0,
        failures=metrics.coordination_failures / max(1, sessions),
        utilisation=sum(shares) / len(shares) if shares else 1.0,
    )


def _is_recovering(current: MetaOrchestrationMetrics, history: Sequence[MetricsSnapshot]) -> bool:
    """Whether velocity rose and failures fell over the last three looks: damping waits then."""
    looks = [one.metrics for one in history[-2:]] + [current]
    if len(looks) < 3:
        return False
    steps = list(pairwise(looks))
    return all(
        later.development_velocity > before.development_velocity
        and later.coordination_failures < before.coordination_failures
        for before, later in steps
    )


@value_class
class Escalation:
    """A condition that has come about."""

    condition: EscalationCondition
    since: datetime
    value: float

    @property
    def words(self) -> str:
        """For people."""
        days = self.condition.duration.days
        side = "below" if self.condition.is_bound_from_below else "above"
        metric = self.condition.trigger_metric
        return f"{metric} is {self.value:.3g}, {side} {self.condition.threshold:g} for {days} days or more"


def escalations(
    looks: Sequence[tuple[datetime, Mapping[MetricType, float | None]]],
    conditions: Sequence[EscalationCondition] = ESCALATIONS,
) -> tuple[Escalation, ...]:
    """The conditions under which each look within their duration was beyond the threshold, up to the last look.

    Args:
        looks: Oldest first.  What is unknown at a time ends a stretch: it says nothing.
    """
    found = []
    for condition in conditions:
        since: datetime | None = None
        value = 0.0
        for at, metrics in looks:
            known = metrics.get(MetricType(condition.trigger_metric))
            if known is None or not condition.is_beyond(known):
                since = None
                continue
            since, value = since or at, known
        if since is not None and looks[-1][0] - since >= condition.duration:
            found.append(Escalation(condition, since, value))
    return tuple(found)


def with_values(strategy: AdaptationStrategy, **values: Value) -> AdaptationStrategy:
    """The strategy with other values.

    Raises:
        ValueError: One is no value of a parameter.
    """
    for name, value in values.items():
        if not is_allowed({name: value}):
            raise ValueError(f"{name} cannot be {value!r}")
    return replace(strategy_of({**strategy.values, **values}), because=strategy.because)
