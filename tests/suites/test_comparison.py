from __future__ import annotations

import pytest

from orchestrator.suites.comparison import weigh
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import State, SuiteResult, count

P, F, S = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.SKIPPED


def suite(state: State, name: str = "pytest", **tests: TestOutcome) -> SuiteResult:
    return SuiteResult(name, state, "why", count(tests), tests)


UNMEASURED = suite(State.NOT_MEASURED)


@pytest.mark.parametrize(
    ("before", "now", "concerns"),
    [
        pytest.param([suite(State.PASSED, a=P)], [suite(State.PASSED, a=P, b=P)], [], id="all passes"),
        pytest.param([suite(State.FAILED, a=F, b=P)], [suite(State.FAILED, a=F, b=P)], [], id="failed before"),
        pytest.param(
            [suite(State.PASSED, a=P)], [suite(State.FAILED, a=F)], ["1 tests fail that did not: a"], id="bad"
        ),
        pytest.param([suite(State.PASSED, a=P)], [suite(State.FAILED, a=P, n=F)], ["fail that did not: n"], id="new"),
        pytest.param([suite(State.PASSED, a=P, b=P)], [suite(State.PASSED, a=P)], ["run any more: b"], id="gone"),
        pytest.param([suite(State.PASSED, a=P)], [suite(State.PASSED, a=S, b=P)], ["skipped now: a"], id="skipped"),
        pytest.param([suite(State.PASSED, a=P)], [UNMEASURED], ["was measured before"], id="not measured now"),
        pytest.param([UNMEASURED], [UNMEASURED], [], id="never measured"),
        pytest.param([UNMEASURED], [suite(State.FAILED, a=F)], ["whether it failed before: why"], id="unknown"),
        pytest.param([UNMEASURED], [suite(State.PASSED, a=P)], [], id="mended"),
        pytest.param([suite(State.PASSED, a=P)], [], ["is not found any more"], id="the suite is gone"),
        pytest.param([], [suite(State.FAILED, a=F)], ["was not there before, fails"], id="a new suite fails"),
        pytest.param([], [suite(State.PASSED, a=P)], [], id="a new suite passes"),
        pytest.param([suite(State.PASSED, a=P)], [suite(State.FAILED, a=P)], ["and passed before"], id="no name"),
        pytest.param([suite(State.FAILED, a=P)], [suite(State.FAILED, a=P)], [], id="no name, as before"),
        pytest.param(None, [suite(State.FAILED, a=F)], ["whether it failed before: no time"], id="no baseline"),
        pytest.param(None, [suite(State.PASSED, a=P)], [], id="passes without a baseline"),
    ],
)
def test_the_change_answers_for_what_it_did_and_for_nothing_else(
    before: list[SuiteResult] | None, now: list[SuiteResult], concerns: list[str]
) -> None:
    weighed = weigh(now, before, because="no time")
    assert len(weighed.concerns) == len(concerns), weighed.concerns
    assert all(expected in said for expected, said in zip(concerns, weighed.concerns, strict=True))


def test_what_failed_before_and_what_was_mended_is_said() -> None:
    weighed = weigh([suite(State.FAILED, a=F, b=P)], [suite(State.FAILED, a=F, b=F)])
    assert any("failed before as well: a" in note for note in weighed.notes)
    assert any("pass now: b" in note for note in weighed.notes)
    assert (weighed.is_measured, weighed.all_passed) == (True, False)


def test_nothing_is_measured_where_nothing_showed_anything() -> None:
    assert not weigh([UNMEASURED], []).is_measured
    assert not weigh([], []).all_passed
