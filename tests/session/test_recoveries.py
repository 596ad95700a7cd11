from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.models.effects import StartWorker, StopWorker
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.events import ConversationStarted, Denied, EventType, Failed, FailureKind
from orchestrator.models.facts import PersonAsked, RecoveryChosen
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.options import Rehearsal
from orchestrator.models.workers import WorkerStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

TRUST = "Not inside a trusted directory and --skip-git-repo-check was not specified."
CLAUDE, CODEX, GEMINI = WorkerId("claude"), WorkerId("codex"), WorkerId("gemini")


def fails(play: Play, worker: str, text: str, kind: FailureKind = FailureKind.CONFIGURATION) -> None:
    play.says(worker, Failed(text, kind, final=True), kind=EventType.ERROR)


def outside(path: str) -> str:
    return f'Path not in workspace: Attempted path "{path}" resolves outside the allowed workspace directories: /t'


def alone(play: Callable[..., Play], agent: str, without: tuple[str, ...]) -> Play:
    return play(agent, rehearsal=Rehearsal(launch_without={AgentName(agent): without}))


def test_a_known_error_relaunches_with_exactly_the_flag_its_rule_names(play: Callable[..., Play]) -> None:
    flags = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
    p = alone(play, "codex", flags)
    p.start("codex")
    fails(p, "codex", TRUST)
    action = p.last(RecoveryChosen)[1].action
    added = [flag for flag in action.argv_after if flag not in action.argv_before]
    assert added == ["--skip-git-repo-check"]
    assert p.session.workers[CODEX].status is WorkerStatus.RELAUNCHING
    p.exits("codex", 1)
    again = p.last(StartWorker)[1]
    assert again.attempt == 2
    assert again.assignment.without_flags == ("--dangerously-bypass-approvals-and-sandbox",)


def test_the_same_error_again_goes_to_a_person(play: Callable[..., Play]) -> None:
    p = alone(play, "codex", ("--skip-git-repo-check",))
    p.start("codex")
    fails(p, "codex", TRUST)
    p.exits("codex", 1)
    p.start("codex")
    fails(p, "codex", TRUST)
    assert len(p.wanted(PersonAsked)) == 1
    assert len(p.session.recoveries) == 2


def test_a_relaunch_continues_the_conversation_that_began(play: Callable[..., Play]) -> None:
    p = alone(play, "gemini", ("--include-directories",))
    p.start("gemini")
    p.says("gemini", ConversationStarted("g-1"))
    scratch = p.wanted(StartWorker)[0].assignment.scratch
    text = outside(f"{scratch}/design.md")
    p.says("gemini", Denied(text, tool="write_file"), kind=EventType.ERROR)
    assert p.last(StopWorker)[1].worker == GEMINI
    p.exits("gemini", 0, by="stop")
    again = p.last(StartWorker)[1].assignment
    assert again.resume == "g-1"
    assert "Add input validation" not in again.prompt


def test_a_path_beyond_the_policy_is_never_granted(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    text = outside("/etc/shadow")
    p.says("gemini", Denied(text, tool="read_file"), kind=EventType.ERROR)
    assert len(p.wanted(StartWorker)) == 1
    assert len(p.wanted(PersonAsked)) == 1


def test_a_usage_limit_is_a_state_with_the_time_the_cli_gave(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.start("claude")
    until = p.at + timedelta(hours=2)
    failed = Failed("You've hit your limit", FailureKind.USAGE_LIMIT, resets_at=until, final=True)
    p.says("claude", failed, kind=EventType.ERROR)
    p.exits("claude", 1)
    state = p.session.workers[CLAUDE]
    assert (state.status, state.limited_until) == (WorkerStatus.LIMITED, until)
    assert "until 2026-11-21 19:58 UTC" in p.wanted(PersonAsked)[0].question.text
    p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    assert p.last(StartWorker)[1].attempt == 2


def test_a_limit_without_a_time_is_not_given_one(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.start("claude")
    p.says("claude", Failed("rate limited", FailureKind.USAGE_LIMIT, final=True), kind=EventType.ERROR)
    assert p.session.workers[CLAUDE].limited_until is None
    assert "did not say until when" in p.wanted(PersonAsked)[0].question.text


def test_an_agent_that_is_not_logged_in_is_replaced_by_those_that_are_left(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    fails(p, "claude", "Not logged in · Please run /login", FailureKind.AUTHENTICATION)
    p.exits("claude", 1)
    assert set(p.session.lost) == {"claude"}
    assert p.session.plan is not None
    assert p.session.plan.tier == 3
    assert p.last(StartWorker)[1].worker == "gemini-2"


def test_an_error_without_a_rule_decides_nothing_before_the_end(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    before = len(p.effects)
    p.says("gemini", Failed("a tool did not like its input", FailureKind.TOOL), kind=EventType.ERROR)
    assert len(p.effects) == before
