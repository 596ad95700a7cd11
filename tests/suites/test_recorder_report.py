from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from orchestrator.suites.recorder_report import read
from orchestrator.suites.report import Draft, Report, TestOutcome


def reported(*records: Mapping[str, object]) -> Report:
    draft = Draft()
    read("".join(json.dumps(record) + "\n" for record in records).encode(), draft)
    return draft.report()


START, END = {"start": "pytest"}, {"end": 0}


def test_tests_are_read_with_their_last_outcome() -> None:
    report = reported(
        START, {"test": "a", "outcome": "failed"}, {"test": "a", "outcome": "passed"}, {"deselected": "b"}, END
    )
    assert report == Report({"a": TestOutcome.PASSED}, deselected=("b",), written=True)


def test_a_process_that_did_not_come_to_its_end_is_not_believed() -> None:
    report = reported(START, {"test": "a", "outcome": "passed"}, {"began": "b"})
    assert report.problems == ("the runner was ended before it was done, within b",)


@pytest.mark.parametrize("raw", ["failed", "not called"])
def test_a_rewritten_outcome_is_a_failure(raw: str) -> None:
    report = reported(START, {"rewritten": "a", "raw": raw, "said": "passed"}, END)
    assert "rewrote the outcome of 1 tests: a" in report.failures[0]


def test_a_replaced_part_of_the_runner_is_a_problem() -> None:
    assert "pytest's runner" in reported(START, {"replaced": "pytest's runner"}, END).problems[0]


def test_what_cannot_be_loaded_is_a_failure() -> None:
    assert reported(START, {"broken": "test_a.py"}, END).failures == ("test_a.py cannot be loaded",)


def test_lines_that_are_no_records_are_passed_over() -> None:
    draft = Draft()
    read(b'nonsense\n[1]\n{"test": 3}\n{"test": "a", "outcome": "odd"}\n{"start": "x"}\n{"end": 0}\n', draft)
    assert draft.report() == Report(written=True)
