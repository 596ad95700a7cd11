"""Reads the records that our own recorders write, one JSON object a line."""

from __future__ import annotations

import json

from orchestrator.suites.report import Draft, TestOutcome

_MOST_SHOWN = 5


def read(content: bytes, draft: Draft) -> None:
    """Add the records of one process.  A process that did not come to its own end makes the report unbelievable."""
    draft.written = True
    open_tests: set[str] = set()
    rewritten: list[str] = []
    started = ended = False
    for line in content.splitlines():
        record = _record(line)
        match record:
            case {"start": str()}:
                started = True
            case {"began": str(name)}:
                open_tests.add(name)
            case {"test": str(name), "outcome": str(outcome)} if outcome in set(TestOutcome):
                open_tests.discard(name)
                draft.put(name, TestOutcome(outcome))
            case {"rewritten": str(name), "raw": str(raw), "said": str(said)}:
                rewritten.append(f"{name} ({'was not called' if raw == 'not called' else raw}, was made {said})")
            case {"replaced": str(part)}:
                draft.problems.append(f"the project's own code replaced {part}, which decides how a test ends")
            case {"broken": str(name)}:
                draft.failures.append(f"{name} cannot be loaded")
            case {"deselected": str(name)}:
                draft.deselected.append(name)
            case {"end": int()}:
                ended = True
            case _:
                pass
    if rewritten:
        shown = ", ".join(rewritten[:_MOST_SHOWN])
        draft.failures.append(f"the project's own hooks rewrote the outcome of {len(rewritten)} tests: {shown}")
    if not started or not ended:
        within = f", within {min(open_tests)}" if open_tests else ""
        draft.problems.append(f"the runner was ended before it was done{within}")


def _record(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
