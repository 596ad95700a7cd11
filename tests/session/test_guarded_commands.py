from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from orchestrator.models.effects import AnswerGuard
from orchestrator.models.entries import Command, GuardAsked, TimePassed, UserCommand
from orchestrator.models.facts import PersonAsked, Warned
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import SandboxConfig, Unsure
from orchestrator.session.clock import next_deadline
from orchestrator.session.guarded_commands import MOST_OPEN

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
    p.take(UserCommand(Command.ANSWER, by="terminal", text=text, question=p.session.approvals.questions[0].id))


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
    assert p.wanted(PersonAsked) == []


def test_one_worker_cannot_bury_a_person_in_questions(played: Callable[..., Play]) -> None:
    p = played()
    for number in range(40):
        p.take(asked("docker", "push", f"image-{number}", request=f"r{number}"))
    assert len(p.wanted(PersonAsked)) == MOST_OPEN
    assert answers(p) == [(f"r{number}", False) for number in range(MOST_OPEN, 40)]
    says(p, "no")
    p.take(asked("docker", "push", "later", request="later"))
    assert len(p.wanted(PersonAsked)) == MOST_OPEN + 1


def test_the_folder_the_command_runs_in_counts(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("rm", "-rf", "build", cwd="/elsewhere"))
    assert answers(p) == [("r1", False)]


@pytest.mark.parametrize(
    ("text", "runs"), [("yes", True), (" YES ", True), ("1", True), ("no", False), ("No", False), ("2", False)]
)
def test_consent_is_asked_for_and_waited_for(played: Callable[..., Play], text: str, runs: bool) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    assert answers(p) == []
    question = p.wanted(PersonAsked)[0].question
    assert "`pip install x` in /t" in question.text
    assert question.suggestions == ("yes", "no")
    says(p, text)
    assert answers(p) == [("r1", runs)]
    assert p.session.approvals.questions == ()
    assert p.session.approvals.guards == {}


@pytest.mark.parametrize(
    "text", ["go away", "run nothing", "ok but not that branch", "y", "ok", "yes, please", "yes no", "3", "", "\u0661"]
)
def test_what_is_no_choice_is_no_consent_and_is_asked_again(played: Callable[..., Play], text: str) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    says(p, text)
    assert answers(p) == []
    assert len(p.wanted(PersonAsked)) == 2
    assert [question.id for question in p.session.approvals.questions] == ["q1"]
    says(p, "no")
    assert answers(p) == [("r1", False)]


def test_a_consent_is_on_record_with_question_answer_person_place_and_outcome(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    p.take(UserCommand(Command.ANSWER, by="dashboard", text="1", question="q1", who="ada (uid 1000)"))
    (settled,) = p.session.approvals.settled
    assert "`pip install x`" in settled.text
    assert (settled.question, settled.choices, settled.answer) == ("q1", ("yes", "no"), "1")
    assert (settled.by, settled.who, settled.outcome) == ("dashboard", "ada (uid 1000)", "allowed to run")
    assert settled.consent
    assert settled.at == p.session.now


def test_a_consent_nobody_gave_is_on_record_too(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install"))
    p.later(31)
    p.take(TimePassed())
    assert p.session.approvals.settled[0].outcome.startswith("refused: nobody consented")
    assert p.session.approvals.settled[0].by == ""


def test_a_consent_given_beforehand_is_on_record(played: Callable[..., Play]) -> None:
    p = played(interactive=False, sandbox=replace(CONFIG, approved_commands=("pip install",)))
    p.take(asked("pip", "install"))
    assert (p.session.approvals.settled[0].answer, p.session.approvals.settled[0].outcome) == ("pip install", "allowed")


def started(*argv: str, request: str, above: tuple[str, ...]) -> GuardAsked:
    return GuardAsked(CLAUDE, request, "executable", argv, "/t", above)


def test_one_consent_covers_the_same_arguments_below_the_consented_process(played: Callable[..., Play]) -> None:
    p = played()
    p.take(started("pip", "install", "x", request="shim", above=("10:5", "1:1")))
    says(p, "yes")
    p.take(started("pip3", "install", "x", request="itself", above=("10:5", "1:1")))
    p.take(started("pip3", "install", "x", request="below", above=("12:9", "11:8", "10:5", "1:1")))
    assert answers(p) == [("shim", True), ("itself", True), ("below", True)]


@pytest.mark.parametrize(
    ("argv", "above"),
    [
        pytest.param(("pip", "install", "x"), ("20:9", "1:1"), id="beside it"),
        pytest.param(("pip", "install", "x"), ("20:9", "10:7", "1:1"), id="below another process of that number"),
        pytest.param(("pip", "install", "y"), ("11:8", "10:5", "1:1"), id="below it, with other arguments"),
        pytest.param(("pip", "install", "x"), (), id="nobody knows where"),
    ],
)
def test_a_consent_covers_nothing_else(
    played: Callable[..., Play], argv: tuple[str, ...], above: tuple[str, ...]
) -> None:
    p = played()
    p.take(started("pip", "install", "x", request="first", above=("10:5", "1:1")))
    says(p, "yes")
    p.take(started(*argv, request="second", above=above))
    assert answers(p) == [("first", True)]
    assert len(p.session.approvals.questions) == 1


def test_what_a_hook_was_told_covers_the_start_and_what_that_starts_again(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip install x", source="hook", request="h"))
    says(p, "yes")
    p.take(started("pip", "install", "x", request="e", above=("10:5", "1:1")))
    p.take(started("pip", "install", "x", request="below", above=("11:6", "10:5", "1:1")))
    p.take(started("pip", "install", "x", request="beside", above=("30:9", "1:1")))
    assert answers(p) == [("h", True), ("e", True), ("below", True)]


def test_what_a_hook_was_told_is_no_consent_to_something_else(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip install x", source="hook", request="h"))
    says(p, "yes")
    p.take(asked("pip", "install", "other", request="e"))
    assert answers(p) == [("h", True)]


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
    assert len(p.wanted(PersonAsked)) == 1
    says(p, "yes")
    assert answers(p) == [("r1", True)]


def test_nobody_answering_is_a_refusal(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install"))
    assert next_deadline(p.session) == p.session.approvals.guards["q1"].deadline
    p.later(31)
    p.take(TimePassed())
    assert answers(p) == [("r1", False)]
    assert "nobody consented" in p.wanted(Warned)[-1].text
    assert p.session.approvals.questions == ()


def test_without_a_person_at_hand_it_is_refused_with_the_reason(played: Callable[..., Play]) -> None:
    p = played(interactive=False)
    p.take(asked("pip", "install"))
    assert answers(p) == [("r1", False)]
    assert "--approve 'pip install'" in p.wanted(Warned)[-1].text
    assert p.session.ending is None


def test_consent_given_beforehand_lets_it_run(played: Callable[..., Play]) -> None:
    p = played(interactive=False, sandbox=replace(CONFIG, approved_commands=("pip install",)))
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
    assert len(p.session.approvals.questions) == 1


@pytest.mark.parametrize(("how", "runs"), [("allow", True), ("warn", True), ("block", False)])
def test_what_only_run_time_knows_is_as_the_policy_says(played: Callable[..., Play], how: Unsure, runs: bool) -> None:
    p = played(sandbox=replace(CONFIG, unsure_commands=how))
    p.take(asked("$TOOL x", source="hook"))
    assert answers(p) == [("r1", runs)]


def test_a_worker_that_is_gone_waits_for_nothing(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install"))
    p.exits("claude", 1)
    assert p.session.approvals.guards == {}
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
    assert len(p.session.approvals.questions) == 1


def test_without_guards_in_front_of_programs_the_hook_asks_about_a_push(played: Callable[..., Play]) -> None:
    p = played(sandbox_backend="none")
    p.take(asked("git push", source="hook"))
    assert answers(p) == []
    assert len(p.session.approvals.questions) == 1


def test_an_answer_that_names_no_question_is_no_consent_where_several_are_open(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    p.take(asked("docker", "push", "x", request="r2"))
    p.take(UserCommand(Command.ANSWER, by="somebody", text="yes"))
    assert answers(p) == []
    assert any("must name the one" in warned.text for warned in p.wanted(Warned))
    p.take(UserCommand(Command.ANSWER, by="somebody", text="no", question="q1"))
    p.later(1)
    p.take(UserCommand(Command.ANSWER, by="somebody", text="yes"))
    assert answers(p) == [("r1", False), ("r2", True)]


@pytest.mark.parametrize("closed", ["by somebody else", "by nobody", "just now"])
def test_an_answer_that_names_no_question_is_for_the_one_that_was_seen(
    played: Callable[..., Play], closed: str
) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    if closed == "by nobody":
        p.later(31)
        p.take(TimePassed())
    else:
        by = "dashboard" if closed == "by somebody else" else "orchestrate answer"
        p.take(UserCommand(Command.ANSWER, by=by, text="no", question="q1"))
    p.take(asked("docker", "push", "x", request="r2"))
    if closed != "just now":
        p.later(5)
    p.take(UserCommand(Command.ANSWER, by="orchestrate answer", text="yes"))
    assert answers(p) == [("r1", False)]
    assert "q1 is closed, and q2 open" in p.wanted(Warned)[-1].text
    p.take(UserCommand(Command.ANSWER, by="orchestrate answer", text="yes", question="q2"))
    assert answers(p) == [("r1", False), ("r2", True)]


@pytest.mark.parametrize("text", ["9" * 5000, "01", "\uff11", "yes\nbut not there", "1 2", "y", "1.", "-1", "yes yes"])
def test_what_is_not_exactly_a_choice_is_asked_again(played: Callable[..., Play], text: str) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    says(p, text)
    assert answers(p) == []
    assert [question.id for question in p.session.approvals.questions] == ["q1"]


def test_a_second_answer_to_the_same_question_changes_nothing(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("pip", "install", "x"))
    p.take(UserCommand(Command.ANSWER, by="a", text="no", question="q1"))
    p.take(UserCommand(Command.ANSWER, by="b", text="yes", question="q1"))
    assert answers(p) == [("r1", False)]
