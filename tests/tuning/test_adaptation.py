from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator import tuning
from orchestrator.tuning.adaptation import (
    ESCALATIONS,
    AdaptationEngine,
    ConsensusFrequency,
    EscalationAction,
    EscalationCondition,
    escalations,
    strategy_of,
    with_values,
)
from orchestrator.tuning.criticality import CRITICALITY
from orchestrator.tuning.parameters import BASELINE, PARAMETERS
from orchestrator.tuning.session_metrics import MetaOrchestrationMetrics, MetricsSnapshot, MetricType

AT = datetime(2026, 11, 1, tzinfo=UTC)
FINE = MetaOrchestrationMetrics(timedelta(seconds=9), 0.9, {"claude": 0.9}, 0.0, 2.0, 0.0, 0, 10.0)


def test_the_names_of_the_specification_are_found() -> None:
    for name in ("AdaptationStrategy", "ConsensusFrequency", "EscalationCondition", "AdaptationEngine"):
        assert getattr(tuning, name)
    assert callable(tuning.analyze_performance_trends)


def test_there_are_four_frequencies_and_no_others() -> None:
    assert ConsensusFrequency.every_change().kind == "every_change"
    assert ConsensusFrequency.critical_changes_only().kind == "critical_only"
    assert ConsensusFrequency.timeboxed_batches(timedelta(hours=1)).batch == timedelta(hours=1)
    assert ConsensusFrequency.adaptive_threshold(0.5).threshold == 0.5
    with pytest.raises(ValueError, match="is none"):
        ConsensusFrequency.timeboxed_batches(timedelta(0))
    with pytest.raises(ValueError, match="no share"):
        ConsensusFrequency.adaptive_threshold(1.5)


def test_where_all_goes_well_the_strategy_is_what_is_in_force() -> None:
    found = AdaptationEngine().select_optimization_strategy(FINE)
    assert found.values == BASELINE
    assert found.because == "no rule asks for a change"


def test_one_step_is_proposed_and_says_why() -> None:
    low = replace(FINE, agent_utilization={"claude": 0.2, "codex": 0.3})
    found = AdaptationEngine().select_optimization_strategy(low)
    changed = [name for name, value in found.values.items() if value != BASELINE[name]]
    assert len(changed) == 1
    assert found.values[changed[0]] in PARAMETERS[changed[0]].neighbours(BASELINE[changed[0]])
    assert "utilisation 0.25" in found.because


def test_what_becomes_better_by_itself_is_left_alone() -> None:
    low = replace(FINE, agent_utilization={"claude": 0.2}, coordination_failures=1, development_velocity=3.0)
    looks = [
        MetricsSnapshot(AT, 10, replace(low, coordination_failures=9, development_velocity=1.0)),
        MetricsSnapshot(AT, 10, replace(low, coordination_failures=5, development_velocity=2.0)),
    ]
    assert AdaptationEngine().select_optimization_strategy(low, looks).values == BASELINE
    assert AdaptationEngine().select_optimization_strategy(low, looks[:1]).values != BASELINE


def test_where_much_is_at_stake_no_review_is_spared() -> None:
    low = replace(FINE, agent_utilization={"claude": 0.2})
    found = AdaptationEngine(criticality="critical").select_optimization_strategy(low)
    assert found.consensus_frequency == ConsensusFrequency.every_change()
    assert found.quality_thresholds.success_rate == CRITICALITY["critical"].success_rate


def test_a_strategy_has_only_values_of_the_table() -> None:
    found = with_values(strategy_of(BASELINE, because="x"), max_restarts=4)
    assert (found.workflow_parameters.max_restarts, found.because) == (4, "x")
    with pytest.raises(ValueError, match="max_restarts cannot be 9"):
        with_values(found, max_restarts=9)
    with pytest.raises(ValueError, match="sandbox"):
        with_values(found, sandbox="open")


def looks(*rates: float | None) -> list[tuple[datetime, dict[MetricType, float | None]]]:
    return [(AT + timedelta(days=day), {MetricType.SUCCESS_RATE: rate}) for day, rate in enumerate(rates)]


def test_what_persists_is_escalated_and_what_does_not_is_not() -> None:
    (found,) = escalations(looks(*[0.3] * 8))
    assert found.condition.action is EscalationAction.ASK_PERSON
    assert found.words == "success_rate is 0.3, below 0.5 for 7 days or more"
    assert escalations(looks(*[0.3] * 7)) == ()
    assert escalations(looks(*[0.3] * 4, 0.6, *[0.3] * 4)) == ()
    assert escalations(looks(*[0.3] * 4, None, *[0.3] * 4)) == ()
    assert escalations(looks(*[0.3] * 8, 0.6)) == ()
    assert escalations([]) == ()
    own = EscalationCondition(MetricType.REUSE_RATE, 0.1, timedelta(0), EscalationAction.NOTICE)
    assert own not in ESCALATIONS
    assert escalations([(AT, {MetricType.REUSE_RATE: 0.2})], [own])[0].value == 0.2
