from __future__ import annotations

import pytest

from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.identity import ReviewId


@pytest.mark.parametrize(
    ("reasons", "recorded"),
    [
        ((), "a reviewer objects (review-002)"),
        (("codex: too wide", "gemini: no test"), "a reviewer objects (review-002): codex: too wide; gemini: no test"),
    ],
)
def test_a_decision_is_recorded_with_its_rule_and_the_reasons(reasons: tuple[str, ...], recorded: str) -> None:
    decision = OrchestratorDecision(
        Action.PAUSE_AND_CLARIFY, "a reviewer objects", "careful", ReviewId("review-002"), None, reasons=reasons
    )
    assert decision.because == recorded
