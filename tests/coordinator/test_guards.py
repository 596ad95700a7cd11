"""Commands that wait for consent, in whole sessions: the CLI's shell tool, the guard, the desk, a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator.session_request import SessionResult
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, GuardAsked, JournalEntry, UserCommand
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import Backend, SandboxConfig
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy, with_approvals
from orchestrator.sandbox.landlock_profile import why_not
from orchestrator.session.state import Session
from tests.coordinator.conftest import Stage
from tests.coordinator.leaving_stage import Repository, repository

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("git")]

PUSHES = '''
name = "pushes"

[[turn]]
role = "designer"

[[turn.step]]
say = "One file; then push it."

[[turn]]
role = "implementer"

[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }

[[turn.step]]
run = """cd {target} && git init -q
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
git push -q origin HEAD:main; echo code $? > code.txt"""

[[turn.step]]
say = "Pushed, if I was allowed to."
'''


def answering(stage: Stage, text: str) -> None:
    said: set[str] = set()

    def answer(session: Session, entry: JournalEntry) -> None:
        for question in session.approvals.questions:
            if question.id in session.approvals.guards and question.id not in said:
                said.add(question.id)
                command = UserCommand(Command.ANSWER, by="test", text=text, question=question.id)
                drop_command(SessionFolder(session.options.session_dir), command)

    stage.watch = answer


def pushing_to(far: Repository, name: str = "default") -> SandboxConfig:
    """The policy with a place that may be pushed to."""
    policy = load_sandbox_policy(name)
    leaving = replace(policy.leaving, push_url=f"file://{far.path}")
    return replace(policy, leaving=leaving)


@pytest.fixture
def far(tmp_path: Path) -> Repository:
    return repository(tmp_path.resolve() / "far.git", bare=True)


def was_pushed(far: Repository) -> bool:
    return far.at("main") is not None


def code_of(result: SessionResult) -> str:
    return (result.state.options.target / "code.txt").read_text().split()[1]


@pytest.mark.parametrize(("text", "code"), [("yes", "0"), ("no", "126")])
async def test_a_person_decides_about_a_push(stage: Stage, far: Repository, text: str, code: str) -> None:
    answering(stage, text)
    result = await stage.run(PUSHES, interactive=True, sandbox=pushing_to(far))
    assert code_of(result) == code
    assert was_pushed(far) is (text == "yes")
    assert result.outcome is Outcome.DONE
    assert result.state.approvals.answers == (("q1", text),)
    asked = [entry.body for entry in stage.journal(result) if isinstance(entry.body, GuardAsked)]
    assert [body.argv[:2] for body in asked if body.source == "executable"] == [("git", "push")]


async def test_a_push_that_nobody_answers_is_refused_when_its_time_is_up(stage: Stage, far: Repository) -> None:
    policy = replace(pushing_to(far), confirm_timeout_s=0.2)
    result = await stage.run(PUSHES, interactive=True, sandbox=policy)
    assert code_of(result) == "126"
    assert not was_pushed(far)
    assert any("nobody consented to `git push` within 0.2 s" in warning for warning in result.state.warnings)


async def test_without_a_person_a_push_is_refused_and_the_session_goes_on(stage: Stage, far: Repository) -> None:
    result = await stage.run(PUSHES, sandbox=pushing_to(far))
    assert code_of(result) == "126"
    assert not was_pushed(far)
    assert result.outcome is Outcome.DONE
    assert any("--approve 'git push'" in warning for warning in result.state.warnings)


async def test_consent_given_beforehand_lets_it_through(stage: Stage, far: Repository) -> None:
    result = await stage.run(PUSHES, sandbox=with_approvals(pushing_to(far), ["git push"]))
    assert code_of(result) == "0"
    assert was_pushed(far)
    assert result.outcome is Outcome.DONE


async def test_a_policy_that_names_no_place_lets_nothing_leave_and_says_which_setting_does(stage: Stage) -> None:
    result = await stage.run(PUSHES, sandbox=with_approvals(load_sandbox_policy("default"), ["git push"]))
    assert code_of(result) == "126"
    assert any("`leaving.push_url`" in warning for warning in result.state.warnings)


async def test_a_policy_without_guards_asks_nobody_and_the_worker_reaches_nothing(
    stage: Stage, far: Repository
) -> None:
    config = replace(pushing_to(far), guard=False)
    result = await stage.run(PUSHES.replace("origin", f"file://{far.path}"), sandbox=config)
    assert code_of(result) == "128"
    assert not was_pushed(far)


@pytest.mark.real
@pytest.mark.parametrize(
    ("agent", "sources"),
    [("claude", {"hook", "executable"}), ("gemini", {"hook", "executable"}), ("codex", {"executable"})],
)
@pytest.mark.parametrize(("text", "pushed"), [("yes", True), ("no", False)])
async def test_the_real_clis_wait_for_a_person(
    stage: Stage, far: Repository, agent: str, sources: set[str], text: str, pushed: bool
) -> None:
    stage.stand_ins = False
    answering(stage, text)
    result = await stage.run(PUSHES, interactive=True, agents=(AgentName(agent),), sandbox=pushing_to(far))
    asked = [entry.body for entry in stage.journal(result) if isinstance(entry.body, GuardAsked)]
    assert was_pushed(far) is pushed
    # The hook lets it pass: the guard in front of git can show exactly what would leave.
    assert {body.source for body in asked} == sources
    assert result.state.approvals.answers == (("q1", text),)


@pytest.mark.real
@pytest.mark.parametrize("backend", ["none", "landlock"])
@pytest.mark.parametrize("agent", ["claude", "gemini"])
async def test_where_no_guard_stands_in_front_of_git_a_clis_own_hook_still_asks(
    stage: Stage, far: Repository, agent: str, backend: Backend, not_proven: Callable[[str], NoReturn]
) -> None:
    if backend == "landlock" and (reason := why_not()) is not None:
        not_proven(reason)
    stage.stand_ins = False
    sandbox = replace(pushing_to(far, "open" if backend == "none" else "default"), backend=backend)
    result = await stage.run(PUSHES, agents=(AgentName(agent),), sandbox=sandbox)
    asked = [entry.body for entry in stage.journal(result) if isinstance(entry.body, GuardAsked)]
    assert {body.source for body in asked} == {"hook"}
    assert not was_pushed(far)
    assert any("nobody is there to ask" in warning for warning in result.state.warnings)
