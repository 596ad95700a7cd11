"""The subcommands that read or command a session, on sessions told by the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.journal.control import read_commands
from orchestrator.journal.locking import hold_session_lock
from orchestrator.models import entries, events
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.events import EventType

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def asking(story: Story) -> None:
    """The session has an open question with suggestions."""
    story.started("gemini")
    denial = events.Denied("Path must be within one of the workspace directories: /etc")
    story.said("gemini", denial, type_=EventType.ERROR)
    assert story.session.questions


def dropped(story: Story) -> list[UserCommand]:
    return [found.command for found in read_commands(story.folder, 0) if found.command is not None]


def test_an_empty_workspace_is_no_error(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("sessions")

    assert ran.code == 0
    assert ran.out == ""
    assert "no session in" in ran.err


def test_commands_without_any_session_say_how_to_get_one(orchestrate: Callable[..., Any]) -> None:
    for name in ("show", "logs", "stop", "pause", "review", "resume", "replay"):
        ran = orchestrate(name)
        assert ran.code == 1, name
        assert "there is no session" in ran.err
        assert "hint: " in ran.err


def test_a_session_without_a_coordinator_is_listed_as_lost(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    ran = orchestrate("sessions")

    assert f"lost its coordinator (orchestrate resume {story.folder.id})" in ran.out
    assert "Add input validation" in ran.out


def test_a_running_session_is_listed_with_its_pid(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("sessions", "--json")

    (row,) = json.loads(ran.out)
    assert row["standing"].startswith("running (pid ")


def test_a_closed_session_is_listed_with_its_outcome(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.take(entries.SessionClosed(Outcome.NEEDS_PERSON, "two concerns"))
    story.write()

    assert "needs a person" in orchestrate("sessions").out


def test_show_as_json_is_one_document(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    document = json.loads(orchestrate("show", "--json").out)

    assert document["id"] == story.folder.id
    assert [worker["id"] for worker in document["workers"]] == ["gemini", "claude", "codex"]


def test_logs_of_one_agent_leave_the_others_out(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.started("gemini")
    story.said("gemini", events.Said("I look around"))
    story.write()

    assert "I look around" in orchestrate("logs", "gemini").out
    assert "I look around" not in orchestrate("logs", "claude").out
    assert "plan (tier 1)" in orchestrate("logs").out


def test_raw_logs_are_the_agents_bytes_and_say_so(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    (story.folder.path / "claude.jsonl").write_bytes(b'{"a": 1}\nnot json\n')

    ran = orchestrate("logs", "--raw", "claude")

    assert ran.out == '{"a": 1}\nnot json\n'
    assert "unredacted" in ran.err


def test_raw_logs_of_nobody_name_those_there_are(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    (story.folder.path / "claude.jsonl").write_bytes(b"")

    for arguments in (("logs", "--raw"), ("logs", "--raw", "../../etc/passwd")):
        ran = orchestrate(*arguments)
        assert ran.code == 2
        assert "raw output is there of: claude" in ran.err


def test_replay_derives_a_session_again(story: Story, orchestrate: Callable[..., Any]) -> None:
    asking(story)
    story.write()

    ran = orchestrate("replay")

    assert ran.code == 0, ran.err
    assert f"{len(story.entries)} entries" in ran.out
    assert "all the same" in ran.out


def test_replay_ends_with_1_at_the_first_difference(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    text = story.folder.journal_file.read_text()
    story.folder.journal_file.write_text(text.replace('"tier":1', '"tier":2'))

    ran = orchestrate("replay")

    assert ran.code == 1
    assert "differs" in ran.err
    assert "Traceback" not in ran.err


def test_stop_and_pause_need_a_running_session(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    for name in ("stop", "pause", "review"):
        ran = orchestrate(name)
        assert ran.code == 1, name
        assert "running" in ran.err


def test_stopping_what_has_ended_is_no_error(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.take(entries.SessionClosed(Outcome.DONE, "all well"))
    story.write()

    ran = orchestrate("stop", "--session", story.folder.id)

    assert ran.code == 0
    assert "done" in ran.out


def test_pause_and_review_drop_their_commands(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("pause", "gemini").code == 0
        assert orchestrate("review", "look at the tests", "--worker", "gemini").code == 0
        assert orchestrate("resume").code == 0

    assert [(c.command, c.worker, c.text) for c in dropped(story)] == [
        (Command.PAUSE, "gemini", ""),
        (Command.REVIEW, "gemini", "look at the tests"),
        (Command.RESUME, None, ""),
    ]


def test_a_worker_that_is_not_there_is_refused_with_those_that_are(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("pause", "aider")

    assert ran.code == 1
    assert "its workers: gemini, claude, codex" in ran.err
    assert dropped(story) == []


def test_an_answer_may_be_the_number_of_a_suggestion(story: Story, orchestrate: Callable[..., Any]) -> None:
    asking(story)
    story.write()

    with hold_session_lock(story.folder):
        assert orchestrate("answer", "2").code == 0

    (command,) = dropped(story)
    assert command.command is Command.ANSWER
    assert command.question == "q1"
    assert command.text == story.session.questions[0].suggestions[1]


def test_an_answer_without_a_question_is_refused(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    with hold_session_lock(story.folder):
        ran = orchestrate("answer", "yes")

    assert ran.code == 1
    assert "no open question" in ran.err
    assert dropped(story) == []


def test_an_answer_to_a_session_nobody_runs_points_to_resume(story: Story, orchestrate: Callable[..., Any]) -> None:
    asking(story)
    story.write()

    ran = orchestrate("answer", "yes")

    assert ran.code == 1
    assert f"orchestrate resume {story.folder.id} --answer" in ran.err


def test_stop_waits_for_the_end(story: Story, orchestrate: Callable[..., Any]) -> None:
    """A stand-in for the coordinator closes the session when the command has come."""
    story.write()

    def close_when_told() -> None:
        with hold_session_lock(story.folder):
            holding.set()
            while not dropped(story):
                done.wait(0.01)
            story.take(entries.SessionClosed(Outcome.INTERRUPTED, "stopped"))
            story.folder.journal_file.unlink()
            story.write()
            done.wait(10)

    holding, done = threading.Event(), threading.Event()
    coordinator = threading.Thread(target=close_when_told)
    coordinator.start()
    try:
        assert holding.wait(10)
        ran = orchestrate("stop", "--wait", "10s")
    finally:
        done.set()
        coordinator.join()

    assert ran.code == 0, ran.err
    assert "has ended" in ran.out


def test_policies_and_scenarios_are_listed(orchestrate: Callable[..., Any]) -> None:
    policies = orchestrate("policies").out
    assert "STOP_AND_ESCALATE" in policies
    assert "open" in policies

    assert "default" in orchestrate("scenarios").out
    assert "[[turn]]" in orchestrate("scenarios", "--show", "default").out
    assert orchestrate("scenarios", "--show", "no-such").code == 2


def test_a_damaged_journal_is_said_with_the_entry(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    with Path(story.folder.journal_file).open("a") as file:
        file.write("not an entry\n")

    for name in ("show", "replay", "logs"):
        ran = orchestrate(name)
        assert ran.code == 1, name
        assert "is damaged" in ran.err
        assert "Traceback" not in ran.err
