from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.tuning.session_measures import ReviewMeasure, SessionMeasures
from orchestrator.tuning.session_results import result_of
from tests.store.conftest import FAILED, PASSED, outcome

AT = datetime(2026, 11, 30, tzinfo=UTC)
MEASURES = SessionMeasures("s", AT, AT + timedelta(hours=2), "done", ran_s={"a": 3600.0, "b": 7200.0})


def test_only_gates_make_a_success_and_only_they_or_an_early_end_a_failure() -> None:
    assert result_of(MEASURES, outcome(PASSED)).success is True
    assert result_of(MEASURES, outcome(FAILED)).success is False
    assert result_of(MEASURES, outcome()).success is None
    assert result_of(MEASURES, replace(outcome(), ended=Outcome.FAILED)).success is False


def test_what_people_and_failures_cost_is_counted() -> None:
    reviews = (ReviewMeasure(1.0, "stop_and_escalate", ()), ReviewMeasure(1.0, "continue", ()))
    found = result_of(
        replace(MEASURES, questions=2, commands=1, failed_handoffs=1, lost_workers=1, reviews=reviews), outcome(PASSED)
    )
    assert (found.interventions, found.failures, found.hours) == (3, 3, 2.0)
    assert found.utilisation == pytest.approx(0.75)


def test_a_session_of_nobody_and_of_no_time_has_no_utilisation() -> None:
    assert result_of(SessionMeasures("s", AT), outcome(PASSED)).utilisation == 0.0


def test_cost_is_money_where_that_was_told_and_tokens_else() -> None:
    told = replace(outcome(PASSED), cost_usd=1.5, tokens=10)
    assert result_of(MEASURES, told).cost == 1.5
    assert result_of(MEASURES, replace(told, cost_usd=None)).cost == 10
