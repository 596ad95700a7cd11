from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import AgentName
from orchestrator.models.recovery import Relaunch
from orchestrator.models.work import Assignment
from orchestrator.recovery.relaunch_changes import absolute, folder_to_grant, widened


def test_a_flag_that_was_left_out_is_put_back(assignment: Assignment) -> None:
    left_out = replace(assignment, without_flags=("--skip-git-repo-check", "--other"))
    after = widened(left_out, Relaunch(flags=("--skip-git-repo-check",)), path=None)
    assert after.without_flags == ("--other",)


@pytest.mark.parametrize(
    ("agent", "flag"),
    [("gemini", "--include-directories"), ("codex", "--skip-git-repo-check"), ("gemini", "--skip-trust")],
)
def test_the_command_line_is_then_the_one_with_nothing_left_out(agent: str, flag: str, assignment: Assignment) -> None:
    launch = get_agent(AgentName(agent)).launch
    left_out = replace(assignment, without_flags=(flag,))
    assert flag not in launch(left_out).argv
    assert launch(widened(left_out, Relaunch(flags=(flag,)), path=None)).argv == launch(assignment).argv


def test_a_variable_is_put_back_with_the_value_of_the_rule(assignment: Assignment) -> None:
    after = widened(replace(assignment, without_flags=("IS_SANDBOX",)), Relaunch(env={"IS_SANDBOX": "1"}), path=None)
    assert after.without_flags == ()
    assert after.extra_env == {"IS_SANDBOX": "1"}


def test_a_new_flag_is_added_once_with_its_value(assignment: Assignment) -> None:
    relaunch = Relaunch(flags=("--mode", "edit", "--verbose"))
    once = widened(assignment, relaunch, path=None)
    assert once.extra_flags == ("--mode", "edit", "--verbose")
    assert widened(once, relaunch, path=None) == once


def test_a_path_grants_its_folder_for_reading_only(assignment: Assignment) -> None:
    after = widened(assignment, Relaunch(with_path=True), path="/data/a/x.csv")
    assert after.readable == (*assignment.readable, Path("/data/a"))
    assert after.writable == assignment.writable


def test_a_path_in_a_granted_folder_grants_nothing_more(assignment: Assignment) -> None:
    for path in ("/docs/a/b.md", "/docs", "/project/a.py", "a.py"):
        assert widened(assignment, Relaunch(with_path=True), path=path) == assignment


def test_a_relaunch_without_the_path_grants_nothing(assignment: Assignment) -> None:
    assert widened(assignment, Relaunch(), path="/data/a/x.csv") == assignment


def test_a_fresh_start_forgets_the_conversation(assignment: Assignment) -> None:
    assert widened(assignment, Relaunch(fresh=True), path=None).resume is None


def test_paths_are_made_whole_without_looking_at_a_disk(assignment: Assignment) -> None:
    assert absolute("../x/./y", assignment) == Path("/x/y")
    assert folder_to_grant("/data/../data/a/x", assignment) == Path("/data/a")
