from __future__ import annotations

import pytest

from orchestrator.gates.gate import Evidence, Reading, Subject, Unmeasured
from orchestrator.gates.passing_tests import read
from orchestrator.models.suite_measurements import SuiteMeasured, SuitesMeasured

GOOD = SuiteMeasured("pytest", "pytest", "pyproject.toml", "passed", "12 passed", passed=12)
BAD = SuiteMeasured("unittest", "unittest", "tests", "failed", "1 passed, 2 failed: x", passed=1, failed=2)
BROKEN = SuiteMeasured("pytest", "pytest", "pyproject.toml", "failed", "no tests: a cannot be loaded")
UNSEEN = SuiteMeasured("make test", "make test", "Makefile", "not measured", "it took longer than 5 s")


def outcome(*suites: SuiteMeasured, missing: tuple[str, ...] = (), problem: str | None = None) -> Reading | Unmeasured:
    return read(Subject(), Evidence(suites=SuitesMeasured(suites, ("x (y): z",), problem), missing_modules=missing))


@pytest.mark.parametrize(
    ("suites", "value", "counted"),
    [((GOOD,), 0, 12), ((GOOD, BAD), 2, 15), ((BROKEN,), 1, 1), ((BAD, UNSEEN), 2, 3)],
)
def test_failures_of_all_suites_are_added_up(suites: tuple[SuiteMeasured, ...], value: float, counted: int) -> None:
    found = outcome(*suites)
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (value, counted)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (outcome(), "no tests were found (x (y): z)"),
        (outcome(GOOD, UNSEEN), "make test: it took longer"),
        (outcome(GOOD, problem="no layer"), "no layer"),
        (outcome(BROKEN, missing=("numpy",)), "the tests need numpy, which is not installed"),
        (read(Subject(), Evidence()), "were not run"),
    ],
)
def test_what_did_not_run_whole_is_not_measured(found: Reading | Unmeasured, why: str) -> None:
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_a_test_that_fails_is_a_failure_whatever_is_missing_besides() -> None:
    assert isinstance(outcome(BAD, missing=("numpy",)), Reading)
