"""Commands that wait for consent, in whole sessions: the CLI's shell tool, the guard, the desk, a person."""

from __future__ import annotations

import shutil

import pytest

from orchestrator.coordinator.requests import SessionResult
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, GuardAsked, JournalEntry, UserCommand
from orchestrator.models.identity import AgentName
from orchestrator.safety.policies import load_sandbox_policy, with_approvals
from orchestrator.session.state import Session
from tests.coordinator.conftest import Stage

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")]

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
run = """cd {target} && git init -q && git init -q --bare far.git
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
git push -q ./far.git HEAD:main; echo code $? > code.txt"""

[[turn.step]]
say = "Pushed, if I was allowed to."
'''


def answering(stage: Stage, text: str) -> None:
    said: set[str] = set()

    def answer(session: Session, entry: JournalEntry) -> None:
        for question in session.questions:
            if question.id in session.guards and question.id not in said:
                said.add(question.id)
                command = UserCommand(Command.ANSWER, by="test", text=text, question=question.id)
                drop_command(SessionFolder(session.options.session_dir), command)

    stage.watch = answer


def was_pushed(result: SessionResult) -> bool:
    return (result.state.options.target / "far.git" / "refs" / "heads" / "main").exists()


def code_of(result: SessionResult) -> str:
    return (result.state.options.target / "code.txt").read_text().split()[1]


@pytest.mark.parametrize(("text", "code"), [("yes", "0"), ("no", "126")])
async def test_a_person_decides_about_a_push(stage: Stage, text: str, code: str) -> None:
    answering(stage, text)
    result = await stage.run(PUSHES, interactive=True)
    assert code_of(result) == code
    assert was_pushed(result) is (text == "yes")
    assert result.outcome is Outcome.DONE
    assert result.state.answers == (("q1", text),)
    asked = [entry.body for entry in stage.journal(result) if isinstance(entry.body, GuardAsked)]
    assert [body.argv[:2] for body in asked if body.source == "executable"] == [("git", "push")]


async def test_without_a_person_a_push_is_refused_and_the_session_goes_on(stage: Stage) -> None:
    result = await stage.run(PUSHES)
    assert code_of(result) == "126"
    assert not was_pushed(result)
    assert result.outcome is Outcome.DONE
    assert any("--approve 'git push'" in warning for warning in result.state.warnings)


async def test_consent_given_beforehand_lets_it_through(stage: Stage) -> None:
    result = await stage.run(PUSHES, sandbox=with_approvals(load_sandbox_policy("default"), ["git push"]))
    assert was_pushed(result)
    assert result.outcome is Outcome.DONE


async def test_a_policy_without_guards_asks_nobody(stage: Stage) -> None:
    config = load_sandbox_policy("default").model_copy(update={"guard": False})
    result = await stage.run(PUSHES, sandbox=config)
    assert was_pushed(result)


@pytest.mark.real
@pytest.mark.parametrize(
    ("agent", "sources"),
    [("claude", {"hook", "executable"}), ("gemini", {"hook", "executable"}), ("codex", {"executable"})],
)
@pytest.mark.parametrize(("text", "pushed"), [("yes", True), ("no", False)])
async def test_the_real_clis_wait_for_a_person(
    stage: Stage, agent: str, sources: set[str], text: str, pushed: bool
) -> None:
    stage.stand_ins = False
    answering(stage, text)
    result = await stage.run(PUSHES, interactive=True, agents=(AgentName(agent),))
    asked = [entry.body for entry in stage.journal(result) if isinstance(entry.body, GuardAsked)]
    assert was_pushed(result) is pushed
    # A hook's no ends it before anything is started.
    assert {body.source for body in asked} == (sources if pushed or "hook" not in sources else {"hook"})
    assert result.state.answers == (("q1", text),)


@pytest.mark.real
async def test_without_a_sandbox_a_clis_own_hook_still_asks(stage: Stage) -> None:
    stage.stand_ins = False
    sandbox = load_sandbox_policy("open")
    result = await stage.run(PUSHES, agents=(AgentName("claude"),), sandbox=sandbox)
    asked = [entry.body for entry in stage.journal(result) if isinstance(entry.body, GuardAsked)]
    assert [body.source for body in asked] == ["hook"]
    assert not was_pushed(result)
