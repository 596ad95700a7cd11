"""Reads what ``go test -json`` prints: one event a line, with other output between."""

from __future__ import annotations

import json

from orchestrator.suites.report import Draft, TestOutcome

_ENDS = {"pass": TestOutcome.PASSED, "fail": TestOutcome.FAILED, "skip": TestOutcome.SKIPPED}


def read(content: bytes, draft: Draft) -> None:
    """Add one run.  Packages whose every event names no test fail by not building."""
    running: set[str] = set()
    # Where a test program ends with 0 in mid-test, go itself writes "pass" for what was running (observed, 1.19).
    said_passed: set[str] = set()
    failed_packages: dict[str, None] = {}
    packages_with_failures: set[str] = set()
    for line in content.splitlines():
        event = _event(line)
        if event is None:
            continue
        draft.written = True
        package, test, action = str(event.get("Package", "")), event.get("Test"), event.get("Action")
        if isinstance(test, str):
            name = f"{package}.{test}"
            if action == "run":
                running.add(name)
            elif action == "output" and str(event.get("Output", "")).lstrip().startswith("--- PASS: "):
                said_passed.add(name)
            elif action in _ENDS and (action != "pass" or name in said_passed):
                running.discard(name)
                draft.put(name, _ENDS[str(action)])
                if action == "fail":
                    packages_with_failures.add(package)
        elif action == "fail" or action == "build-fail":
            failed_packages[package or str(event.get("ImportPath", ""))] = None
    draft.failures += [
        f"package {package} does not build or ended badly"
        for package in failed_packages
        if package not in packages_with_failures
    ]
    if running:
        draft.problems.append(f"the runner was ended before it was done, within {min(running)}")


def _event(line: bytes) -> dict[str, object] | None:
    if not line.startswith(b'{"'):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "Action" in event else None
