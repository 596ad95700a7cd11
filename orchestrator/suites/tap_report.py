"""Reads TAP, the Test Anything Protocol: a plan, and a line for each test that is ``ok`` or ``not ok``."""

from __future__ import annotations

import re

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.report import Draft, TestOutcome

_PLAN = late_pattern(r"1\.\.(\d+)(?:\s*#\s*(.*))?")
_POINT = late_pattern(r"(not )?ok\b\s*(\d+)?\s*(?:- )?(.*?)(?:\s*(?<!\\)#\s*(skip|todo)\b.*)?", re.IGNORECASE)


def read(content: bytes, draft: Draft) -> None:
    """Add one document.  Subtests, which are indented, are summed up by the point of their parent."""
    planned: int | None = None
    points = 0
    for line in content.decode("utf-8", "replace").splitlines():
        if line.startswith("TAP version"):
            draft.written = True
        elif line.startswith("Bail out!"):
            draft.failures.append(line[:200])
        elif found := _PLAN.fullmatch(line.rstrip()):
            draft.written = True
            planned = int(found[1])
        elif line.startswith(("ok", "not ok")) and (found := _POINT.fullmatch(line.rstrip())):
            points += 1
            draft.add(found[3] or f"test {points}", _outcome(found))
    if not draft.written:
        return
    if planned is None:
        draft.problems.append("the runner was ended before it was done: TAP without a plan")
    elif planned != points:
        draft.problems.append(f"{points} of {planned} planned tests have a result")


def _outcome(point: re.Match[str]) -> TestOutcome:
    if point[4]:
        return TestOutcome.SKIPPED
    return TestOutcome.FAILED if point[1] else TestOutcome.PASSED
