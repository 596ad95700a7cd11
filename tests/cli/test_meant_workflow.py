from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.meant_workflow import arguments, meant_by, plan_words
from orchestrator.composition.workflow_choice import workflow_meant

TASK = "Raise test coverage to 85 %"


def options(**more: Any) -> dict[str, Any]:
    return {"target": Path("/shop"), "workspace": None, "team": None, "no_change": False, "as_json": False, **more}


@pytest.mark.parametrize(
    ("more", "meant"),
    [({}, True), ({"team": "auto"}, True), ({"team": "change"}, False), ({"no_change": True}, False)],
)
def test_a_workflow_is_meant_only_where_nobody_named_a_team(more: dict[str, Any], meant: bool) -> None:
    assert (meant_by(TASK, options(**more)) is not None) is meant


@pytest.mark.parametrize(
    ("task", "more", "words"),
    [
        ("Prepare for release", {}, ["--path", "/shop"]),
        ("Prepare for release", {"as_json": True}, ["--path", "/shop", "--json"]),
        ("Security deep dive", {"workspace": Path("/w")}, ["--path", "/shop"]),
        (TASK, {"workspace": Path("/w")}, ["--target", "85", "--project-root", "/shop", "--workspace", "/w"]),
    ],
)
def test_the_command_is_given_what_the_run_was(task: str, more: dict[str, Any], words: list[str]) -> None:
    meant = workflow_meant(task)
    assert meant is not None
    assert arguments(meant, options(**more)) == words


def test_the_workflow_runs_where_its_command_takes_all_that_was_said(
    orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    ran = orchestrate("Prepare for release", "--target", str(tmp_path / "none"))

    assert ran.code == 2
    assert "workflow release-prep: it asks for a workflow" in ran.err
    assert "path is no folder" in ran.err


def test_else_its_command_is_said_and_a_team_works_on_it(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    ran = orchestrate(TASK, "--target", str(tmp_path / "none"), "--max-tokens", "1k")

    assert ran.code == 2
    assert (
        "orchestrate test-coverage --target 85 does that, and takes no --max-tokens; so a team works on it" in ran.err
    )


def test_the_plan_says_which_workflow_a_run_would_be(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    target = ("--target", str(tmp_path / "shop"))

    assert "workflow   orchestrate test-coverage --target 85" in orchestrate("plan", TASK, *target).out
    assert json.loads(orchestrate("plan", TASK, *target, "--json").out)["workflow"].startswith("orchestrate test-cov")
    assert json.loads(orchestrate("plan", TASK, *target, "--team", "solo", "--json").out)["workflow"] is None
    assert plan_words("Fix the login", options()) == ""
