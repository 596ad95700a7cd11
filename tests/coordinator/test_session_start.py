from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NoReturn

import anyio
import pytest

from orchestrator.agents.registry import get_agent
from orchestrator.composition.team_choice import ProvenTeam, Team, TeamChoice
from orchestrator.coordinator import run_session
from orchestrator.coordinator.clocks import utc_now
from orchestrator.coordinator.session_start import (
    agents_of_team,
    check_request,
    chosen_team,
    environment_of_checks,
    own_tests,
    telling,
)
from orchestrator.errors import EnvironmentUnfit, ExitCode, InvalidFile, NoUsableAgent, UsageError
from orchestrator.journal.folder import create_session
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.sandbox.layers import open_layer
from orchestrator.sandbox.proof import prove_backend
from orchestrator.settings.user_places import state_folder
from orchestrator.store.derived_outcomes import outcome_of_journal
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coordinator.conftest import Stage


async def test_whoever_waits_long_is_told_how_far_it_has_come() -> None:
    told = anyio.Event()
    await telling(told.wait, told.set, every_s=0.01)
    assert told.is_set()


async def test_what_goes_wrong_while_one_waits_is_raised_as_it_is() -> None:
    async def fail() -> None:
        raise UsageError("it cannot be")

    with pytest.raises(UsageError, match="it cannot be"):
        await telling(fail, lambda: None, every_s=60.0)


def test_an_empty_task_is_refused_with_an_example(stage: Stage) -> None:
    with pytest.raises(UsageError, match="empty") as caught:
        check_request(stage.request("plain", task="  \n"))
    assert caught.value.hint is not None
    assert "orchestrate" in caught.value.hint


def test_a_cost_limit_is_refused_for_agents_that_tell_no_cost(stage: Stage) -> None:
    request = stage.request("plain", rehearsal=None, max_cost_usd=1.0)
    with pytest.raises(UsageError, match="--max-tokens"):
        check_request(request)
    check_request(replace(request, max_tokens=10_000))
    check_request(replace(request, agents=(AgentName("claude"),)))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda s: s.target.joinpath("notes.txt").unlink() or s.target.rmdir(), "not exist", id="missing"),
        pytest.param(
            lambda s: s.target.joinpath("notes.txt").unlink() or s.target.rmdir() or s.target.write_text(""),
            "not a folder",
            id="a file",
        ),
        pytest.param(lambda s: s.workspace.write_text(""), "workspace", id="workspace is a file"),
    ],
)
async def test_an_unfit_folder_is_refused_before_anything_is_made(
    stage: Stage, spoil: Callable[[Stage], None], says: str
) -> None:
    spoil(stage)
    with pytest.raises(EnvironmentUnfit, match=says):
        await run_session(stage.request("plain"), environ=stage.environ)
    assert not stage.workspace.is_dir()


async def test_what_came_of_a_session_is_in_the_users_log_as_its_journal_tells_it(stage: Stage) -> None:
    (stage.target / "test_it.py").write_text(
        "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"
    )
    state = str(stage.root / "state")
    stage.variables["XDG_STATE_HOME"] = state
    result = await stage.run("plain")
    (record,) = OutcomeLog(state_folder({"XDG_STATE_HOME": state})).read()
    assert isinstance(record.body, SessionEnded)
    assert record.body.outcome == outcome_of_journal(stage.journal(result))
    assert (record.body.outcome.result, record.body.outcome.rehearsal) == ("success", True), record.body.outcome
    assert record.body.outcome.quality_score == 100.0


def test_a_proven_team_is_made_of_its_own_clis_and_only_in_their_versions(stage: Stage) -> None:
    versions = ((AgentName("claude"), "2.1.329"),)
    proven = ProvenTeam(Team.SOLO, "proven here", "testing_1", versions)
    choice = TeamChoice(Team.SOLO, "proven here", by_name=False, reuses=proven)
    request = stage.request("plain", chosen_team=choice)
    same = [
        FoundAgent(AgentName("claude"), usable=True, version="2.1.329"),
        FoundAgent(AgentName("codex"), usable=True),
    ]
    assert chosen_team(request, same) == choice
    assert agents_of_team(request, same) == ("claude",)
    newer = [FoundAgent(AgentName("claude"), usable=True, version="2.2.0")]
    fallen = chosen_team(request, newer)
    assert fallen is not None
    assert (fallen.team, fallen.reuses) == (Team.CHANGE, None)
    assert "which is 2.2.0 now" in fallen.because
    assert chosen_team(replace(request, chosen_team=None), newer) is None


async def test_a_malformed_scenario_is_refused_and_leaves_no_session(stage: Stage) -> None:
    with pytest.raises(InvalidFile) as caught:
        await run_session(stage.request('name = "x"\n[[turn]]\nagnet = "claude"\n'), environ=stage.environ)
    assert caught.value.line == 3
    assert [path for path in stage.workspace.iterdir() if path.is_dir()] == []


def test_the_targets_own_tests_see_no_login(stage: Stage) -> None:
    options = SessionOptions(
        task="t",
        target=stage.target,
        session_dir=stage.root,
        agents=(),
        policy=STANDARD,
        sandbox=SandboxConfig(name="default"),
        sandbox_backend="none",
        templates={},
    )
    seen = environment_of_checks(options, {"PATH": "/bin", "HOME": "/h", "ANTHROPIC_API_KEY": "x", "GITHUB_TOKEN": "y"})
    assert seen == {"PATH": "/bin", "HOME": "/h"}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
async def test_the_targets_own_tests_stand_in_a_sandbox_and_write_nothing(
    stage: Stage, backend: Literal["bubblewrap", "landlock"], not_proven: Callable[[str], NoReturn]
) -> None:
    config = SandboxConfig(name="p", backend=backend, network="allow-list")
    if not prove_backend(config, os.environ).works:
        not_proven(f"{backend} does not work here")
    folder = create_session(stage.workspace, utc_now(), "0000")
    (stage.root / "secret").write_text("canary")
    options = SessionOptions(
        task="t",
        target=stage.target,
        session_dir=folder.path,
        agents=(),
        policy=STANDARD,
        sandbox=config,
        sandbox_backend=backend,
        templates={},
    )
    made = f"echo x > {stage.target}/made && echo it could be written there"
    script = f"{made}; cat {stage.root}/secret; cat {folder.session_file}; echo x > {stage.root}/out"
    tests = own_tests(options, folder=folder, environ=os.environ)
    async with open_layer(stage.target, tests.bench) as layer:
        argv = layer.wrap(("sh", "-c", script.replace(str(stage.target), str(layer.at))))
        ran = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env={"PATH": os.defpath})
    assert "it could be written there" in ran.stdout, ran.stderr
    assert not (stage.target / "made").exists()
    assert not (stage.root / "out").exists()
    assert "canary" not in ran.stdout


@pytest.mark.slow
async def test_with_no_agent_at_all_nothing_is_made_and_the_exit_is_never_success(stage: Stage, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    environ = {**os.environ, "PATH": f"{empty}:/usr/bin:/bin", "HOME": str(tmp_path)}
    with pytest.raises(NoUsableAgent) as raised:
        await run_session(stage.request("plain", rehearsal=None), environ=environ)
    assert raised.value.exit_code is ExitCode.NEEDS_PERSON
    assert not list(stage.workspace.glob("*"))


@pytest.mark.slow
def test_agents_that_are_missing_or_not_logged_in_are_told_at_the_start_and_in_the_report(stage: Stage) -> None:
    line = stage.command_line("")
    programs = stage.root / "programs"
    (programs / "codex").write_text("#!/bin/sh\necho codex-cli 0.169.0\n")
    (programs / "codex").chmod(0o755)
    environ = {**stage.environ, "PATH": f"{programs}:/usr/bin:/bin"}
    for name in get_agent(AgentName("codex")).credential.environment:
        environ.pop(name, None)
    ran = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    [report] = stage.workspace.glob("*/report.md")
    for said in (ran.stderr, report.read_text()):
        assert "gemini is left out: not on PATH; install it with: npm install -g @google/gemini-cli" in said
        assert "codex is left out: not logged in: run codex login, or set CODEX_API_KEY" in said
        assert "one agent alone" in said
    assert "plan (tier 5): claude implements" in ran.stderr
    assert "- tier 5, " in report.read_text()


@pytest.mark.slow
async def test_when_one_agent_is_left_the_orchestrator_reviews_by_measuring(stage: Stage) -> None:
    result = await stage.run("plain", agents=(AgentName("claude"),))
    assert result.exit_code is ExitCode.DONE
    assert [step.role for step in result.state.steps()] == [Role.IMPLEMENTER]
    assert "1 files changed" in result.state.assessment.decisions[-1].reasons[0]
    answers = [answer for review in result.state.assessment.reviews.values() for answer in review.panel.values()]
    assert [answer.reviewer for answer in answers if answer] == ["orchestrator"]


GEMINI = ("tmp", "history", "projects.json")


@pytest.mark.slow
async def test_of_private_homes_a_finished_session_keeps_the_conversations_and_others_all(stage: Stage) -> None:
    done = await stage.run("plain")
    waiting = await stage.run("pause")
    kept = {path.relative_to(done.folder / "homes").parts[1:3] for path in (done.folder / "homes").glob("*/*/*")}
    assert kept <= {(".claude", "projects"), (".codex", "sessions"), *((".gemini", name) for name in GEMINI)}
    assert kept
    assert list((waiting.folder / "homes" / "claude").iterdir())
