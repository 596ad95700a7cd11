from __future__ import annotations

import pytest

from orchestrator.workflows.boost_report import BoostReport
from orchestrator.workflows.coverage_gaps import CoverageState, Gap, MutantSample
from orchestrator.workflows.coverage_verdicts import JudgedTest

GOOD = JudgedTest("tests/test_a.py::test_a", mutants=4, caught=4, assertions=2, repeats=20, new_lines=3)
WEAK = JudgedTest("tests/test_a.py::test_b", mutants=4, caught=1, assertions=1, repeats=20, new_lines=3)
BAD = JudgedTest("tests/test_a.py::test_c", reasons=("it asserts nothing",))


def state(coverage: float) -> CoverageState:
    return CoverageState(coverage, 100, 1.0, (Gap("a.py", "f", (1,)),), MutantSample(1, 10, 5), "sha256:0")


def report(before: float, after: float, *verdicts: JudgedTest, stated: bool = False) -> BoostReport:
    return BoostReport(80.0, state(before), state(after), verdicts, is_target_stated=stated)


@pytest.mark.parametrize(
    ("before", "after", "verdicts", "stated", "success"),
    [
        pytest.param(60.0, 80.0, (GOOD, BAD), True, True, id="the target is reached"),
        pytest.param(60.0, 79.9, (GOOD,), True, False, id="a stated target is not"),
        pytest.param(60.0, 70.0, (GOOD,), False, True, id="ten points, and nobody stated a target"),
        pytest.param(60.0, 69.9, (GOOD,), False, False, id="less than ten points"),
        pytest.param(60.0, 90.0, (WEAK,), False, False, id="tests that are not good enough"),
        pytest.param(85.0, 85.0, (), True, True, id="it was reached before"),
        pytest.param(60.0, 60.0, (BAD,), False, False, id="nothing was kept"),
    ],
)
def test_success_needs_the_coverage_and_the_quality(
    before: float, after: float, verdicts: tuple[JudgedTest, ...], stated: bool, success: bool
) -> None:
    assert report(before, after, *verdicts, stated=stated).success is success


def test_the_report_has_what_the_specification_reads() -> None:
    found = report(60.0, 81.5, GOOD, BAD).to_dict()

    assert (found["coverage_improvement"], found["tests_generated"], found["tests_refused"]) == (21.5, 1, 1)
    assert (found["target_reached"], found["test_quality"]) == (True, 10.0)
    assert found["mutants"]["after"] == {"seed": 1, "tried": 10, "caught": 5, "whole_sample": True}


def test_people_read_before_after_and_how_to_take_the_tests() -> None:
    text = "\n".join(report(60.0, 81.5, GOOD, BAD).lines())

    for part in ("60.0 % before, 81.5 % after (+21.5 points", "1 of 2 tests kept", "orchestrate apply", "seed 1"):
        assert part in text


def test_a_stated_coverage_that_is_right_is_no_note() -> None:
    assert BoostReport(80.0, state(60.0), stated_coverage=60.2).notes == ()
    assert len(BoostReport(80.0, state(60.0), stated_coverage=70.0).notes) == 1
