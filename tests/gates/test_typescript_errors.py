from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.typescript_errors import plan, read

SUBJECT = Subject(roots={"typescript": ("",)}, lines=lambda _: ["// @ts-ignore", 'const b: number = "y";'])
# As tsc 7.0.2 prints them.
LISTED = "/w/copy-0/node_modules/typescript/lib/lib.d.ts\n/w/copy-0/src/a.ts\n"
WRONG = "src/a.ts(2,7): error TS2322: Type 'string' is not assignable to type 'number'.\n"


def run_of(code: int, out: str, *, is_off: bool = False) -> ToolRun:
    row = {"folder": "", "copy": "/w/copy-0", "code": code, "out": out, "err": "last words", "is_off": is_off}
    return ToolRun(0, json.dumps({"rows": [row]}).encode(), b"")


def test_errors_of_the_project_count_and_what_silences_them_is_said() -> None:
    found = read(SUBJECT, Evidence(run_of(2, WRONG + LISTED)))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (1.0, 1)
    assert [(row.asks, row.hides) for row in found.suppressions] == [("// @ts-ignore", 1)]


def test_settings_that_turn_the_checks_off_are_said() -> None:
    found = read(SUBJECT, Evidence(run_of(2, WRONG + LISTED, is_off=True)))
    assert isinstance(found, Reading)
    (entry, _) = found.suppressions
    assert (entry.asks, entry.file, entry.hides) == ('"noCheck": true', "tsconfig.json", 1)


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (run_of(127, ""), "ended with 127, and named 0 errors: last words"),
        (run_of(0, WRONG), "ended with 0"),
        (run_of(2, "error TS18003: No inputs were found in config file\n"), "No inputs were found"),
        (ToolRun(0, b'{"rows": []}', b""), "only 0 of 1 folders"),
        (ToolRun(1, b"", b"why\n"), "cannot be read: why"),
    ],
)
def test_a_checker_that_did_not_look_is_not_measured(run: ToolRun, why: str) -> None:
    found = read(SUBJECT, Evidence(run))
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_the_checker_is_the_projects_own() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert "node_modules/.bin/tsc" in command.version_argv[2]
    assert isinstance(plan(Subject()), Unmeasured)
