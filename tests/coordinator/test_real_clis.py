"""The real gemini, claude and codex binaries through whole sessions, against the rehearsal's model server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.decisions import Action
from orchestrator.models.entries import AgentOutput, Command, UserCommand
from orchestrator.models.events import ToolCalled

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from orchestrator.coordinator.session_request import SessionResult
    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.coordinator.conftest import Stage

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def real(stage: Stage) -> Stage:
    stage.stand_ins = False
    return stage


def all_were_real(result: SessionResult) -> None:
    assert [found.name for found in result.state.found if found.usable and not found.stand_in] == [
        found.name for found in result.state.found
    ]


async def test_a_plain_task_is_designed_implemented_and_reviewed(real: Stage) -> None:
    result = await real.run("plain")
    all_were_real(result)
    assert result.exit_code is ExitCode.DONE
    assert {worker.agent for worker in result.state.workers.values()} == {"gemini", "claude", "codex"}


async def test_the_default_rehearsal_writes_files_and_survives_an_injected_error(real: Stage) -> None:
    result = await real.run("default")
    all_were_real(result)
    assert result.exit_code is ExitCode.DONE
    tools = {
        event.payload.tool
        for entry in real.journal(result)
        if isinstance(entry.body, AgentOutput)
        for event in entry.body.events
        if isinstance(event.payload, ToolCalled)
    }
    assert len(tools) >= 3
    assert [decision.action for decision in result.state.assessment.decisions] == [Action.LOG_WARNING, Action.CONTINUE]
    report = (result.folder / "report.md").read_text()
    for told in ("LOG_WARNING", "gemini-outside-workspace", "empty pid namespace"):
        assert told in report


@pytest.mark.parametrize(
    ("scenario", "rule", "flag"),
    [
        pytest.param("gemini-path", "gemini-outside-workspace", "--include-directories", id="gemini path"),
        pytest.param("codex-trust", "codex-untrusted-directory", "--skip-git-repo-check", id="codex trust"),
    ],
)
async def test_a_known_error_is_recovered_by_relaunching_with_the_flag(
    real: Stage, scenario: str, rule: str, flag: str
) -> None:
    result = await real.run(scenario)
    all_were_real(result)
    assert result.exit_code is ExitCode.DONE
    action = real.recoveries(result)[rule]
    assert flag in action.argv_after
    assert flag not in action.argv_before
    assert flag in (result.folder / "report.md").read_text()


async def test_claude_that_refuses_root_is_recovered(real: Stage, not_proven: Callable[[str], NoReturn]) -> None:
    if os.geteuid() != 0:
        not_proven("claude refuses root, and this is not root")
    result = await real.run("claude-root")
    all_were_real(result)
    assert result.exit_code is ExitCode.DONE
    assert real.recoveries(result)["claude-root-refused"].env_added == ("IS_SANDBOX",)


async def test_a_usage_limit_is_told_and_needs_a_person(real: Stage) -> None:
    result = await real.run("usage-limit")
    all_were_real(result)
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert "limit is reached" in (result.folder / "report.md").read_text()


async def test_a_blocker_stops_the_crew(real: Stage) -> None:
    result = await real.run("blocker")
    all_were_real(result)
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert result.state.assessment.decisions[-1].action is Action.STOP_AND_ESCALATE
    assert "STOP_AND_ESCALATE" in (result.folder / "report.md").read_text().replace("\\", "")


async def test_a_pause_is_answered_and_the_conversation_goes_on(real: Stage) -> None:
    answered = False

    def answer(session: Session, entry: JournalEntry) -> None:
        nonlocal answered
        if session.approvals.questions and not answered:
            answered = True
            folder = SessionFolder(session.options.session_dir)
            drop_command(folder, UserCommand(Command.ANSWER, by="test", text="keep it for 14 days"))

    real.watch = answer
    result = await real.run("pause", interactive=True)
    all_were_real(result)
    assert result.exit_code is ExitCode.DONE
    again = next(worker for worker in result.state.workers.values() if worker.attempt == 2)
    assert result.state.details[again.id].current.conversation_asked == again.conversation
    assert Action.PAUSE_AND_CLARIFY in [decision.action for decision in result.state.assessment.decisions]
