"""Reads reports that are one JSON document: Jest's, which Vitest writes too, and RSpec's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.suites.report import Draft, TestOutcome, short_path

_JEST = {
    "passed": TestOutcome.PASSED,
    "failed": TestOutcome.FAILED,
    "pending": TestOutcome.SKIPPED,
    "skipped": TestOutcome.SKIPPED,
    "todo": TestOutcome.SKIPPED,
    "disabled": TestOutcome.SKIPPED,
}
_RSPEC = {"passed": TestOutcome.PASSED, "failed": TestOutcome.FAILED, "pending": TestOutcome.SKIPPED}


def read_jest(content: bytes, draft: Draft) -> None:
    """Add Jest's result; a file of tests that failed without a failing test could not be loaded."""
    document = _document(content, draft)
    for file in _rows(document.get("testResults")):
        cases = _rows(file.get("assertionResults"))
        path = short_path(str(file.get("name", "")))
        for case in cases:
            outcome = _JEST.get(str(case.get("status")), TestOutcome.ERROR)
            draft.add(f"{path}: {case.get('fullName') or case.get('title') or ''}", outcome)
        if file.get("status") == "failed" and not any(case.get("status") == "failed" for case in cases):
            draft.failures.append(f"{path} cannot be loaded")


def read_rspec(content: bytes, draft: Draft) -> None:
    """Add RSpec's result; it counts errors outside of examples by themselves."""
    document = _document(content, draft)
    for example in _rows(document.get("examples")):
        outcome = _RSPEC.get(str(example.get("status")), TestOutcome.ERROR)
        draft.add(f"{example.get('file_path', '')}: {example.get('full_description', '')}", outcome)
    summary = document.get("summary")
    outside = summary.get("errors_outside_of_examples_count") if isinstance(summary, dict) else 0
    if outside:
        draft.failures.append(f"{outside} errors outside of examples")


def _document(content: bytes, draft: Draft) -> Mapping[str, Any]:
    draft.written = True
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        draft.problems.append("the report is not whole JSON")
        return {}
    return document if isinstance(document, dict) else {}


def _rows(value: object) -> Sequence[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
