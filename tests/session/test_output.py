from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import Outcome
from orchestrator.models.events import ConversationStarted, UsageReported
from orchestrator.models.facts import RecoveryChosen
from orchestrator.models.money import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_usage_adds_up_and_a_spent_budget_stops_the_session(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex", max_tokens=20_000)
    p.start("gemini")
    p.says("gemini", UsageReported(Usage(input_tokens=4_000, output_tokens=9_000)))
    within = p.session
    p.says("gemini", UsageReported(Usage(input_tokens=7_010)))
    assert within.ending is None
    assert p.session.ending is not None
    assert "10 over" in p.session.ending.reason


def test_a_cli_that_began_with_other_rights_than_asked_for_is_stopped_and_reported(play: Callable[..., Play]) -> None:
    p = play("claude", "codex")
    p.start("claude")
    p.says("claude", ConversationStarted("c-1", permission_mode="default"))
    assert p.last(RecoveryChosen)[1].action.rule == "claude-mode-downgraded"
    assert p.session.ending is not None
    assert p.session.ending.outcome is Outcome.NEEDS_PERSON
    assert "permission mode is default, asked for was bypassPermissions" in p.session.ending.reason
