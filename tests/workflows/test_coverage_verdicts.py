from __future__ import annotations

import json

import pytest

from orchestrator.workflows.coverage_verdicts import CoverageCheck, JudgedTest


@pytest.mark.parametrize(
    ("mutants", "caught", "assertions", "failed", "quality"),
    [
        (10, 10, 2, 0, 10.0),
        (10, 10, 9, 0, 10.0),
        (10, 6, 2, 0, 7.2),
        (10, 10, 1, 0, 8.5),
        (0, 0, 2, 0, 6.5),
        (10, 0, 0, 0, 0.0),
        (10, 10, 2, 5, 7.5),
    ],
)
def test_the_quality_is_what_the_page_says(
    mutants: int, caught: int, assertions: int, failed: int, quality: float
) -> None:
    test = JudgedTest("t", mutants=mutants, caught=caught, assertions=assertions, repeats=20, failed_repeats=failed)

    assert test.quality == quality


def test_those_that_are_kept_count_and_every_reason_is_said() -> None:
    good = JudgedTest("t.py::test_a", (), 3, 4, 4, assertions=2, repeats=20, covered=(("a.py", 3),))
    bad = JudgedTest("t.py::test_b", ("it asserts nothing", "it does not pass"), assertions=0)
    check = CoverageCheck((good, bad), 50.0, 62.5, 1, ("a note",))

    document = json.loads(json.dumps(check.to_dict()))
    assert (document["kept"], document["refused"], document["test_quality"]) == (1, 1, 10.0)
    assert (document["mutants"], document["mutants_caught"]) == (4, 4)
    assert [row["kept"] for row in document["tests"]] == [True, False]
    text = "\n".join(check.lines())
    assert "✅ t.py::test_a: kept (quality 10.0 of 10: 3 new lines, 4 of 4 mutants caught" in text
    assert "❌ t.py::test_b: refused\n   • it asserts nothing\n   • it does not pass" in text
    assert "Coverage: 50.0 % before, 62.5 % with those kept" in text


def test_without_any_that_is_kept_there_is_no_quality() -> None:
    assert CoverageCheck((), 50.0, 50.0, 1).test_quality == 0.0
