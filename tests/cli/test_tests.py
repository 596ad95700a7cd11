from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "package.json").write_text(json.dumps({"scripts": {"test": "mocha && cypress run"}}))
    return made


def test_suites_are_shown_and_nothing_is_run(orchestrate: Callable[..., Any], project: Path) -> None:
    before = sorted(project.rglob("*"))
    ran = orchestrate("tests", "--target", str(project))
    assert ran.code == 0
    assert "mocha\n  found in  package.json: scripts.test\n  runs      mocha\n" in ran.out
    assert "  cypress run (package.json: scripts.test): it drives a browser or a device" in ran.out
    assert sorted(project.rglob("*")) == before


def test_the_same_as_json(orchestrate: Callable[..., Any], project: Path) -> None:
    found = json.loads(orchestrate("tests", "--target", str(project), "--json").out)
    assert [(suite["runner"], suite["folder"], suite["report"]) for suite in found["suites"]] == [
        ("mocha", ".", "JUnit XML")
    ]
    assert found["not_run"][0]["what"] == "cypress run"


def test_a_folder_without_tests_says_so(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    assert orchestrate("tests", "--target", str(tmp_path)).out == "no test suite was found\n"


def test_the_projects_own_statement_is_named(orchestrate: Callable[..., Any], project: Path) -> None:
    (project / ".orchestrator").mkdir()
    (project / ".orchestrator/settings.toml").write_text('[tests]\ncommands = ["prove -r t"]\n')
    assert "the project's own statement" in orchestrate("tests", "--target", str(project)).out


def test_settings_that_are_wrong_are_bad_usage(orchestrate: Callable[..., Any], project: Path) -> None:
    (project / ".orchestrator").mkdir()
    (project / ".orchestrator/settings.toml").write_text("[tests]\ncommands = 3\n")
    ran = orchestrate("tests", "--target", str(project))
    assert ran.code == 2
    assert "must be a list of commands" in ran.err


def test_names_that_steer_a_terminal_are_shown_without_doing_so(orchestrate: Callable[..., Any], project: Path) -> None:
    (project / "package.json").write_text(json.dumps({"scripts": {"test": "mocha \x1b]52;c;eA==\x07 'a\nnot run:'"}}))
    out = orchestrate("tests", "--target", str(project)).out
    assert "\x1b" not in out
    assert "\nnot run:" not in out


def test_a_target_that_is_not_there_is_bad_usage(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    assert orchestrate("tests", "--target", str(tmp_path / "gone")).code == 2
