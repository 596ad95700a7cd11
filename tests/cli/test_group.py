from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.group import COMMANDS, answered, build_group, command_meant, positionals
from orchestrator.cli.main import run
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
    ("arguments", "found"),
    [
        pytest.param(["task"], ["task"], id="alone"),
        pytest.param(["--target", "x", "task"], ["task"], id="after an option with a value"),
        pytest.param(["--target=x", "-v", "task"], ["task"], id="after a flag"),
        pytest.param(["task", "--target", "x"], ["task"], id="before an option"),
        pytest.param(["two", "-v", "words"], ["two", "words"], id="two of them"),
        pytest.param(["--rehearse", "--json"], [], id="only flags"),
        pytest.param(["-", "--json"], ["-"], id="standard input"),
        pytest.param(["--", "--json"], ["--json"], id="no options follow two dashes"),
    ],
)
def test_the_positionals_are_found_among_options(arguments: list[str], found: list[str]) -> None:
    assert positionals(arguments, run_command) == found


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("sesions",), id="alone"),
        pytest.param(("--verbose", "sesions"), id="after a flag"),
        pytest.param(("--target", ".", "sessions", "--all"), id="a command after leading options"),
        pytest.param(("relase-prep",), id="a workflow"),
        *(
            pytest.param((word,), id=word)
            for word in (
                "init",
                "config",
                "login",
                "refactor",
                "fix_it",
                "x",
                "42",
                "a-b_c",
                " init ",
                "HELP",
                "statsu",
            )
        ),
        pytest.param(("--", "init"), id="after two dashes"),
        pytest.param(("init", "--rehearse", "--stand-ins"), id="before options"),
        pytest.param(("-q", "--target", ".", "version"), id="an answered word after leading options"),
    ],
)
def test_a_word_alone_never_becomes_a_task(orchestrate: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ran = orchestrate(*arguments)

    assert ran.code == 2
    assert "hint: " in ran.err
    assert "orchestrate run " in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        pytest.param(["help"], ["--help"], id="help"),
        pytest.param(["help", "run"], ["run", "--help"], id="help about a command"),
        pytest.param(["help", "ls"], ["sessions", "--help"], id="help about another name"),
        pytest.param(["version"], ["--version"], id="version"),
        pytest.param(["status", "--json"], ["show", "--json"], id="status"),
        pytest.param(["ls"], ["sessions"], id="ls"),
        pytest.param(["run", "help"], ["run", "help"], id="a task, said to be one"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_words_that_every_command_line_knows_are_answered(arguments: list[str], same: list[str]) -> None:
    assert answered(arguments) == same


def test_the_version_and_the_help_are_had_without_dashes(orchestrate: Callable[..., Any]) -> None:
    assert orchestrate("version").out == orchestrate("--version").out != ""
    assert orchestrate("help").out == orchestrate("--help").out != ""
    assert orchestrate("help", "nonsense").code == 2


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


RECORDED = Path(__file__).parent.parent / "recordings" / "journals" / "format-3-team.jsonl"
DECIDING = ("orchestrator.session.fold", "orchestrator.safety.command_filter", "jinja2", "tree_sitter")
"""What is needed to decide again, and to run."""
ACTING = ("anyio", "structlog", "psutil", "rich", "orchestrator.server", "orchestrator.gates", "orchestrator.network")
PYDANTIC = ("pydantic", "pydantic_core")
READING = (*PYDANTIC, "orchestrator.models.entries", "orchestrator.agents.registry")


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one recorded session, which has been listed and shown before."""
    workspace = tmp_path_factory.mktemp("start") / "workspace"
    name = json.loads(RECORDED.read_text(encoding="utf-8").partition("\n")[0])["body"]["session"]
    (workspace / name).mkdir(parents=True)
    (workspace / name / "session.lock").touch()
    shutil.copy(RECORDED, workspace / name / "journal.jsonl")
    for command in ("sessions", "show"):
        assert run([command, "--workspace", str(workspace)]) == 0
    return workspace


@pytest.mark.parametrize(
    ("arguments", "without"),
    [
        pytest.param("sessions", (*READING, *DECIDING, *ACTING), id="sessions"),
        pytest.param("show", (*READING, *DECIDING, *ACTING, "sqlite3"), id="show"),
        pytest.param("logs", (*DECIDING, *ACTING, *PYDANTIC, "sqlite3", "orchestrator.agents.registry"), id="logs"),
        pytest.param("replay", (*ACTING, *PYDANTIC, "sqlite3", "orchestrator.coordinator"), id="replay"),
        pytest.param("metrics", (*DECIDING, *ACTING, "sqlite3", "orchestrator.agents.registry"), id="metrics"),
        pytest.param("plan a-one-word-task --target {target}", (*DECIDING, *ACTING, *PYDANTIC, "sqlite3"), id="plan"),
    ],
)
def test_a_look_up_loads_nothing_that_it_never_needs(looked_at: Path, arguments: str, without: tuple[str, ...]) -> None:
    words = arguments.format(target=looked_at.parent).split()
    code = (
        "import sys; from orchestrator.cli.main import run; "
        f"code = run([*{words!r}, '--workspace', {str(looked_at)!r}]); "
        f"print(code, [name for name in {without!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == "0 []"
