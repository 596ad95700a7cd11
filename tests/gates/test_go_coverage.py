from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.go_coverage import plan, read

SUBJECT = Subject(roots={"go": ("",)})
# Two test binaries write the same block; it ran in one of them.
PROFILE = (
    "mode: set\nexample.org/shop/a.go:3.1,5.2 2 0\nexample.org/shop/a.go:3.1,5.2 2 1\n"
    "example.org/shop/b/b.go:3.10,4.2 1 0\n"
)


def run_of(profile: str, code: int = 0, out: str = "ok") -> ToolRun:
    told = [(0, ""), (0, "example.org/shop\n"), (1, out), (code, profile)]
    runs = [{"code": number, "out": text, "err": "last words"} for number, text in told]
    return ToolRun(0, json.dumps({"rows": [{"folder": "", "runs": runs}]}).encode(), b"", "/there")


def test_a_block_ran_that_any_test_ran() -> None:
    found = read(SUBJECT, Evidence(run_of(PROFILE)))
    assert isinstance(found, Reading)
    assert (round(found.value, 6), found.counted) == (66.666667, 3)
    assert [(row.file, row.line, row.message) for row in found.findings] == [("b/b.go", 3, "lines did not run: 3-4")]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (run_of("", 1), "left no profile: last words"),
        (run_of("mode: set\n"), "no test of Go ran"),
        (run_of("mode: set\nnonsense\n"), "cannot be read"),
        (run_of(PROFILE, out="FAIL example.org/shop [build failed]"), "left no profile"),
    ],
)
def test_without_a_whole_profile_nothing_is_measured(run: ToolRun, why: str) -> None:
    found = read(SUBJECT, Evidence(run))
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_the_tests_run_after_every_tool() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.runs_project
