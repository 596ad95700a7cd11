from __future__ import annotations

import json

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.vulnerable_modules import plan, read

FILES = {"go.mod": ["module shop", "go 1.21", "require example.org/bad v1.0.0"]}
SUBJECT = Subject(roots={"go": ("",)}, lines=lambda name: FILES.get(name, []), osv_url="http://127.0.0.1:1/v1/query")
BAD = ["Go", "example.org/bad", "1.0.0", [["GO-2026-1", "very bad"]]]


def seen(code: int, *rows: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({"asked": rows}).encode(), b"no network\n"))


def test_vulnerabilities_count() -> None:
    found = read(SUBJECT, seen(0, BAD))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (1.0, 1)
    assert (found.findings[0].rule, found.findings[0].message) == ("GO-2026-1", "example.org/bad 1.0.0: very bad")


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(0), "asked for 0 of 1 modules"),
        (seen(1, BAD), "asked for 1 of 1"),
        (seen(0, ["Go"]), "no answer: no network"),
        (Evidence(ToolRun(1, b"", b"no network\n")), "no answer: no network"),
    ],
)
def test_what_was_not_asked_for_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_a_project_whose_manifests_ask_for_nothing_is_measured_without_a_question() -> None:
    found = plan(Subject(roots={"go": ("",)}, lines=lambda _: ["module shop"]))
    assert found == Reading(0.0, 1, "1 manifests ask for no module", counts="manifests")
    assert isinstance(plan(Subject()), Unmeasured)
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert (command.files, command.needs_network) == (("Go\texample.org/bad\t1.0.0",), True)
