"""A plan is laid out for a terminal of any width, and shows nothing of the task that could drive one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from orchestrator.cli import plan as plan_command
from orchestrator.cli.session_plan import plan_document, plan_lines, plan_session
from orchestrator.settings.settings_files import change_setting, user_file


def given(*words: str) -> dict[str, Any]:
    """The options of ``orchestrate plan`` as click reads them."""
    return dict(plan_command.command.make_context("plan", ["a task", *words]).params)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(tmp_path: Path, width: int) -> None:
    plan = plan_session("Fix the flaky login test", tmp_path, tmp_path, given(), {"PATH": str(tmp_path)})
    assert max(len(line) for line in plan_lines(plan, width=width)) <= width


def test_a_policy_that_lets_nobody_write_is_seen_in_the_tree(tmp_path: Path) -> None:
    plan = plan_session("Fix it", tmp_path, tmp_path, given("--sandbox", "read-only"), {"PATH": ""})
    assert {leaf["access"] for leaf in plan_document(plan)["tree"]["children"]} == {"read"}


def test_limits_are_those_of_the_policy_and_the_command_line(tmp_path: Path) -> None:
    plan = plan_session("Fix it", tmp_path, tmp_path, given("--limit", "memory=3G", "--max-tokens", "5k"), {"PATH": ""})
    document = plan_document(plan)
    assert document["limits"]["memory_mib"] == 3072
    assert document["budgets"]["max_tokens"] == 5000
    assert "3,072 MiB of memory" in "\n".join(plan_lines(plan, width=None))


@pytest.mark.parametrize("task", ["why\x1b[31m?", "\x1b]0;x\x07 fix", "?!", "\u202efix", "修复"])
def test_no_task_can_drive_the_terminal(tmp_path: Path, task: str) -> None:
    plan = plan_session(task, tmp_path, tmp_path, given(), {"PATH": ""})
    shown = "".join(plan_lines(plan, width=80))
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_what_is_at_stake_is_said_with_what_follows_from_it(tmp_path: Path) -> None:
    plan = plan_session("Fix it", tmp_path, tmp_path, given("--criticality", "critical"), {"PATH": ""})
    shown = "\n".join(plan_lines(plan, width=None))
    assert "at stake   critical (as asked: silence_s 300 s, failed_tool_share 0.5" in shown
    by_hand = given("--criticality", "critical", "--silence", "20m")
    other = plan_session("Fix it", tmp_path, tmp_path, by_hand, {"PATH": ""})
    assert "critical (as asked: failed_tool_share 0.5" in "\n".join(plan_lines(other, width=None))
    assert plan_document(plan)["criticality"]["level"] == "critical"
    unsaid = plan_session("Fix it", tmp_path, tmp_path, given(), {"PATH": ""})
    assert "at stake" not in "\n".join(plan_lines(unsaid, width=None))
    assert plan_document(unsaid)["criticality"] == {"level": "normal", "because": ""}


def test_parameters_that_a_person_holds_are_said_with_who_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    change_setting(user_file(), "parameters.silence_s", "1200")
    change_setting(user_file(), "parameters.max_restarts", "5")
    options = given("--criticality", "high", "--parameter", "max_restarts=1", "--parameter", "least_tier=CAPABLE")
    plan = plan_session("Fix it", tmp_path, tmp_path, options, {"PATH": ""})
    shown = "\n".join(plan_lines(plan, width=None))
    bounded = "silence_s 600 (your settings say 1200; bounded by what is at stake)"
    assert f"parameters {bounded}, max_restarts 1 (as asked), least_tier CAPABLE (as asked)" in " ".join(shown.split())
    assert plan_document(plan)["parameters"]["max_restarts"] == {"value": 1, "because": "as asked"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("max_restarts=9", "1, 2, 3, 4, 5", id="no value of it"),
        pytest.param("rounds=2", "no parameter 'rounds'", id="no parameter"),
        pytest.param("silence_s=600", "--silence", id="has an option of its own"),
        pytest.param("antipatterns=1", "--escalate", id="a condition"),
        pytest.param("max_restarts", "cannot be ''", id="nothing said"),
    ],
)
def test_what_is_no_value_of_a_parameter_is_refused(text: str, said: str) -> None:
    with pytest.raises(click.BadParameter, match=re.escape(said)):
        given("--parameter", text)
