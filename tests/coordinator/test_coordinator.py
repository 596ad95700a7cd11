from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.decisions import Action
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import AgentOutput, Command, UserCommand
from orchestrator.models.events import EventType, Reported, ToolCalled
from orchestrator.models.workers import WorkerStatus

if TYPE_CHECKING:
    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow


async def test_the_default_rehearsal_ends_done_with_a_concern_and_a_recovered_error(stage: Stage) -> None:
    result = await stage.run("default")
    assert (result.outcome, result.exit_code) == (Outcome.DONE, ExitCode.DONE)
    assert [decision.action for decision in result.state.assessment.decisions] == [Action.LOG_WARNING, Action.CONTINUE]
    assert "gemini-outside-workspace" in stage.recoveries(result)
    assert result.state.plan is not None
    assert result.state.plan.tier == 1
    assert list(stage.target.iterdir()) == [stage.target / "notes.txt"], "a rehearsal touches only its copy"
    changed = [worker for worker in result.state.details.values() if worker.current.work and worker.current.work.files]
    assert changed


async def test_raw_streams_are_kept_byte_for_byte_and_private(stage: Stage) -> None:
    result = await stage.run("plain")
    folder = SessionFolder(result.folder)
    for worker in result.state.workers.values():
        raw = folder.raw_stdout(worker.id)
        assert stat.S_IMODE(raw.stat().st_mode) == 0o600
        lines = raw.read_bytes().splitlines()
        assert lines
        assert all(isinstance(json.loads(line), dict) for line in lines)
        assert worker.exit is not None
        assert worker.exit.stdout_end == raw.stat().st_size
    assert stat.S_IMODE(result.folder.stat().st_mode) == 0o700


async def test_every_event_bears_the_bytes_it_came_from(stage: Stage) -> None:
    result = await stage.run("plain")
    folder = SessionFolder(result.folder)
    outputs = [e.body for e in stage.journal(result) if isinstance(e.body, AgentOutput) and e.body.stream == "stdout"]
    assert outputs
    for output in outputs:
        raw = folder.raw_stdout(output.worker).read_bytes()[output.start : output.end]
        assert raw.endswith(b"\n")
        assert isinstance(json.loads(raw), dict)


async def test_a_blocker_verdict_stops_the_crew(stage: Stage) -> None:
    result = await stage.run("blocker")
    assert (result.outcome, result.exit_code) == (Outcome.NEEDS_PERSON, ExitCode.NEEDS_PERSON)
    assert result.state.assessment.decisions[-1].action is Action.STOP_AND_ESCALATE
    assert (result.folder / "reviews" / "001-blocker.json").exists()


async def test_an_answer_from_outside_continues_the_conversation(stage: Stage) -> None:
    answered = False

    def answer(session: Session, entry: JournalEntry) -> None:
        nonlocal answered
        if session.approvals.questions and not answered:
            answered = True
            folder = SessionFolder(session.options.session_dir)
            drop_command(folder, UserCommand(Command.ANSWER, by="test", text="keep it for 14 days"))

    stage.watch = answer
    result = await stage.run("pause", interactive=True)
    assert result.outcome is Outcome.DONE
    assert result.state.approvals.answers == (("q1", "keep it for 14 days"),)
    claude = next(worker for worker in result.state.workers.values() if worker.attempt == 2)
    assert result.state.details[claude.id].current.conversation_asked == claude.conversation


async def test_claimed_success_without_work_is_never_reported_as_success(stage: Stage) -> None:
    result = await stage.run("no-work")
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert any(worker.status is WorkerStatus.UNPROVEN for worker in result.state.workers.values())


async def test_a_usage_limit_needs_a_person_and_says_so(stage: Stage) -> None:
    result = await stage.run("usage-limit")
    assert result.exit_code is ExitCode.NEEDS_PERSON
    assert "limit is reached" in result.reason


async def test_a_stop_from_outside_ends_everybody_cleanly(stage: Stage) -> None:
    def stop(session: Session, entry: JournalEntry) -> None:
        if isinstance(entry.body, AgentOutput) and any(isinstance(e.payload, ToolCalled) for e in entry.body.events):
            drop_command(SessionFolder(session.options.session_dir), UserCommand(Command.STOP, by="test"))

    stage.watch = stop
    result = await stage.run("plain")
    assert result.exit_code is ExitCode.INTERRUPTED
    assert "stopped by test" in result.reason


async def test_agents_report_their_own_events_through_the_file_they_are_given(stage: Stage) -> None:
    report = '{"type":"finding","payload":{"text":"the form has no test"}}'
    scenario = f"""
name = "events file"
[[turn]]
agent = "claude"
[[turn.step]]
run = '''printf '%s\\n' '{report}' >> "$ORCHESTRATOR_EVENTS"; echo changed > made.txt'''
[[turn.step]]
say = "done"
"""
    result = await stage.run(scenario)
    found = [
        event
        for entry in stage.journal(result)
        if isinstance(entry.body, AgentOutput) and entry.body.stream == "events"
        for event in entry.body.events
    ]
    assert [(event.type, event.payload) for event in found] == [(EventType.FINDING, Reported("the form has no test"))]
