from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestrator.suites.json_reports import read_jest, read_rspec
from orchestrator.suites.report import Draft, Report, TestOutcome

if TYPE_CHECKING:
    from collections.abc import Callable


def read(document: object, reader: Callable[[bytes, Draft], None]) -> Report:
    draft = Draft()
    reader(json.dumps(document).encode(), draft)
    return draft.report()


def test_jest_names_tests_by_file_and_title() -> None:
    cases = [{"fullName": "adds", "status": "passed"}, {"fullName": "waits", "status": "pending"}]
    report = read(
        {"testResults": [{"name": "/x/y/z/src/a.test.js", "status": "passed", "assertionResults": cases}]}, read_jest
    )
    assert report.tests == {
        "z/src/a.test.js: adds": TestOutcome.PASSED,
        "z/src/a.test.js: waits": TestOutcome.SKIPPED,
    }


def test_a_file_that_jest_could_not_load_is_a_failure() -> None:
    report = read({"testResults": [{"name": "a.test.js", "status": "failed", "assertionResults": []}]}, read_jest)
    assert report.failures == ("a.test.js cannot be loaded",)


def test_rspec_counts_errors_outside_of_examples() -> None:
    report = read(
        {
            "examples": [{"file_path": "./spec/a_spec.rb", "full_description": "adds", "status": "failed"}],
            "summary": {"errors_outside_of_examples_count": 2},
        },
        read_rspec,
    )
    assert report.tests == {"./spec/a_spec.rb: adds": TestOutcome.FAILED}
    assert report.failures == ("2 errors outside of examples",)


@pytest.mark.parametrize("reader", [read_jest, read_rspec])
@pytest.mark.parametrize("content", [b"", b"{", b'{"testResults": ', b"[" * 100_000])
def test_half_a_document_is_a_problem(reader: Callable[[bytes, Draft], None], content: bytes) -> None:
    draft = Draft()
    reader(content, draft)
    assert draft.report().problems == ("the report is not whole JSON",)


@pytest.mark.parametrize("reader", [read_jest, read_rspec])
@pytest.mark.parametrize("document", [[], 3, {"testResults": 3, "examples": "x"}, {"examples": [1], "summary": 4}])
def test_any_document_is_read_without_raising(reader: Callable[[bytes, Draft], None], document: object) -> None:
    assert read(document, reader).tests == {}
