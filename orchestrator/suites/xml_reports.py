"""Reads JUnit XML and TRX without entities: a report that declares a document type is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from xml.parsers import expat

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.report import Draft, TestOutcome, short_path

MOST_DEPTH = 100
# Node counts a file without a test as one that passed if it ended with 0, also by process.exit() (observed, 20.20).
_SCRIPT = late_pattern(r"(?:test: )?(/.*\.[cm]?[jt]sx?)")
_TRX = {"Passed": TestOutcome.PASSED, "Failed": TestOutcome.FAILED, "NotExecuted": TestOutcome.SKIPPED}
_JUNIT = {"failure": TestOutcome.FAILED, "error": TestOutcome.ERROR, "skipped": TestOutcome.SKIPPED}


class _RefusedError(Exception):
    """The report holds what no runner writes."""


def read_junit(content: bytes, draft: Draft) -> None:
    """Add every ``testcase``, and errors that a suite has outside of its tests."""
    case: list[str] = []
    outcome: list[TestOutcome] = []
    depth_of_case = [0]

    def begin(name: str, attributes: Mapping[str, str], depth: int) -> None:
        if name == "testcase":
            # A line number, which busted writes, would make another test of it whenever a line is added above.
            place = re.sub(r":\d+$", "", attributes.get("classname") or attributes.get("file") or "")
            title = attributes.get("name", "")
            case[:] = [f"{place}: {title}" if place not in ("", title) else title]
            outcome[:] = [TestOutcome.SKIPPED if attributes.get("status") == "notrun" else TestOutcome.PASSED]
            depth_of_case[0] = depth
        elif case and name in _JUNIT and depth == depth_of_case[0] + 1:
            outcome[:] = [_JUNIT[name]]
        elif not case and name == "error":
            draft.failures.append(attributes.get("message", "an error outside of tests")[:200])

    def end(name: str) -> None:
        if name != "testcase" or not case:
            return
        title, ended = case.pop(), outcome.pop()
        file = _SCRIPT.fullmatch(title)
        if file is None:
            draft.add(title, ended)
        elif ended is TestOutcome.PASSED:
            draft.silent.append(short_path(file[1]))
        else:
            draft.failures.append(f"{short_path(file[1])} ended badly")

    _parse(content, draft, begin, end)


def read_trx(content: bytes, draft: Draft) -> None:
    """Add every ``UnitTestResult``."""

    def begin(name: str, attributes: Mapping[str, str], _depth: int) -> None:
        if name == "UnitTestResult":
            outcome = _TRX.get(attributes.get("outcome", ""), TestOutcome.ERROR)
            draft.add(attributes.get("testName", ""), outcome)

    _parse(content, draft, begin, lambda name: None)


def _parse(
    content: bytes, draft: Draft, begin: Callable[[str, Mapping[str, str], int], None], end: Callable[[str], None]
) -> None:
    depth = 0

    def refuse(*_: object) -> None:
        raise _RefusedError("it declares a document type")

    def start_element(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise _RefusedError(f"it is nested more than {MOST_DEPTH} deep")
        begin(name.rpartition(":")[2], attributes, depth)

    def end_element(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(":")[2])

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start_element
    parser.EndElementHandler = end_element
    draft.written = True
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        draft.problems.append(f"the report is not whole XML: {error}")
    except _RefusedError as refusal:
        draft.problems.append(f"the report is refused: {refusal}")
