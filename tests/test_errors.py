from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from orchestrator import errors
from orchestrator.errors import ExitCode, InvalidFile, NoUsableAgent, OrchestrateError, SessionBusy, SessionUnknown

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, OrchestrateError)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_stands_in_the_drawn_tree_with_its_exit_code(kind: type[OrchestrateError]) -> None:
    drawn = next(line for line in (errors.__doc__ or "").splitlines() if f" {kind.__name__} " in f" {line} ")
    assert str(int(kind.exit_code)) in drawn.split()


def test_a_fault_in_a_file_is_named_by_file_line_and_reason() -> None:
    assert str(InvalidFile(Path("p.toml"), "no such key", line=3)) == "p.toml:3: no such key"
    assert str(InvalidFile(Path("p.toml"), "not UTF-8")) == "p.toml: not UTF-8"


def test_a_busy_session_names_the_process_that_runs_it() -> None:
    assert "process 42" in SessionBusy("20261121-175811-7f3a", 42).message
    assert "another process" in SessionBusy("20261121-175811-7f3a", None).message


def test_a_session_that_does_not_exist_is_the_users_to_put_right() -> None:
    assert SessionUnknown("x", Path("w")).exit_code is ExitCode.USAGE


def test_each_agent_that_cannot_be_used_is_named_with_what_is_wrong() -> None:
    message = NoUsableAgent({"claude": "not on PATH", "codex": "not logged in"}).message
    assert message.splitlines()[1:] == ["  claude   not on PATH", "  codex    not logged in"]
