from __future__ import annotations

import json
from dataclasses import replace

import pytest

from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import Comparison, Counts, Run, State, SuiteResult, compare, count, judge, some
from orchestrator.suites.suite import Form, Suite

SUITE = Suite("pytest", "pytest", ("pytest",), "pytest.ini", Form.RECORDS)


def records(*outcomes: str, end: bool = True) -> dict[str, bytes]:
    lines = [{"start": "pytest"}, *({"test": f"t{n}", "outcome": o} for n, o in enumerate(outcomes))]
    return {"r.jsonl": "\n".join(json.dumps(line) for line in [*lines, *([{"end": 0}] if end else [])]).encode()}


@pytest.mark.parametrize(
    ("run", "state", "says"),
    [
        pytest.param(Run(0, files=records("passed", "skipped")), State.PASSED, "1 passed, 1 skipped", id="passed"),
        pytest.param(Run(1, files=records("passed", "failed")), State.FAILED, "t1", id="failed"),
        pytest.param(Run(0, files=records("failed")), State.FAILED, "although", id="failed and ended with 0"),
        pytest.param(Run(1, files=records("passed")), State.FAILED, "ended with 1", id="passed and ended with 1"),
        pytest.param(Run(0, files=records()), State.NOT_MEASURED, "no test ran", id="no test"),
        pytest.param(Run(5, files=records()), State.NOT_MEASURED, "no test ran", id="no test, code 5"),
        pytest.param(Run(0, files=records("skipped")), State.NOT_MEASURED, "1 skipped", id="only skipped"),
        pytest.param(Run(0), State.NOT_MEASURED, "wrote no report", id="no report"),
        pytest.param(Run(1), State.NOT_MEASURED, "wrote no report", id="no report, code 1"),
        pytest.param(Run(127), State.NOT_MEASURED, "not installed", id="no runner"),
        pytest.param(Run(4, files=records()), State.NOT_MEASURED, "pytest could not begin", id="usage"),
        pytest.param(Run(0, files=records("passed", end=False)), State.NOT_MEASURED, "before", id="os._exit(0)"),
        pytest.param(Run(None, problem="too long"), State.NOT_MEASURED, "too long", id="too long"),
        pytest.param(Run(-9, files=records("passed")), State.FAILED, "-9", id="killed"),
    ],
)
def test_passed_needs_a_test_that_ran_a_report_and_an_exit_status_that_agree(run: Run, state: State, says: str) -> None:
    result = judge(SUITE, run)
    assert result.state is state
    assert says in result.reason


def test_output_counts_only_where_the_runner_reports_by_it() -> None:
    tap = Run(0, output=b"1..1\nok 1 - adds\n")
    assert judge(replace(SUITE, form=Form.TAP, from_output=True), tap).state is State.PASSED
    assert judge(replace(SUITE, form=Form.TAP), tap).state is State.NOT_MEASURED
    assert judge(replace(SUITE, form=Form.NONE), tap).state is State.NOT_MEASURED


def test_a_report_beyond_its_bound_is_not_read() -> None:
    result = judge(SUITE, Run(0, files={f"{n}": b"" for n in range(3000)}))
    assert result.state is State.NOT_MEASURED


def test_two_results_are_compared_by_test() -> None:
    p, f, s = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.SKIPPED
    before = SuiteResult("x", State.PASSED, "", tests={"a": p, "b": p, "c": p, "d": f, "e": f, "s": s})
    after = SuiteResult("x", State.FAILED, "", tests={"a": p, "b": s, "d": f, "e": p, "g": f, "h": p})
    assert compare(before, after) == Comparison(
        gone=("c",), newly_skipped=("b",), newly_failing=("g",), failing_before=("d",), mended=("e",)
    )


def test_counting_and_naming() -> None:
    assert count({"a": TestOutcome.ERROR, "b": TestOutcome.PASSED}) == Counts(passed=1, errors=1)
    assert Counts(1, 2, 3, 4).ran == 6
    assert str(Counts()) == "no tests"
    assert some([str(n) for n in range(12)]).endswith("9 and 2 more")
