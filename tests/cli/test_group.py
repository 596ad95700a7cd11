from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.cli.group import COMMANDS, build_group, command_meant, first_positional
from orchestrator.cli.run import command as run_command

HEAVY = ("pydantic", "anyio", "rich", "structlog", "jinja2", "psutil", "watchfiles", "orchestrator.models")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("sessions", "sessions", id="a command"),
        pytest.param("sesions", "sessions", id="a near miss"),
        pytest.param("Replay", "replay", id="another case"),
        pytest.param("relase-prep", "release-prep", id="a misspelt workflow of later"),
        pytest.param("stop the login from failing", None, id="a sentence"),
        pytest.param("refactor", None, id="a word like no command"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_only_a_single_word_like_a_command_is_taken_for_one(word: str, meant: str | None) -> None:
    assert command_meant(word) == meant


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        pytest.param(["task"], "task", id="alone"),
        pytest.param(["--target", "x", "task"], "task", id="after an option with a value"),
        pytest.param(["--target=x", "-v", "task"], "task", id="after a flag"),
        pytest.param(["--rehearse", "--json"], None, id="only flags"),
        pytest.param(["-", "--json"], "-", id="standard input"),
        pytest.param(["--", "sessions"], None, id="everything after -- is meant as it stands"),
    ],
)
def test_the_first_positional_is_found_behind_options(arguments: list[str], first: str | None) -> None:
    assert first_positional(arguments, run_command) == first


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("sesions",), id="alone"),
        pytest.param(("--verbose", "sesions"), id="after a flag"),
        pytest.param(("--target", ".", "sessions", "--all"), id="a command after leading options"),
        pytest.param(("relase-prep",), id="a workflow"),
    ],
)
def test_a_misspelt_command_never_becomes_a_task(orchestrate: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ran = orchestrate(*arguments)

    assert ran.code == 2
    assert "hint: " in ran.err
    assert "orchestrate run " in ran.err
    assert ran.out == ""


def test_an_unquoted_task_is_refused_with_the_reason(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("fix", "the", "bug")

    assert ran.code == 2
    assert "a task is one argument" in ran.err


def test_help_lists_commands_options_and_exit_codes(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("--help")

    assert ran.code == 0
    for name in (*COMMANDS, "--target", "--workspace", "--port", "--no-dashboard", "--verbose", "--max-cost"):
        assert name in ran.out
    assert "needs a person" in ran.out
    assert "ORCHESTRATOR_LOG_LEVEL" in ran.out
    assert "_ORCHESTRATE_COMPLETE" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_own_help(orchestrate: Callable[..., Any], name: str) -> None:
    ran = orchestrate(name, "--help")

    assert ran.code == 0
    assert ran.out.startswith(f"Usage: orchestrate {name}")


def test_every_command_is_named_as_in_the_table() -> None:
    group = build_group()
    with group.make_context("orchestrate", ["sessions"], resilient_parsing=True) as context:
        for name in COMMANDS:
            command = group.get_command(context, name)
            assert command is not None
            assert command.name == name


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from orchestrator.cli.main import run; run(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


def test_the_shell_can_complete_commands_and_options_of_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from click.shell_completion import BashComplete

    complete = BashComplete(build_group(), {}, "orchestrate", "_ORCHESTRATE_COMPLETE")

    assert "sessions" in [item.value for item in complete.get_completions([], "se")]
    assert "--rehearse" in [item.value for item in complete.get_completions([], "--reh")]
    assert "--rehearse" in [item.value for item in complete.get_completions(["a task"], "--reh")]
