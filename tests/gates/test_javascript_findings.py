from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.javascript_findings import plan, read

PLAIN = Subject(roots={"javascript": ("",)}, text_files=("a.js", "package.json"))
MANIFEST = '{"devDependencies": {"eslint": "10"}}'
FILES = {"package.json": [MANIFEST], "web/a.js": ["/* eslint-disable */", "var y;"]}
LINTED = Subject(
    roots={"javascript": ("web",)},
    text_files=("dist/a.js", "web/a.js", "web/dist/a.js"),
    lines=lambda name: FILES.get(name.removeprefix("web/") if "json" in name else name, []),
)
# As ESLint 10.15.0 prints them, shortened.
ROW: dict[str, Any] = {"ruleId": "no-unused-vars", "message": "'y' is never used.", "line": 2}


def node(code: int = 0, **changes: object) -> Evidence:
    return Evidence(ToolRun(code, json.dumps({"files": 1, "problems": [], **changes}).encode(), b"why\n"))


def eslint(code: int, *messages: object, file: str = "a.js") -> Evidence:
    rows = [{"filePath": f"/there/web/{file}", "messages": messages}]
    runs = [{"code": code, "out": json.dumps(rows), "err": "last words"}]
    return Evidence(ToolRun(0, json.dumps({"rows": [{"folder": "web", "runs": runs}]}).encode(), b"", "/there"))


def test_without_eslint_node_says_what_it_cannot_parse() -> None:
    problem = {"file": "a.js", "problem": {"line": 3, "message": "SyntaxError: no"}}
    found = read(PLAIN, node(problems=[problem]))
    assert isinstance(found, Reading)
    assert (found.value, found.counted, found.findings[0].line) == (1.0, 1, 3)
    command = plan(PLAIN)
    assert isinstance(command, Command)
    assert command.files == ("a.js",)


def test_eslint_is_run_where_the_project_names_it_and_no_comment_turns_it_off() -> None:
    found = read(LINTED, eslint(1, ROW))
    assert isinstance(found, Reading)
    assert [(row.file, row.rule) for row in found.findings] == [("web/a.js", "no-unused-vars")]
    assert [(row.asks, row.hides) for row in found.suppressions] == [("/* eslint-disable", 1)]
    command = plan(LINTED)
    assert isinstance(command, Command)
    assert (command.tool, command.runs_project) == ("eslint", True)
    assert "--no-inline-config" in command.argv[-1]


@pytest.mark.parametrize(
    ("subject", "evidence", "why"),
    [
        (PLAIN, node(files=0), "only 0 of 1 files"),
        (PLAIN, node(1), "only 1 of 1"),
        (PLAIN, Evidence(ToolRun(1, b"", b"no node\n")), "cannot be read: no node"),
        (LINTED, eslint(0, ROW), "ended with 0, which does not go with 1 findings"),
        (LINTED, eslint(2), "ended with 2"),
        (LINTED, Evidence(ToolRun(0, b'{"rows": []}', b"")), "only 0 of 1 folders"),
        (LINTED, eslint(0, file="dist/a.js"), "passed 1 of 1 files over: web/a.js"),
        (LINTED, eslint(1, ROW, file="b.js"), "passed 1 of 1 files over: web/a.js"),
    ],
)
def test_a_tool_that_did_not_look_is_not_measured(subject: Subject, evidence: Evidence, why: str) -> None:
    found = read(subject, evidence)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


def test_what_tools_made_and_what_is_ignored_does_not_count() -> None:
    rows = [{"filePath": f"/there/web/{file}", "messages": [ROW]} for file in ("a.js", "dist/a.js", ".cache/a.js")]
    runs = [{"code": 1, "out": json.dumps(rows), "err": ""}]
    told = json.dumps({"rows": [{"folder": "web", "runs": runs}]}).encode()
    found = read(LINTED, Evidence(ToolRun(0, told, b"", "/there")))
    assert isinstance(found, Reading)
    assert (found.value, found.counted, [row.file for row in found.findings]) == (1.0, 1, ["web/a.js"])


@pytest.mark.parametrize(
    ("name", "counts"),
    [("a.js", True), ("src/dist/a.js", True), ("dist/src/a.js", False), ("a.min.js", False), ("out/a.cjs", False)],
)
def test_what_tools_made_is_known_by_its_place(name: str, counts: bool) -> None:
    command = plan(Subject(roots={"javascript": ("",)}, text_files=(name, "b.js")))
    assert isinstance(command, Command)
    assert (name in command.files) is counts


def test_without_javascript_there_is_nothing_to_check() -> None:
    assert isinstance(plan(Subject()), Unmeasured)
