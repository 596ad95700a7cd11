"""Errors that relaunching does not cure, or must not: met by whole sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import StartWorker
from orchestrator.models.entries import EffectIntended
from orchestrator.models.identity import AgentName
from orchestrator.models.recovery import Escalate, Relaunch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.coordinator.session_request import SessionResult
    from orchestrator.models.work import Assignment
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow


def launches(stage: Stage, result: SessionResult) -> Sequence[Assignment]:
    """What every attempt of every worker was started with, in order."""
    effects = [entry.body.effect for entry in stage.journal(result) if isinstance(entry.body, EffectIntended)]
    return [effect.assignment for effect in effects if isinstance(effect, StartWorker)]


async def test_an_error_that_comes_again_after_its_cure_goes_to_a_person(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import os
        out(b"--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons\\n", to=2)
        os._exit(1)
        """
    )
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert "the same error came again after it was answered once" in result.reason
    assert [type(action.remedy) for action in result.state.recoveries] == [Relaunch, Escalate]
    assert len(launches(stage, result)) == 2
    assert "look at the worker's raw log" in SessionFolder(result.folder).report_text_file.read_text()


async def test_relaunches_are_bounded_over_all_errors_together(stage: Stage) -> None:
    """Each attempt meets another known error, so that none is the same one again."""
    result = await stage.run_claude(
        """
        import os
        errors = [
            b"--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons",
            b"Bash: no approval surface",
        ]
        with open("tries", "a+") as file:
            file.write("x")
            file.seek(0)
            tries = len(file.read())
        out(errors[tries - 1] + b"\\n", to=2)
        os._exit(1)
        """,
        limits={"max_relaunches": 1},
    )
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert "relaunched 1 times, and 1 is the most" in result.reason
    assert len(launches(stage, result)) == 2


async def test_a_path_beyond_the_policy_is_asked_about_and_never_granted(stage: Stage) -> None:
    beyond = stage.root / "elsewhere" / "key.txt"
    beyond.parent.mkdir()
    beyond.write_text("not for agents\n")
    scenario = f"""
name = "beyond"
[[turn]]
role = "implementer"
[[turn.step]]
read = "{beyond}"
[[turn.step]]
say = "I could not read it."
"""
    result = await stage.run(scenario, agents=(AgentName("gemini"),))
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert "outside what the sandbox policy allows" in result.reason
    [only] = launches(stage, result)
    assert not any(beyond.is_relative_to(path) for path in (*only.readable, *only.writable))
    # Markdown's own signs are escaped in it.
    report = SessionFolder(result.folder).report_text_file.read_text().replace("\\", "")
    assert f'readable = ["{beyond.parent}"]' in report
