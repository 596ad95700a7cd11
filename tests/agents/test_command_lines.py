"""What a rehearsal leaves out is out, and what a recovery asks for is there, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled, folders
from orchestrator.agents.registry import get_agent
from orchestrator.testing.agents import sample_assignment

AGENT = get_agent("codex")
GRAMMAR = Grammar(
    aliases={"--sandbox": "-s", "--cd": "-C"},
    repeatable=frozenset({"--add-dir"}),
    valued=frozenset({"--add-dir", "-s"}),
)
OPTIONS: list[Option] = [("--json",), ("-s", "read-only"), ("--add-dir", "/a"), ("--add-dir", "/b"), ("-C", "/t")]
WHOLE = ("--json", "-s", "read-only", "--add-dir", "/a", "--add-dir", "/b", "-C", "/t")


def line(*, without: tuple[str, ...] = (), extra: tuple[str, ...] = ()) -> tuple[str, ...]:
    return assembled(OPTIONS, sample_assignment(AGENT, without_flags=without, extra_flags=extra), GRAMMAR)


@pytest.mark.parametrize(
    ("without", "extra", "expected"),
    [
        pytest.param((), (), WHOLE, id="nothing changed"),
        pytest.param(("--json",), (), WHOLE[1:], id="a flag left out"),
        pytest.param(("--add-dir",), (), ("--json", "-s", "read-only", "-C", "/t"), id="each of its values too"),
        pytest.param(("--cd", "--sandbox"), (), ("--json", "--add-dir", "/a", "--add-dir", "/b"), id="by alias"),
        pytest.param(("--add-dir",), ("--add-dir",), WHOLE, id="put back as it was"),
        pytest.param(("--json",), ("--json",), WHOLE, id="a plain flag put back"),
        pytest.param((), ("--json",), WHOLE, id="already there"),
        pytest.param((), ("--new",), (*WHOLE, "--new"), id="a new flag"),
        pytest.param((), ("--add-dir", "/c"), (*WHOLE, "--add-dir", "/c"), id="repeated"),
        pytest.param((), ("--add-dir", "/a"), WHOLE, id="repeated with a value that is there"),
    ],
)
def test_flags_left_out_and_added(without: tuple[str, ...], extra: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert line(without=without, extra=extra) == expected


def test_a_flag_that_may_stand_once_is_replaced() -> None:
    words = line(extra=("--sandbox=workspace-write",))
    assert "--sandbox=workspace-write" in words
    assert "read-only" not in words


def test_a_flag_that_needs_a_value_is_not_added_without_one() -> None:
    options: list[Option] = [("--json",)]
    assignment = sample_assignment(AGENT, extra_flags=("--add-dir",))
    assert assembled(options, assignment, GRAMMAR) == ("--json",)


def test_environment_names_can_be_left_out_and_put_back() -> None:
    env = {"IS_SANDBOX": "1", "A": "1"}
    assert additions(env, sample_assignment(AGENT, without_flags=("IS_SANDBOX",))) == {"A": "1"}
    back = sample_assignment(AGENT, without_flags=("IS_SANDBOX",), extra_env={"IS_SANDBOX": "1"})
    assert additions(env, back) == {"A": "1", "IS_SANDBOX": "1"}


def test_every_folder_is_named_once_and_the_target_not_at_all() -> None:
    assignment = sample_assignment(AGENT, readable=(Path("/lib"), Path("/project"), Path("/lib")))
    assert folders(assignment) == ("/session/scratch/w1", "/lib")
