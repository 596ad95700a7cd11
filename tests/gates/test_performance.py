from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.performance import plan, read

SUBJECT = Subject(budget={"command": "make bench", "seconds": 2.0, "memory_mib": 100})


def seen(*rows: tuple[int, float, float]) -> Evidence:
    runs = [{"code": code, "seconds": seconds, "memory_mib": memory} for code, seconds, memory in rows]
    return Evidence(ToolRun(0, json.dumps({"runs": runs}).encode(), b"Traceback\nboom\n"))


def test_the_best_run_counts_and_the_larger_share_is_the_value() -> None:
    found = read(SUBJECT, seen((0, 3.0, 50.0), (0, 1.0, 60.0), (0, 2.0, 55.0)))
    assert isinstance(found, Reading)
    assert (found.value, found.counted, found.findings) == (50.0, 3, ())
    slow = read(SUBJECT, seen(*[(0, 3.0, 50.0)] * 3))
    assert isinstance(slow, Reading)
    assert (slow.value, slow.findings[0].message) == (150.0, "3.00 of 2 s")


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen((3, 0.1, 1.0)), "ended with 3: boom"),
        (seen((0, 0.1, 1.0)), "ended with None"),
        (seen(), "not timed"),
        (Evidence(ToolRun(1, b"", b"boom\n")), "not timed: boom"),
    ],
)
def test_a_command_that_fails_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_without_a_budget_nothing_is_run() -> None:
    assert isinstance(plan(Subject()), Unmeasured)
    assert isinstance(plan(Subject(budget={"command": "true"})), Unmeasured)
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.runs_project
