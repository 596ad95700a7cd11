from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.vulnerable_dependencies import plan, read

SUBJECT = Subject(settings={"requirements.txt": "bad==1.0\ngood==2.0\n"}, osv_url="http://127.0.0.1:1/v1/query")
# As pip-audit 2.10.1 prints them.
BAD: dict[str, Any] = {
    "name": "bad",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": "very bad"}],
}
GOOD: dict[str, Any] = {"name": "good", "version": "2.0", "vulns": []}
SKIPPED = {"name": "good", "skip_reason": "Dependency not found on PyPI and could not be audited: good (2.0)"}


def seen(code: int, *rows: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({"dependencies": rows, "fixes": []}).encode(), b"no network\n"))


def test_vulnerabilities_count_with_the_version_that_mends_them() -> None:
    found = read(SUBJECT, seen(1, BAD, GOOD))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (1.0, 2)
    assert found.findings[0].message == "bad 1.0: very bad (mended in 2.0)"


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (seen(0, {**BAD, "vulns": []}, SKIPPED), "1 packages were passed over: good: Dependency not found"),
        (seen(0, GOOD), "looked at 1 of 2 packages"),
        (seen(1, {**BAD, "vulns": []}, GOOD), "ended with 1, which does not go with 0 findings"),
        (Evidence(ToolRun(1, b"", b"no network\n")), "got no answer: no network"),
        (Evidence(ToolRun(0, b"No known vulnerabilities found", b"")), "got no answer"),
    ],
)
def test_what_was_not_audited_whole_is_not_measured(evidence: Evidence, why: str) -> None:
    found = read(SUBJECT, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_only_plain_pins_are_asked_for_and_nothing_is_resolved() -> None:
    command = plan(SUBJECT)
    assert isinstance(command, Command)
    assert command.files == ("bad==1.0", "good==2.0")
    assert {"--no-deps", "--disable-pip", SUBJECT.osv_url} <= set(command.argv)
    assert command.needs_network


@pytest.mark.parametrize(("text", "why"), [("", "names no package"), ("flask>=2\n", "versions of flask are not known")])
def test_without_known_versions_there_is_nothing_to_ask(text: str, why: str) -> None:
    found = plan(Subject(settings={"requirements.txt": text}))
    assert isinstance(found, Unmeasured)
    assert why in found.reason
