from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.models.sandbox import SANDBOX_CONFIG
from orchestrator.safety.sandbox_policy_files import FOLDERS, available_policies, load_sandbox_policy


def test_the_policies_are_listed_with_their_rows(orchestrate: Callable[..., Any]) -> None:
    policies = orchestrate("policies").out

    assert "two or more concerns         PAUSE_AND_CLARIFY" in policies
    assert "cautious" in policies
    assert "open " in policies
    assert "strict " in policies
    assert "pushes to {origin}," in policies


@pytest.mark.parametrize("name", available_policies())
def test_a_policy_is_shown_whole_as_a_file_that_says_the_same(
    orchestrate: Callable[..., Any], name: str, tmp_path: Path
) -> None:
    shown = tomllib.loads(orchestrate("policies", "show", name).out)
    assert SANDBOX_CONFIG.validate_python(shown) == load_sandbox_policy(name)
    assert json.loads(orchestrate("policies", "show", name, "--json").out)["name"] == name


def test_a_right_file_is_said_to_be(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "strict"\n')
    ran = orchestrate("policies", "check", str(file))
    assert ran.code == 0
    assert "right" in ran.out


def test_a_wrong_file_is_refused_with_line_and_reason(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "x"\nnetwrk = "none"\n')
    ran = orchestrate("policies", "check", str(file))
    assert ran.code == 2
    assert "mine.toml:2" in ran.err
    assert "netwrk" in ran.err


def test_a_path_is_explained_for_every_role(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    ran = orchestrate("policies", "explain", "src/a.py", "--target", str(tmp_path / "t"))
    assert "implementer  write" in ran.out
    assert "reviewer     read" in ran.out
    told = json.loads(orchestrate("policies", "explain", "/etc/shadow", "--sandbox", "open", "--json").out)
    assert told["roles"]["reviewer"]["may"] == "write"


def test_the_schema_is_the_stored_one(orchestrate: Callable[..., Any]) -> None:
    assert json.loads(orchestrate("policies", "schema").out) == json.loads((FOLDERS[0] / "schema.json").read_text())


def test_escalation_is_explained_with_what_is_in_force(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    told = orchestrate("policies", "escalation").out
    assert "in force (nobody says otherwise):\n  failed_tool_share > 0.7 for 10m: notice" in told
    assert "require_review" in told
    policy = tmp_path / "mine.toml"
    rule = '[[rule]]\nwhen = "all"\nthen = "continue"\n'
    policy.write_text(f'name = "mine"\nescalation = ["questions > 2: stop"]\n{rule}')
    found = json.loads(orchestrate("policies", "escalation", "--policy", str(policy), "--json").out)
    assert (found["conditions"], found["because"]) == (["questions > 2 for 0s: stop"], "the policy mine")
    assert set(found["metrics"]) >= {"review_rounds", "failed_tool_share"}


def test_a_condition_that_is_none_is_bad_usage(orchestrate: Callable[..., Any]) -> None:
    refused = orchestrate("run", "a task", "--escalate", "cost > 5: stop")
    assert refused.code == 2
    assert "no metric 'cost' of a session" in refused.err
    refused = orchestrate("settings", "set", "escalation.conditions", '["antipatterns > 1: explode"]')
    assert refused.code == 2
    assert "no action 'explode'" in refused.err


def test_a_review_policy_is_checked_as_one(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "weighed.toml"
    rules = "".join(
        f'[[rule]]\nwhen = "{when}"\nthen = "{then}"\n'
        for when, then in (("a blocker", "stop_and_escalate"), ("anything else", "continue"))
    )
    file.write_text('name = "weighed"\n' + rules.replace("[[rule]]", "[[rule]]\nat_least = { blocker = 1 }", 1))
    right = orchestrate("policies", "check", str(file))
    assert (right.code, right.out) == (0, f"{file}: right; the review policy weighed, 2 rules\n")
    file.write_text("[weights]\nclaude = 3\n")
    wrong = orchestrate("policies", "check", str(file))
    assert wrong.code == 2
    assert "sandbox" not in wrong.err
