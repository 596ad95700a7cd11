from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.gate import Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.rust_findings import plan, read

SOURCE = ["#![allow(dead_code)]", "fn never() {}"]
FILES = {"src/lib.rs": SOURCE, "Cargo.toml": ["[lints.rust]", 'dead_code = "allow"']}
SUBJECT = Subject(roots={"rust": ("",)}, lines=lambda name: FILES.get(name, []))
# As cargo 1.95 prints them, shortened.
TARGET = {"manifest_path": "/w/copy-0/Cargo.toml", "target": {"kind": ["lib"], "name": "shop"}}
ARTIFACT = {"reason": "compiler-artifact", **TARGET}
DEAD: dict[str, Any] = {
    "reason": "compiler-message",
    **TARGET,
    "message": {
        "level": "warning",
        "message": "function `never` is never used",
        "code": {"code": "dead_code"},
        "spans": [{"file_name": "src/lib.rs", "line_start": 2, "is_primary": True}],
    },
}
COUNT = {**DEAD, "message": {**DEAD["message"], "message": "1 warning emitted", "spans": [], "code": None}}


def run_of(*rows: object, success: bool = True, code: int = 0) -> ToolRun:
    out = "\n".join(map(json.dumps, [*rows, {"reason": "build-finished", "success": success}]))
    told = {"rows": [{"folder": "", "code": code, "out": out, "err": "error: last words\n"}]}
    return ToolRun(0, json.dumps(told).encode(), b"", "/there")


def test_a_finding_of_two_targets_counts_once_and_what_allows_it_is_said() -> None:
    found = read(SUBJECT, Evidence(run_of(ARTIFACT, DEAD, DEAD, COUNT)))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (1.0, 1)
    assert [(row.file, row.line, row.rule) for row in found.findings] == [("src/lib.rs", 2, "dead_code")]
    assert [(row.asks, row.hides) for row in found.suppressions] == [
        ('dead_code = "allow"', 1),
        ("#![allow(dead_code)]", 1),
    ]


def test_a_crate_that_does_not_compile_fails_with_the_compilers_error() -> None:
    error = {**DEAD, "message": {**DEAD["message"], "level": "error"}}
    found = read(SUBJECT, Evidence(run_of(error, success=False, code=101)))
    assert isinstance(found, Reading)
    assert found.value == 1.0


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (run_of(success=False, code=101), "ended with 101: error: last words"),
        (run_of(ARTIFACT, code=1), "ended with 1"),
        (ToolRun(0, b'{"rows": [{"folder": "", "code": 0, "out": "", "err": ""}]}', b""), "ended with 0"),
        (ToolRun(0, b'{"rows": []}', b""), "only 0 of 1 folders"),
        (ToolRun(1, b"", b"no cargo\n"), "cannot be read: no cargo"),
    ],
)
def test_a_check_that_did_not_end_well_is_not_measured(run: ToolRun, why: str) -> None:
    found = read(SUBJECT, Evidence(run))
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_without_rust_there_is_nothing_to_check() -> None:
    assert isinstance(plan(Subject()), Unmeasured)
