from __future__ import annotations

from orchestrator.suites import report
from orchestrator.suites.report import Draft, TestOutcome, short_path


def test_a_report_is_bounded() -> None:
    draft = Draft()
    for number in range(report.MOST_TESTS + 3):
        draft.put(f"{number}", TestOutcome.PASSED)
    draft.add("x" * 9_000, TestOutcome.PASSED)
    assert len(draft.report().tests) == report.MOST_TESTS
    assert len(draft.report().problems) == 1


def test_names_are_cut() -> None:
    draft = Draft()
    draft.add("x" * 9_000, TestOutcome.PASSED)
    assert len(next(iter(draft.tests))) == report.MOST_NAME_CHARS


def test_many_tests_of_one_name_take_no_time_that_grows_with_the_square() -> None:
    draft = Draft()
    for _ in range(30_000):
        draft.add("same", TestOutcome.PASSED)
    assert len(draft.tests) == 30_000


def test_a_path_is_cut_to_what_lasts() -> None:
    assert short_path("/a/b/c/d/e.js") == "c/d/e.js"
