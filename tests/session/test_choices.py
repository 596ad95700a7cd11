from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.entries import Command, GuardAsked
from orchestrator.models.events import EventType
from orchestrator.models.facts import Question
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.session.choices import answer_command, choice_effect, no_answer
from orchestrator.session.delayed_starts import SUGGESTIONS
from orchestrator.session.exits import ABOUT_DOUBTS
from orchestrator.session.review_cycle import ABOUT_BLOCKED, ABOUT_CONCERNS, ABOUT_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

NEEDS_WORDS, NOTHING = "takes words of your own", "sends nothing"


def asked(*suggestions: str) -> Question:
    return Question("q1", "what now?", suggestions)


@pytest.mark.parametrize(
    ("suggestions", "answer", "command", "told"),
    [
        pytest.param(("yes", "no"), "2", Command.ANSWER, "no", id="a plain choice"),
        pytest.param(("yes", "no"), " YES ", Command.ANSWER, "YES", id="a plain choice by its words"),
        pytest.param(("yes", "no"), "3", Command.ANSWER, "3", id="a number that is none of its"),
        pytest.param(ABOUT_CONCERNS, "2", Command.ANSWER, "the work stands as it is", id="words that stand in it"),
        pytest.param(ABOUT_CONCERNS, "3", Command.STOP, ABOUT_CONCERNS[2], id="to stop"),
        pytest.param(ABOUT_CONCERNS, "stop; it is late", Command.ANSWER, "stop; it is late", id="a person's own words"),
        pytest.param(SUGGESTIONS, "1", Command.ANSWER, "go on", id="words in quotes"),
        pytest.param(("go on",), "1", Command.ANSWER, "go on", id="the only one"),
    ],
)
def test_a_choice_does_what_its_words_say(
    suggestions: tuple[str, ...], answer: str, command: Command, told: str
) -> None:
    found = answer_command(asked(*suggestions), answer, by="terminal", who="me")

    assert (found.command, found.text, found.by, found.who) == (command, told, "terminal", "me")
    assert found.question == ("q1" if command is Command.ANSWER else None)


@pytest.mark.parametrize(
    ("suggestions", "answer", "why"),
    [
        (ABOUT_CONCERNS, "1", NEEDS_WORDS),
        (ABOUT_BLOCKED, "1", NEEDS_WORDS),
        (ABOUT_ROUNDS, ABOUT_ROUNDS[0], NEEDS_WORDS),
        (ABOUT_DOUBTS, "2", NOTHING),
        (("wait: the limit ends it",), "1", NOTHING),
        (ABOUT_CONCERNS, "2", None),
        (ABOUT_CONCERNS, "use the strict one", None),
    ],
)
def test_a_choice_that_needs_words_or_sends_nothing_is_no_answer(
    play: Callable[..., Play], suggestions: tuple[str, ...], answer: str, why: str | None
) -> None:
    problem = no_answer(play("claude", interactive=True).session, asked(*suggestions), answer)

    assert (problem is None) is (why is None)
    assert why is None or why in str(problem)


def test_a_consent_takes_its_own_choices_alone(play: Callable[..., Play]) -> None:
    p = play("claude", interactive=True, sandbox=SandboxConfig(name="default", confirm_commands=("make deploy",)))
    p.start("claude")
    p.take(GuardAsked(WorkerId("claude"), "r1", "executable", ("make", "deploy"), "/t"))
    (question,) = p.session.approvals.questions

    assert no_answer(p.session, question, "1") is None
    assert "asks for consent" in str(no_answer(p.session, question, "go on"))


def test_a_person_who_chooses_to_stop_stops_the_session(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-gemini", "concerns", "which regex?")
    p.reviews("review-001-codex", "concerns", "which regex?")
    (question,) = p.session.approvals.questions

    p.take(answer_command(question, "3", by="terminal"))

    assert p.session.ending is not None
    assert p.session.approvals.questions == (question,), "it is asked again when the session is resumed"


@pytest.mark.parametrize(
    ("chosen", "effect"),
    [
        (ABOUT_CONCERNS[0], "type the words in place of the number: they are told to claude, which goes on"),
        (ABOUT_CONCERNS[1], "“the work stands as it is” is told to claude, which goes on"),
        (ABOUT_CONCERNS[2], "the session stops; orchestrate resume goes on with it"),
        (SUGGESTIONS[0], "“go on” is told to claude"),
        (ABOUT_DOUBTS[1], "nothing is sent, and the question stays open"),
    ],
)
def test_what_a_choice_does_is_said(chosen: str, effect: str) -> None:
    question = Question("q1", "what now?", (chosen,), about=WorkerId("claude"))

    assert choice_effect(question, chosen).startswith(effect)


def test_what_a_consent_does_is_said() -> None:
    question = Question("q1", "may it?", ("yes", "no"), about=WorkerId("claude"))

    assert choice_effect(question, "yes", consent=True) == "it runs, this once"
    assert choice_effect(question, "yes", consent=True, in_place=True).startswith("exactly this is sent")
    assert choice_effect(question, "no", consent=True) == "it is refused; claude is told so, and goes on"
