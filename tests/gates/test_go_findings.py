from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.go_findings import plan, read

SUBJECT = Subject(roots={"go": ("",)})
# As go 1.19.8 prints them.
VET = '# example.org/shop\n./shop.go:7:2: fmt.Printf format %d has arg "text" of wrong type string\n'
BROKEN = "# example.org/shop\nvet: ./shop.go:3:8: undefined: nothing\n"
LISTED = "P example.org/shop\nI /there/windows.go\n"


def run_of(code: int, err: str, listed: str = LISTED) -> ToolRun:
    runs = [{"code": 0, "out": listed, "err": ""}, {"code": code, "out": "", "err": err}]
    return ToolRun(0, json.dumps({"rows": [{"folder": "", "runs": runs}]}).encode(), b"", "/there")


def test_findings_and_errors_of_the_compiler_count() -> None:
    found = read(SUBJECT, Evidence(run_of(2, VET + BROKEN)))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (2.0, 1)
    assert [(row.file, row.line) for row in found.findings] == [("shop.go", 7), ("shop.go", 3)]


def test_what_a_build_constraint_leaves_out_is_said() -> None:
    found = read(SUBJECT, Evidence(run_of(0, "")))
    assert isinstance(found, Reading)
    assert [row.file for row in found.suppressions] == ["windows.go"]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (run_of(1, ""), "ended with 1, and named 0 findings"),
        (run_of(127, "go: No such file or directory"), "ended with 127"),
        (run_of(0, VET), "ended with 0, and named 1 findings"),
        (run_of(0, "", ""), "there is no Go package"),
    ],
)
def test_a_vet_that_did_not_look_is_not_measured(run: ToolRun, why: str) -> None:
    found = read(SUBJECT, Evidence(run))
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_the_users_caches_are_used_and_no_network() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.env["GOPROXY"] == "off"
    assert isinstance(plan(Subject()), Unmeasured)
