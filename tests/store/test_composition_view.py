from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.effects import Outcome
from orchestrator.store.composition_view import CompositionView, view_of
from orchestrator.store.log_records import (
    CallerRecorded,
    ConfigurationDeleted,
    ConfigurationSaved,
    LogBody,
    LogRecord,
    Metrics,
    SessionEnded,
)
from orchestrator.store.recorder import as_record
from tests.store.conftest import FAILED, PASSED, outcome

AT = datetime(2026, 11, 30, tzinfo=UTC)
SAVED = ConfigurationSaved("/s", "a", "t", ({"role": "x"},), "parallel", {}, (), "2026-11-30T00:00:00")
OUTCOMES = [outcome(*suites, number=number) for number in range(3) for suites in ((PASSED,), (FAILED,), ())]


def folded(*bodies: LogBody) -> CompositionView:
    return view_of(LogRecord(AT, body) for body in bodies)


def test_a_session_that_went_on_counts_once_as_it_ended_last() -> None:
    first = as_record(outcome(FAILED, number=1, outcome=Outcome.FAILED))
    last = as_record(outcome(PASSED, number=1))
    (one,) = folded(first, last).of_store(first.store)
    assert one.metrics() == Metrics(1.0, 100.0, 1, 1, 0)


def test_unknown_outcomes_are_uses_and_neither_successes_nor_failures() -> None:
    bodies = [
        as_record(outcome(*suites, number=number)) for number, suites in enumerate([(PASSED,), (), (), (FAILED,)])
    ]
    (one,) = folded(*bodies).of_store(bodies[0].store)
    assert one.metrics() == Metrics(0.5, (100 + 59) / 2, 4, 1, 1)


def test_what_is_deleted_stays_deleted_and_its_sessions_do_not_come_back() -> None:
    ended = as_record(outcome(PASSED, number=1))
    view = folded(ended, ConfigurationDeleted(ended.store, ended.configuration), ended)
    assert list(view.of_store(ended.store)) == []
    view.take(LogRecord(AT, as_record(outcome(PASSED, number=2))))
    (one,) = view.of_store(ended.store)
    assert one.metrics().usage_count == 1


def test_a_session_that_is_derived_otherwise_moves_to_the_other_composition() -> None:
    ended = as_record(outcome(PASSED, number=1))
    other = replace(ended, configuration="other")
    (one,) = folded(ended, other).of_store(ended.store)
    assert (one.id, one.metrics().usage_count) == ("other", 1)


def test_an_outcome_of_what_was_never_saved_makes_no_configuration() -> None:
    view = folded(CallerRecorded("/s", "a", True, 50.0))
    assert list(view.of_store("/s")) == []
    view.take(LogRecord(AT, SAVED))
    found = view.find("/s", "a")
    assert found is not None
    assert found.metrics().usage_count == 1


def test_what_is_claimed_is_replaced_and_not_added() -> None:
    claim = Metrics(0.9, 80.0, 10, 9, 1)
    found = folded(replace(SAVED, claimed=claim), CallerRecorded("/s", "a", True, 91.0), replace(SAVED, claimed=claim))
    one = found.find("/s", "a")
    assert one is not None
    assert one.metrics() == Metrics(10 / 11, 81.0, 11, 10, 1)


@given(st.lists(st.sampled_from(OUTCOMES), max_size=12), st.lists(st.booleans(), max_size=5))
def test_the_figures_are_those_of_the_last_word_on_each_session(told: list[object], by_callers: list[bool]) -> None:
    bodies: list[LogBody] = [SessionEnded("/s", "a", one) for one in told]  # type: ignore[arg-type]  # sampled
    bodies += [CallerRecorded("/s", "a", success, 40.0) for success in by_callers]
    view = folded(SAVED, *bodies)
    last = {one.outcome.session: one.outcome for one in bodies if isinstance(one, SessionEnded)}
    found = view.find("/s", "a")
    assert found is not None
    metrics = found.metrics()
    assert metrics.usage_count == len(last) + len(by_callers)
    assert metrics.success_count == sum(one.result == "success" for one in last.values()) + sum(by_callers)
    assert metrics.failure_count == sum(one.result == "failure" for one in last.values()) + by_callers.count(False)
    scores = [one.quality_score for one in last.values() if one.quality_score is not None] + [40.0] * len(by_callers)
    assert abs(metrics.avg_quality_score - (sum(scores) / len(scores) if scores else 0.0)) < 1e-9
