"""Every gate of ours whose source is a tool keeps the contract, and the kit finds those that do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.gates import (
    complexity,
    documented_names,
    go_coverage,
    go_findings,
    javascript_coverage,
    javascript_findings,
    leaked_secrets,
    lint_findings,
    performance,
    rust_findings,
    security_findings,
    type_errors,
    typescript_errors,
    vulnerable_dependencies,
    vulnerable_modules,
)
from orchestrator.gates.gate import Evidence, Gate, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.gate_table import OWN
from orchestrator.testing.gate_kit import (
    check_gate,
    check_plan,
    check_states,
    check_unmeasured,
    check_ways,
    silent_runs,
    verdict_of,
    ways_of_not_measured,
)
from tests.gates.test_go_coverage import PROFILE
from tests.gates.test_go_coverage import run_of as go_test
from tests.gates.test_go_findings import VET
from tests.gates.test_go_findings import run_of as go_vet
from tests.gates.test_ruff_output import ROW
from tests.gates.test_rust_findings import ARTIFACT, DEAD
from tests.gates.test_rust_findings import run_of as clippy
from tests.gates.test_security_findings import HIGH
from tests.gates.test_type_errors import ROW as TYPE_ROW
from tests.gates.test_typescript_errors import LISTED, WRONG
from tests.gates.test_typescript_errors import run_of as tsc
from tests.gates.test_vulnerable_dependencies import BAD, GOOD
from tests.gates.test_vulnerable_modules import BAD as OSV_BAD

MANIFESTS = {
    "go.mod": ["module shop", "go 1.21", "require example.org/bad v1.0.0"],
    "Cargo.toml": ["[package]", 'name = "shop"', 'version = "1.0.0"'],
    "package.json": ['{"name": "shop"}'],
}
SUBJECT = Subject(
    python_files=("a.py",),
    source_files=("a.py",),
    checked_files=("a.py",),
    text_files=("a.py", "a.js"),
    settings={"requirements.txt": "bad==1.0\ngood==2.0\n"},
    budget={"command": "true", "seconds": 1.0},
    roots={"javascript": ("",), "typescript": ("",), "go": ("",), "rust": ("",)},
    sources={"javascript": ("a.js",)},
    lines=lambda name: MANIFESTS.get(name, []),
)


def ran(told: object, code: int = 0) -> ToolRun:
    rows = told if isinstance(told, tuple) else (told,)
    return ToolRun(code, "\n".join(map(json.dumps, rows)).encode(), b"", "/there")


def complex_rows(value: int) -> list[dict[str, Any]]:
    return [{**ROW, "code": "C901", "message": f"`f` is too complex ({value} > 0)"}]


def documented(*missing: object) -> dict[str, object]:
    return {"files": 1, "names": 2, "missing": missing, "broken": []}


def secure(*rows: object) -> dict[str, object]:
    return {"errors": [], "metrics": {"./a.py": {}, "_totals": {}}, "results": rows}


def secrets(*rows: object) -> dict[str, object]:
    return {"plugins_used": [{"name": "x"}], "looked_at": 2, "no_text": 0, "results": {"a.py": rows}}


def timed(seconds: float) -> dict[str, object]:
    return {"runs": [{"code": 0, "seconds": seconds, "memory_mib": 1.0}] * 3}


def v8(*missing: int) -> dict[str, object]:
    return {"records": 1, "odd": [], "files": {"a.js": {"lines": 4, "missing": missing, "read": True}}}


def syntax(*problems: object) -> dict[str, object]:
    return {"files": 1, "problems": problems}


TYPES = ({"files": 1, "renamed": {}}, {"end": 0})
RUNS: dict[str, tuple[Gate, ToolRun, ToolRun]] = {
    gate.name: (gate, passing, failing)
    for gate, passing, failing in (
        (lint_findings.GATE, ran([]), ran([ROW], 1)),
        (complexity.GATE, ran(complex_rows(3), 1), ran(complex_rows(30), 1)),
        (documented_names.GATE, ran(documented()), ran(documented(["a.py", 1, "function f"]))),
        (security_findings.GATE, ran(secure()), ran(secure(HIGH))),
        (leaked_secrets.GATE, ran(secrets()), ran(secrets({"type": "AWS Access Key", "line_number": 1}))),
        (
            vulnerable_dependencies.GATE,
            ran({"dependencies": [{**BAD, "vulns": []}, GOOD]}),
            ran({"dependencies": [BAD, GOOD]}, 1),
        ),
        (type_errors.GATE, ran(TYPES), ran((TYPES[0], {**TYPE_ROW, "file": "a.py"}, {"end": 1}))),
        (performance.GATE, ran(timed(0.5)), ran(timed(2.0))),
        (go_findings.GATE, go_vet(0, ""), go_vet(2, VET)),
        (go_coverage.GATE, go_test(PROFILE.replace(" 0\n", " 1\n")), go_test(PROFILE)),
        (rust_findings.GATE, clippy(ARTIFACT), clippy(ARTIFACT, DEAD)),
        (javascript_coverage.GATE, ran(v8()), ran(v8(1, 2, 3))),
        (
            javascript_findings.GATE,
            ran(syntax()),
            ran(syntax({"file": "a.js", "problem": {"line": 1, "message": "no"}})),
        ),
        (typescript_errors.GATE, tsc(0, LISTED), tsc(2, WRONG + LISTED)),
        (vulnerable_modules.GATE, ran({"asked": [[*OSV_BAD[:3], []]]}), ran({"asked": [OSV_BAD]})),
    )
}


def test_every_gate_with_a_tool_is_tried() -> None:
    # That of licences only tells whether there is any; tests/gates/test_licences.py has its values.
    assert {*RUNS, "licences"} == {gate.name for gate in OWN if gate.plan is not None}


@pytest.mark.parametrize("name", RUNS)
def test_each_keeps_the_contract(name: str) -> None:
    gate, passing, failing = RUNS[name]
    check_gate(gate, SUBJECT, passing=passing, failing=failing)


def test_there_are_seven_ways_to_say_nothing_and_seven_to_measure_nothing() -> None:
    assert len(silent_runs(ran([]))) == 7
    assert len(ways_of_not_measured(LINT, SUBJECT, CLEAN)) == 7


def always_clean(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    return Reading(0.0, 1, "clean")


LINT, CLEAN, DIRTY = RUNS["lint"]


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (lambda gate: check_states(gate, SUBJECT, passing=CLEAN, failing=DIRTY), "pass in place of fail"),
        (lambda gate: check_unmeasured(gate, SUBJECT, CLEAN), "takes nothing at all for pass"),
        (lambda gate: check_plan(replace(gate, plan=None), SUBJECT), "does not say what to run"),
        (lambda gate: check_plan(replace(gate, counts=""), SUBJECT), "does not say what it counts"),
        (lambda gate: check_plan(gate, Subject()), "runs nothing although"),
        (lambda gate: check_ways(gate, SUBJECT, CLEAN), "lint, a stale report: pass"),
    ],
)
def test_a_gate_that_does_not_is_found(check: Callable[[Gate], None], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check(replace(LINT, read=always_clean))


def test_a_verdict_is_by_the_gates_own_threshold() -> None:
    assert verdict_of(replace(LINT, threshold=5.0), SUBJECT, DIRTY).passed
