from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TEAM = """
description = "Two look, one mends."
[plan]
strategy = "sequential"
[[plan.children]]
strategy = "parallel"
children = [{ template = "security_auditor" }, { template = "code_reviewer" }]
[[plan.children]]
id = "mender"
access = "write"
instructions = "Mend what was found."
"""


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "config" / "orchestrate" / "teams"
    folder.mkdir(parents=True)
    (folder / "mend.toml").write_text(TEAM)
    return folder / "mend.toml"


def test_built_in_teams_and_ones_own_are_listed(orchestrate: Callable[..., Any], own: Path) -> None:
    listed = orchestrate("teams").out
    assert "change " in listed
    assert f"Two look, one mends. ({own})" in listed
    names = [team["name"] for team in json.loads(orchestrate("teams", "list", "--json").out)["teams"]]
    assert names == ["change", "solo", "answer", "mend"]


@pytest.mark.usefixtures("own")
def test_one_is_shown_as_a_tree(orchestrate: Callable[..., Any]) -> None:
    shown = orchestrate("teams", "show", "mend").out
    assert "│  ├─ 1.1.1 security_auditor (Security Auditor), reads; PREMIUM" in shown
    assert "└─ 1.2 mender, writes in the target; any agent" in shown
    tree = json.loads(orchestrate("teams", "show", "mend", "--json").out)["tree"]
    assert [child["path"] for child in tree["children"]] == ["1.1", "1.2"]


def test_a_file_is_checked(orchestrate: Callable[..., Any], own: Path, tmp_path: Path) -> None:
    assert "right; mend, 3 agents, mender may write in the target" in orchestrate("teams", "check", str(own)).out
    bad = tmp_path / "bad.toml"
    bad.write_text('[plan]\nstrategy = "teaching"\nchildren = [{ template = "code_reviewer" }]\n')
    ran = orchestrate("teams", "check", str(bad))
    assert (ran.code, "exactly 2 agents" in ran.err) == (2, True)


@pytest.mark.usefixtures("own")
def test_a_team_that_is_not_there_is_said_with_those_that_are(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("teams", "show", "mendd")
    assert (ran.code, "there are auto, change, solo, answer, mend" in ran.err) == (2, True)
    ran = orchestrate("run", "--team", "mendd", "Mend it")
    assert (ran.code, "there are auto, change, solo, answer, mend" in ran.err) == (2, True)


@pytest.mark.usefixtures("own")
def test_a_plan_shows_the_tree_and_its_bounds(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    target = tmp_path / "project"
    target.mkdir()
    args = ("plan", "Mend it", "--team", "mend", "--target", str(target), "--max-parallel", "2")
    shown = orchestrate(*args).out
    assert "team       mend, as asked (--team)" in shown
    assert "1.1.2 code_reviewer" in shown
    assert "mender, writes in the target; claude; " in shown, "whoever is best at changes writes"
    assert "2 agents at work at once, 32 in all" in shown
    tree = json.loads(orchestrate(*args, "--json").out)["tree"]
    assert (tree["strategy"], tree["children"][1]["agent"]) == ("sequential", "claude")
    ran = orchestrate(*args, "--no-change")
    assert (ran.code, "agents of the team mend write" in ran.err) == (2, True)


@pytest.mark.slow
def test_a_team_from_a_file_runs_from_its_first_line_to_its_report(tmp_path: Path) -> None:
    for folder in ("target", "config/orchestrate/teams"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "target" / "a.py").write_text("x = 1\n")
    (tmp_path / "mend.toml").write_text(TEAM)
    environ = {**os.environ, "ORCHESTRATOR_WORKSPACE": str(tmp_path / "workspace")}

    def orchestrate(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "orchestrator", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)

    team, target = str(tmp_path / "mend.toml"), str(tmp_path / "target")
    shown = ("--json", "--no-interactive", "--no-dashboard")
    ran = orchestrate("run", "Mend it", "--team", team, "--target", target, "--stand-ins", *shown)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.splitlines()[0] == "team mend, as asked (--team)"
    (session,) = (path for path in (tmp_path / "workspace").iterdir() if (path / "report.json").exists())
    report = json.loads((session / "report.json").read_text())
    assert report["result"]["success"]
    assert [output["agent_id"] for output in report["result"]["outputs"]] == [
        "security_auditor",
        "code_reviewer",
        "mender",
    ]
    assert [worker["id"] for worker in report["workers"]][-1] == "reviewer", "who wrote nothing reviews"
    assert "## What the plan came to" in (session / "report.md").read_text()
    assert "the plan has come to its result: 3 of 3 agents did their part" in orchestrate("show").stdout
    assert orchestrate("replay").returncode == 0


GATED = """
[plan]
strategy = "sequential"
[[plan.children]]
id = "mender"
access = "write"
instructions = "Mend it."
[[plan.children]]
gates = ["tests", "coverage", "lint"]
thresholds = { coverage = 90, lint = 1 }
[[plan.children]]
gates = ["lint"]
"""
SUMS = '"""Sums."""\n\nimport re\n\n\ndef add(one: int, other: int) -> int:\n    return one + other\n'
TEST = "import unittest\n\nfrom pkg import add\n\n\nclass Sums(unittest.TestCase):\n    def test_add(self):\n"
TEST += "        self.assertEqual(add(1, 2), 3)\n"


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_the_gates_of_a_team_are_measured_and_one_that_fails_ends_it(tmp_path: Path) -> None:
    for folder in ("target/pkg", "target/tests"):
        (tmp_path / folder).mkdir(parents=True)
    files = {"target/pkg/__init__.py": SUMS, "target/tests/test_sums.py": TEST, "team.toml": GATED}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    environ = {**os.environ, "ORCHESTRATOR_WORKSPACE": str(tmp_path / "workspace")}
    words = ("run", "Mend it", "--team", str(tmp_path / "team.toml"), "--target", str(tmp_path / "target"))
    shown = ("--stand-ins", "--json", "--no-interactive", "--no-dashboard")
    command = [sys.executable, "-m", "orchestrator", *words, *shown]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=1_200, check=False)
    assert ran.returncode == 1, ran.stderr
    (report,) = (json.loads(path.read_text()) for path in (tmp_path / "workspace").glob("*/report.json"))
    found = [
        [(gate["name"], gate["state"], gate["actual"]) for gate in node["gates"]] for node in report["result"]["gates"]
    ]
    assert found == [
        [("tests", "pass", 0.0), ("coverage", "pass", 100.0), ("lint", "pass", 1.0)],
        [("lint", "fail", 1.0)],
    ]
