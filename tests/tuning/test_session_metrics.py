from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator import tuning
from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.tuning.session_measures import ReviewMeasure, SessionMeasures
from orchestrator.tuning.session_metrics import (
    MetaOrchestrationMetrics,
    Metric,
    MetricsSnapshot,
    MetricType,
    meta_orchestration_metrics,
    metrics_of,
    percentile,
)
from tests.store.conftest import FAILED, PASSED, outcome

AT = datetime(2026, 11, 30, tzinfo=UTC)
WON, LOST, UNKNOWN = outcome(PASSED), outcome(FAILED), outcome()


def session(name: str, **fields_: Any) -> SessionMeasures:
    given: dict[str, Any] = {"opened_at": AT, "closed_at": AT + timedelta(hours=1), "ended": "done", **fields_}
    return SessionMeasures(name, **given)


def metric(name: MetricType, *sessions: SessionMeasures, **outcomes: RecordedOutcome) -> Metric:
    named = {key: replace(one, session=SessionId(key)) for key, one in outcomes.items()}
    return next(one for one in metrics_of(sessions, named) if one.name is name)


def review(latency_s: float, action: str, *verdicts: str) -> ReviewMeasure:
    return ReviewMeasure(latency_s, action, tuple(zip("abcd", verdicts, strict=False)))


def test_of_nothing_every_metric_is_unknown_or_none_at_all() -> None:
    found = metrics_of([session("a", ended="")], {})
    assert [one.name for one in found] == list(MetricType)
    assert {one.value for one in found} == {None, 0.0}
    assert all(one.n == 0 and one.interval is None for one in found)


def test_time_to_a_decision_is_the_nearest_rank() -> None:
    reviews = tuple(review(float(number), "continue") for number in range(1, 101))
    found = metric(MetricType.CONSENSUS_LATENCY_P95, session("a", reviews=reviews))
    assert (found.value, found.n, found.unit) == (95.0, 100, "s")
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([], 0.95) is None
    assert percentile([2.0, 1.0], 0.5) == 1.0


def test_consensus_dissent_and_who_stands_alone() -> None:
    reviews = (
        review(1, "continue", "approved", "approved"),
        review(1, "log_warning", "approved", "approved", "concerns"),
        review(1, "pause_and_clarify", "concerns", "concerns"),
        review(1, "stop_and_escalate", "blocker"),
    )
    one = session("a", reviews=reviews)
    assert metric(MetricType.CONSENSUS_SUCCESS_RATE, one).value == 0.5
    dissent = metric(MetricType.DISSENT_RATE, one)
    assert dissent.value == pytest.approx(1 / 3)
    assert (dissent.n, dict(dissent.by_agent)) == (3, {"c": 1 / 3})


def test_utilization_is_by_agent_over_the_time_of_all_sessions() -> None:
    found = metric(
        MetricType.AGENT_UTILIZATION,
        session("a", ran_s={"claude": 1800.0, "codex": 360.0}),
        session("b", ran_s={"claude": 3600.0}, closed_at=AT + timedelta(hours=2), away_s=3600.0),
    )
    assert dict(found.by_agent) == {"claude": 0.75, "codex": 0.05}
    assert found.value == pytest.approx(0.4)


def test_failures_are_handoffs_lost_workers_and_reviews_that_stopped_everybody() -> None:
    one = session("a", handoffs=4, failed_handoffs=1, lost_workers=2, reviews=(review(1, "stop_and_escalate"),))
    assert metric(MetricType.HANDOFF_FAILURE_RATE, one).value == 0.25
    assert metric(MetricType.COORDINATION_FAILURES, one).value == 4.0


def test_rework_is_what_was_written_and_did_not_stay() -> None:
    found = metric(
        MetricType.REWORK_PERCENTAGE,
        session("a", written=100, left=60),
        session("b", written=100, left=140),  # somebody else wrote as well
        session("c", written=50, left=None),
        session("d", left=10),
    )
    assert found.value == pytest.approx(20.0)
    assert found.n == 2


def test_regressions_are_over_sessions_that_were_compared() -> None:
    found = metric(
        MetricType.QUALITY_REGRESSION_RATE,
        session("a", suites_before={"x": "passed"}, suites_after={"x": "failed"}),
        session("b", suites_before={"x": "failed"}, suites_after={"x": "failed"}),
        session("c", suites_before={"x": "not measured"}, suites_after={"x": "failed"}),
        session("d", suites_after={"x": "failed"}),
    )
    assert (found.value, found.n) == (0.5, 2)


def test_success_quality_and_velocity_are_by_gates_alone() -> None:
    sessions = [session(name) for name in "abcd"]
    told = {"a": WON, "b": LOST, "c": UNKNOWN}
    success = metric(MetricType.SUCCESS_RATE, *sessions, **told)
    assert (success.value, success.n, success.goal) == (0.5, 2, "≥ 80 %")
    assert success.interval is not None
    assert metric(MetricType.QUALITY_SCORE, *sessions, **told).value == (100 + 59) / 2
    velocity = metric(MetricType.DEVELOPMENT_VELOCITY, *sessions, **told)
    assert (velocity.value, velocity.unit) == (0.25, "successes/h")


def test_what_a_success_costs_counts_failed_sessions_as_well_and_says_when_it_is_a_lower_bound() -> None:
    told = {
        "a": replace(WON, cost_usd=1.0, cost_complete=True, tokens=10, tokens_complete=True),
        "b": replace(LOST, cost_usd=2.0, cost_complete=True, tokens=20, tokens_complete=False),
    }
    cost = metric(MetricType.COST_PER_SUCCESS, session("a"), session("b"), **told)
    assert (cost.value, cost.note) == (3.0, "")
    tokens = metric(MetricType.TOKENS_PER_SUCCESS, session("a"), session("b"), **told)
    assert (tokens.value, "lower bound" in tokens.note) == (30.0, True)
    assert metric(MetricType.COST_PER_SUCCESS, session("b"), b=told["b"]).value is None


def test_reuse_and_interventions_are_per_session() -> None:
    sessions = [session("a", reuses="x_1", questions=2, commands=1), session("b")]
    assert metric(MetricType.REUSE_RATE, *sessions).value == 0.5
    assert metric(MetricType.INTERVENTIONS, *sessions).value == 1.5


def test_the_structure_of_the_specification_holds_the_same_figures() -> None:
    one = session("a", reviews=(review(7.0, "continue"),), ran_s={"claude": 360.0}, handoffs=1)
    found = meta_orchestration_metrics([one], {"a": WON})
    assert [each.name for each in fields(MetaOrchestrationMetrics)] == [str(name) for name in list(MetricType)[:8]]
    assert found.consensus_latency_p95 == timedelta(seconds=7)
    assert found.agent_utilization == {"claude": 0.1}
    assert found.coordination_failures == 0
    assert asdict(MetricsSnapshot(AT, 1, found))["sessions"] == 1
    assert tuning.MetaOrchestrationMetrics is MetaOrchestrationMetrics


def test_the_page_on_metrics_has_each_formula() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    for one in metrics_of([], {}):
        assert f"| `{one.name}` | {one.formula} | {one.unit} | {one.of} | {one.goal or 'none'} |" in page


def test_each_metric_says_its_formula_unit_and_number() -> None:
    for one in metrics_of([session("a")], {"a": WON}):
        assert one.formula, one.name
        assert one.unit, one.name
        assert one.of, one.name
