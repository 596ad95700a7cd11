from __future__ import annotations

import pytest

from orchestrator.suites.report import Draft, Report, TestOutcome
from orchestrator.suites.tap_report import read


def reported(text: str) -> Report:
    draft = Draft()
    read(text.encode(), draft)
    return draft.report()


def test_points_are_told_apart() -> None:
    report = reported(
        "TAP version 13\nok 1 - adds\nnot ok 2 - fails\n  ---\n  x: 1\nok 3 # SKIP no\nnot ok 4 - b # TODO\n1..4\n"
    )
    assert report.tests == {
        "adds": TestOutcome.PASSED,
        "fails": TestOutcome.FAILED,
        "test 3": TestOutcome.SKIPPED,
        "b": TestOutcome.SKIPPED,
    }
    assert report.problems == ()


def test_subtests_are_summed_up_by_their_parent() -> None:
    assert list(reported("1..1\n    ok 1 - inner\n    1..1\nok 1 - outer\n").tests) == ["outer"]


@pytest.mark.parametrize("text", ["TAP version 13\nok 1\n", "1..3\nok 1\n", "1..1\nok 1\nok 2\n"])
def test_a_plan_that_was_not_kept_is_not_believed(text: str) -> None:
    assert len(reported(text).problems) == 1


def test_bailing_out_is_a_failure() -> None:
    assert reported("1..1\nok 1\nBail out! no database\n").failures == ("Bail out! no database",)


def test_text_without_a_plan_is_no_report() -> None:
    assert not reported("ok, all is well\n").written
    assert reported("1..0 # SKIP nothing here\n") == Report(written=True)
