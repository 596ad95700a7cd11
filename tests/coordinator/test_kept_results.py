from __future__ import annotations

from pathlib import Path

from orchestrator.coordinator.kept_results import read_results, write_results
from orchestrator.coordinator.target_tests import SuiteOutcomes
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import Counts, State, SuiteResult
from orchestrator.suites.suite import Detection, Form, NotTaken, Suite

TESTED = SuiteOutcomes(
    Detection(
        (Suite("pytest", "pytest", ("pytest", "-q"), "pyproject.toml", Form.JUNIT),),
        (NotTaken("make test", "Makefile", "make is not installed here"),),
    ),
    (SuiteResult("pytest", State.FAILED, "1 failed", Counts(failed=1), {"a": TestOutcome.FAILED}),),
)


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    write_results(tmp_path / "x.json", TESTED)
    assert read_results(tmp_path / "x.json") == TESTED


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert read_results(tmp_path / "x.json") is None
    (tmp_path / "x.json").write_text('{"results": 3}')
    assert read_results(tmp_path / "x.json") is None
