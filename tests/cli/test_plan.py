"""``orchestrate plan`` shows what a run would do, and starts nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.recorded_outcomes import TeamMember
from orchestrator.settings.user_places import state_folder
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record
from tests.store.test_estimates import session

Call = Callable[..., Any]
TASK = "Fix the security bug in login"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "package.json").write_text(json.dumps({"scripts": {"test": "mocha"}}))
    return made


@pytest.fixture
def clis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts CLIs on PATH that leave a trace when they are started."""

    def place(*names: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in names:
            program = folder / AGENTS[name].executable  # type: ignore[index]  # a NewType of str
            program.write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/started\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return tmp_path / "started"

    return place


@pytest.fixture
def plan(orchestrate: Call, project: Path) -> Call:
    return lambda *words: orchestrate("plan", *words, "--target", str(project))


def test_the_tree_says_who_does_what_and_nothing_is_started(
    plan: Call, clis: Callable[..., Path], project: Path, workspace: Path
) -> None:
    started = clis(*TEAM)
    before = sorted(os.walk(project))
    shown = plan(TASK, "--model", "claude=opus", "--timeout", "30m")
    assert shown.code == 0, shown.err
    assert shown.out.startswith(
        'team       change: it asks for a change ("fix"); otherwise --team solo or --team answer\n'
    )
    for line in (
        'read as    security (by "security")',
        "├─ 1       gemini designs the change, reads; Gemini CLI, not probed, its own model",
        "├─ 2       claude makes the change, writes in the target; Claude Code, not probed, model opus",
        "└─ 3       codex reviews the change, reads; ",
        "gates      tests: mocha, in . (found in package.json: scripts.test)",
        "budgets    no --max-cost, no --max-tokens, 30 min in all",
        "estimates  tokens, cost and time unknown",
    ):
        assert line in shown.out
    assert not started.exists()
    assert sorted(os.walk(project)) == before
    assert not list(workspace.iterdir())


@pytest.mark.parametrize(
    ("words", "team", "roles"),
    [
        pytest.param((TASK,), "change", ["designer", "implementer", "reviewer"], id="a change"),
        pytest.param(("Why does it fail?",), "answer", ["analyst"], id="a question"),
        pytest.param((TASK, "--no-change"), "answer", ["analyst"], id="by the older name"),
        pytest.param((TASK, "--team", "solo"), "solo", ["implementer", "reviewer"], id="solo"),
        pytest.param((TASK, "--agents", "codex"), "solo", ["implementer"], id="one agent"),
    ],
)
def test_the_document_is_the_tree_of_the_team(
    plan: Call, clis: Callable[..., Path], words: Sequence[str], team: str, roles: Sequence[str]
) -> None:
    clis(*TEAM)
    document = json.loads(plan(*words, "--json").out)
    assert document["team"]["name"] == team
    tree = document["tree"]
    leaves = tree["children"] if tree["kind"] == "sequence" else [tree]
    assert [leaf["role"] for leaf in leaves] == roles
    writers = [leaf for leaf in leaves if leaf["access"] == "write"]
    assert len(writers) == (0 if team == "answer" else 1)
    assert document["estimates"]["tokens"] is None
    assert document["gates"][0]["suites"][0]["name"] == "mocha"


def test_versions_are_those_that_the_last_session_found(plan: Call, clis: Callable[..., Path], workspace: Path) -> None:
    clis("claude")
    folder = workspace / "20260101-101112-abcd"
    folder.mkdir()
    found = [{"name": "claude", "usable": False, "version": "2.1.329"}]
    (folder / "session.json").write_text(json.dumps({"opened_at": "2026-01-01T10:11:12+00:00", "found": found}))
    shown = plan(TASK).out
    assert "Claude Code 2.1.329 (probed 2026-01-01, could not be used then)" in shown
    assert "left out   codex: its CLI is not on PATH\n           gemini: its CLI is not on PATH\n" in shown


def test_without_any_cli_the_tree_is_there_and_what_is_missing_is_said(plan: Call, clis: Callable[..., Path]) -> None:
    clis()
    shown = plan(TASK)
    assert shown.code == 0
    assert shown.out.count(", not on PATH") == len(TEAM)
    assert "orchestrate doctor" in shown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param((), "there is no task", id="no task"),
        pytest.param((" ",), "the task is empty", id="an empty task"),
        pytest.param(("\u200b\ufeff\n",), "the task is empty", id="a task of nothing that is seen"),
        pytest.param((TASK, "--team", "nobody"), "nobody", id="no such team"),
        pytest.param((TASK, "--team", "solo", "--no-change"), "excludes", id="two teams"),
        pytest.param((TASK, "--agents", "nobody"), "unknown agent", id="no such agent"),
        pytest.param((TASK, "--policy", "nothing"), "unknown policy", id="no such policy"),
        pytest.param((TASK, "--max-cost", "2"), "cost", id="a limit that nobody can keep"),
    ],
)
def test_what_a_run_would_refuse_is_refused(plan: Call, words: Sequence[str], said: str) -> None:
    refused = plan(*words)
    assert refused.code == 2
    assert said in refused.err


def test_prompts_that_a_run_would_refuse_are_refused(plan: Call, tmp_path: Path) -> None:
    (tmp_path / "designer.md").write_text("{{ task }}")
    refused = plan(TASK, "--prompts", str(tmp_path))
    assert refused.code == 2
    assert "first line must be" in refused.err


def test_a_target_that_is_missing_is_refused(orchestrate: Call, tmp_path: Path) -> None:
    refused = orchestrate("plan", TASK, "--target", str(tmp_path / "nowhere"))
    assert refused.code == 2
    assert "does not exist" in refused.err


def test_a_team_is_shown_with_the_model_of_each_tier_and_with_too_small_a_limit(
    plan: Call, clis: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clis("claude")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    team = tmp_path / "team.toml"
    small = '{ id = "small", instructions = "Look", limits = { memory_mb = 100 } }'
    team.write_text(f'[plan]\nstrategy = "parallel"\nchildren = [{{ template = "security_auditor" }}, {small}]\n')
    shown = " ".join(plan(TASK, "--team", str(team)).out.split())
    assert "PREMIUM; Claude Code" in shown
    assert "model opus" in shown
    assert "small: memory_mb 100 is less than these need to start" in shown


def test_after_ten_sessions_of_a_team_there_is_an_estimate_and_one_of_solo_beside_it(
    plan: Call, clis: Callable[..., Path], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clis(*TEAM)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    log = OutcomeLog(state_folder(os.environ))

    def record(team: str, sessions: range, *agents: str) -> None:
        members = tuple(TeamMember(WorkerId(name), AgentName(name), "reviewer") for name in agents)
        for number in sessions:
            log.append(as_record(session(number, project=str(project), pattern="security", team=team, members=members)))

    record("change", range(9), *TEAM)
    record("solo", range(100, 110), "claude", "codex")
    estimates = json.loads(plan(TASK, "--json").out)["estimates"]
    assert (estimates["tokens"], estimates["sessions"]) == (None, 9)
    assert estimates["because"].startswith("unknown: 9 of the 10 sessions")
    assert estimates["solo"]["tokens"] == {"low": 101_100, "high": 109_900, "median": 105_500, "sessions": 10}
    record("change", range(9, 10), *TEAM)
    estimates = json.loads(plan(TASK, "--json").out)["estimates"]
    assert estimates["tokens"] == {"low": 1_100, "high": 9_900, "median": 5_500, "sessions": 10}
    shown = plan(TASK).out
    assert "estimates  tokens 1,100 to 9,900, mostly 5,500; cost $0.01" in shown
    assert "one agent alone: tokens 101,100 to 109,900" in shown
    alone = json.loads(plan(TASK, "--team", "solo", "--json").out)["estimates"]
    assert (alone["tokens"]["low"], alone["solo"]) == (101_100, None)
    # Of a question nothing was ever recorded.
    assert json.loads(plan("Why does it fail?", "--json").out)["estimates"]["sessions"] == 0


@pytest.mark.slow
def test_an_agent_may_read_the_task_and_decides_nothing(plan: Call) -> None:
    """By the stand-in of claude, whose script answers whatever fits the form."""
    words = (TASK, "--analyze-with", "claude", "--stand-ins")
    shown = " ".join(plan(*words).out.split())
    assert "proposed by claude: " in shown
    assert "nothing is decided by it; session " in shown
    document = json.loads(plan(*words, "--json").out)
    assert document["proposed"]["agent"] == "claude"
    assert document["team"] == json.loads(plan(TASK, "--json").out)["team"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--analyze-with", "nobody"), "unknown agent 'nobody'"),
        (("--analyze-with", ""), "unknown agent ''"),
        (("--rehearse",), "a plan starts nothing that could be rehearsed"),
    ],
)
def test_a_reader_that_cannot_be_meant_is_refused(plan: Call, words: Sequence[str], said: str) -> None:
    refused = plan(TASK, *words)
    assert refused.code == 2
    assert said in refused.err


def test_settings_that_would_end_a_run_end_the_plan(
    plan: Call, clis: Callable[..., Path], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clis(*TEAM)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (project / ".orchestrator").mkdir()
    (project / ".orchestrator" / "settings.toml").write_text("[budget]\nper_dya = 3\n")
    assert plan(TASK).code == 0, "nobody has consented to them"
    refused = plan(TASK, "--trust-project")
    assert refused.code == 2
    assert "did you mean 'per_day'" in refused.err
