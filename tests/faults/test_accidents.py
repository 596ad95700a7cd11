"""No task by accident: section F1 and F2 of the list of faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Program

pytestmark = pytest.mark.slow
PACKAGES = ("@google/gemini-cli", "@anthropic-ai/claude-code", "@openai/codex")


def ready_claude(program: Program) -> Path:
    """An agent that would do the work, and the file by which it shows that it did."""
    target = program.target()
    program.claude("echo done >work.txt")
    return target


@pytest.mark.fault("F1")
@pytest.mark.parametrize(
    "words",
    [
        *(pytest.param((word,), id=word) for word in ("init", "config", "update", "test_it", "2", "a-b", "Login")),
        pytest.param(("init", "--agents", "claude"), id="before an option"),
        pytest.param(("--agents", "claude", "init"), id="after an option"),
        pytest.param(("--", "init"), id="after two dashes"),
        pytest.param((" init ",), id="between blanks"),
    ],
)
def test_one_word_is_never_a_task(program: Program, words: tuple[str, ...]) -> None:
    target = ready_claude(program)
    ran = program.orchestrate(*words)
    assert not list(program.workspace.iterdir()), ran.text
    assert ran.code == 2
    assert "orchestrate run " in ran.err
    assert not (target / "work.txt").exists()


@pytest.mark.fault("F1")
@pytest.mark.parametrize(
    ("word", "same"),
    [("help", ("--help",)), ("version", ("--version",)), ("ls", ("sessions",)), ("status", ("show",))],
)
def test_the_words_that_every_command_line_knows_are_answered(
    program: Program, word: str, same: tuple[str, ...]
) -> None:
    ready_claude(program)
    ran = program.orchestrate(word)
    assert not list(program.workspace.iterdir()), ran.text
    there = program.orchestrate(*same)
    assert (ran.code, ran.out) == (there.code, there.out)


@pytest.mark.fault("F1")
def test_a_word_said_to_be_a_task_is_one_and_is_found_by_the_answered_words(program: Program) -> None:
    target = ready_claude(program)
    assert program.run(target, task="init").code in (0, 3)
    assert program.session().name in program.orchestrate("ls").out
    assert "init" in program.orchestrate("status").out


@pytest.mark.fault("F2")
@pytest.mark.parametrize("more", [(), ("--no-dashboard",), ("--agents", "claude,codex")], ids=str)
def test_without_an_agent_nothing_is_made_and_each_is_named_once(program: Program, more: tuple[str, ...]) -> None:
    target = program.target(files={"a.txt": "a\n"})
    ran = program.orchestrate("run", "do it", "--target", str(target), "--no-interactive", *more)
    assert not list(program.workspace.iterdir()), ran.text
    for package in PACKAGES:
        expected = 1 if "--agents" not in more or package != "@google/gemini-cli" else 0
        assert ran.text.count(package) == expected, ran.text
    assert "is closed" not in ran.text
    assert ran.code == 3
    assert "orchestrate doctor" in ran.err


@pytest.mark.fault("F2")
def test_an_agent_that_is_left_out_is_named_once(program: Program) -> None:
    target = ready_claude(program)
    ran = program.orchestrate(
        *("run", "do it", "--agents", "claude,codex", "--target", str(target), "--no-interactive", "--no-dashboard")
    )
    assert ran.err.count("@openai/codex") == 1, ran.err
