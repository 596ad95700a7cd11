from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from orchestrator.models.effects import AnswerGuard, AskPerson, Warn
from orchestrator.models.entries import Command, GuardAsked, TimePassed, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.session.clock import next_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CONFIG = SandboxConfig(
    name="default", confirm_timeout_s=30, confirm_commands=("git push", "npm publish", "pip install", "docker push")
)
CLAUDE = WorkerId("claude")


def asked(
    *argv: str, source: Literal["executable", "hook"] = "executable", request: str = "r1", cwd: str = "/t"
) -> GuardAsked:
    return GuardAsked(CLAUDE, request, source, argv, cwd)


@pytest.fixture
def played(play: Callable[..., Play]) -> Callable[..., Play]:
    def opened(**options: object) -> Play:
        values: dict[str, object] = {"sandbox": CONFIG, "interactive": True, **options}
        p = play("claude", **values)
        p.start("claude")
        return p

    return opened


def answers(p: Play) -> list[tuple[str, bool]]:
    return [(effect.request, effect.run) for effect in p.wanted(AnswerGuard)]


def says(p: Play, text: str) -> None:
    p.take(UserCommand(Command.ANSWER, by="terminal", text=text, question=p.session.questions[0].id))


@pytest.mark.parametrize(
    ("argv", "runs"),
    [
        pytest.param(("rm", "-rf", "/etc"), False, id="what is blocked"),
        pytest.param(("rm", "-rf", "build"), True, id="what only warns"),
        pytest.param(("git", "config", "push.default", "simple"), True, id="what no rule means"),
        pytest.param(("mkfs.ext4", "/dev/sda1"), False, id="a disk"),
    ],
)
def test_what_the_policy_knows_is_answered_at_once(
    played: Callable[..., Play], argv: tuple[str, ...], runs: bool
) -> None:
    p = played()
    p.take(asked(*argv))
    assert answers(p) == [("r1", runs)]
    assert p.wanted(AskPerson) == []


def test_the_folder_the_command_runs_in_counts(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("rm", "-rf", "build", cwd="/elsewhere"))
    assert answers(p) == [("r1", False)]


@pytest.mark.parametrize(("text", "runs"), [("yes", True), ("Yes, go on", True), ("no", False), ("rather not", False)])
def test_consent_is_asked_for_and_waited_for(played: Callable[..., Play], text: str, runs: bool) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    assert answers(p) == []
    question = p.wanted(AskPerson)[0].question
    assert "`pip install x` in /t" in question.text
    assert question.suggestions == ("yes", "no")
    says(p, text)
    assert answers(p) == [("r1", runs)]
    assert p.session.questions == ()
    assert p.session.guards == {}


def test_the_worker_is_neither_frozen_nor_stopped_while_its_command_waits(played: Callable[..., Play]) -> None:
    p = played()
    before = p.session.workers[CLAUDE].status
    p.take(asked("pip", "install"))
    says(p, "yes")
    assert p.session.workers[CLAUDE].status is before


def test_a_request_that_is_found_again_is_not_asked_again(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install"))
    p.take(asked("pip", "install"))
    assert len(p.wanted(AskPerson)) == 1
    says(p, "yes")
    assert answers(p) == [("r1", True)]


def test_nobody_answering_is_a_refusal(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install"))
    assert next_deadline(p.session) == p.session.guards["q1"].deadline
    p.later(31)
    p.take(TimePassed())
    assert answers(p) == [("r1", False)]
    assert "nobody consented" in p.wanted(Warn)[-1].text
    assert p.session.questions == ()


def test_without_a_person_at_hand_it_is_refused_with_the_reason(played: Callable[..., Play]) -> None:
    p = played(interactive=False)
    p.take(asked("pip", "install"))
    assert answers(p) == [("r1", False)]
    assert "--approve 'pip install'" in p.wanted(Warn)[-1].text
    assert p.session.ending is None


def test_consent_given_beforehand_lets_it_run(played: Callable[..., Play]) -> None:
    p = played(interactive=False, sandbox=CONFIG.model_copy(update={"approved_commands": ("pip install",)}))
    p.take(asked("pip", "install"))
    p.take(asked("docker", "push", request="r2"))
    assert answers(p) == [("r1", True), ("r2", False)]


def test_what_the_hook_was_told_is_not_asked_again(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("cd sub && pip install x", source="hook", request="h"))
    says(p, "yes")
    p.take(asked("pip", "install", request="e"))
    p.take(asked("pip", "install", request="again"))
    assert answers(p) == [("h", True), ("e", True)]
    assert len(p.session.questions) == 1


@pytest.mark.parametrize(("unsure", "runs"), [("allow", True), ("warn", True), ("block", False)])
def test_what_only_run_time_knows_is_as_the_policy_says(played: Callable[..., Play], unsure: str, runs: bool) -> None:
    p = played(sandbox=CONFIG.model_copy(update={"unsure_commands": unsure}))
    p.take(asked("$TOOL x", source="hook"))
    assert answers(p) == [("r1", runs)]


def test_a_worker_that_is_gone_waits_for_nothing(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install"))
    p.exits("claude", 1)
    assert p.session.guards == {}
    assert answers(p) == [("r1", False)]
    p.take(asked("pip", "install", request="late"))
    assert answers(p)[-1] == ("late", False)


def test_a_worker_nobody_knows_is_refused(played: Callable[..., Play]) -> None:
    p = played()
    p.take(GuardAsked(WorkerId("nobody"), "r1", "executable", ("pip", "install"), "/t"))
    assert answers(p) == [("r1", False)]


def test_a_hook_lets_pass_what_its_guard_can_show_exactly_and_asks_about_the_rest(
    played: Callable[..., Play],
) -> None:
    p = played()
    p.take(asked("git push && npm publish", source="hook", request="h1"))
    p.take(asked("pip install x; git push", source="hook", request="h2"))
    assert answers(p) == [("h1", True)]
    assert len(p.session.questions) == 1


def test_without_guards_in_front_of_programs_the_hook_asks_about_a_push(played: Callable[..., Play]) -> None:
    p = played(sandbox_backend="none")
    p.take(asked("git push", source="hook"))
    assert answers(p) == []
    assert len(p.session.questions) == 1
