"""Claude Code's command line."""

from __future__ import annotations

import pytest

from orchestrator.agents.claude import AGENT
from orchestrator.models.events import ConversationStarted
from orchestrator.models.work import ModelEndpoint
from orchestrator.testing.agents import sample_assignment


def test_inside_a_sandbox_approvals_are_bypassed_and_root_is_told_so() -> None:
    spec = AGENT.launch(sample_assignment(AGENT))
    assert "--dangerously-skip-permissions" in spec.argv
    assert spec.env["IS_SANDBOX"] == "1"


def test_outside_one_only_edits_are_accepted() -> None:
    spec = AGENT.launch(sample_assignment(AGENT, bypass_approvals=False))
    assert "--dangerously-skip-permissions" not in spec.argv
    assert "IS_SANDBOX" not in spec.env
    assert spec.argv[spec.argv.index("--permission-mode") + 1] == "acceptEdits"


def test_stream_json_comes_with_verbose() -> None:
    argv = AGENT.launch(sample_assignment(AGENT)).argv
    assert argv[argv.index("--output-format") + 1] == "stream-json"
    assert "--verbose" in argv


def test_a_reply_schema_is_passed_as_json() -> None:
    argv = AGENT.launch(sample_assignment(AGENT, reply_schema={"type": "object"})).argv
    assert argv[argv.index("--json-schema") + 1] == '{"type":"object"}'


def test_a_rehearsals_endpoint_goes_into_the_environment() -> None:
    env = AGENT.launch(sample_assignment(AGENT, endpoint=ModelEndpoint("http://127.0.0.1:1", "k"))).env
    assert (env["ANTHROPIC_BASE_URL"], env["ANTHROPIC_API_KEY"]) == ("http://127.0.0.1:1", "k")
    assert "ANTHROPIC_BASE_URL" not in AGENT.launch(sample_assignment(AGENT)).env


def test_claude_is_stopped_by_term() -> None:
    assert [step.signal for step in AGENT.launch(sample_assignment(AGENT)).stop_ladder] == ["TERM"]


@pytest.mark.parametrize(
    ("changes", "mode", "said"),
    [
        pytest.param({}, "bypassPermissions", None, id="as asked"),
        pytest.param({}, None, None, id="a version that does not say"),
        pytest.param({}, "default", "mode is default, asked for was bypassPermissions", id="taken away by settings"),
        pytest.param({"bypass_approvals": False}, "acceptEdits", None, id="restricted, as asked"),
        pytest.param({"bypass_approvals": False}, "plan", "asked for was acceptEdits", id="restricted further"),
        pytest.param({"without_flags": ("--dangerously-skip-permissions",)}, "default", None, id="nothing was asked"),
        pytest.param(
            {"bypass_approvals": False, "extra_flags": ("--permission-mode=manual",)}, "default", None, id="two names"
        ),
    ],
)
def test_a_permission_mode_that_was_not_asked_for_is_noticed(
    changes: dict[str, object], mode: str | None, said: str | None
) -> None:
    assignment = sample_assignment(AGENT, **changes)
    text = AGENT.launch_mismatch(assignment, ConversationStarted("c-1", permission_mode=mode))
    assert text is None if said is None else text is not None and said in text


def test_the_users_own_gateway_is_told() -> None:
    spec = AGENT.launch(sample_assignment(AGENT, gateway="https://llm.test/v1"))
    assert spec.env["ANTHROPIC_BASE_URL"] == "https://llm.test/v1"
    assert "ANTHROPIC_BASE_URL" not in AGENT.launch(sample_assignment(AGENT)).env
