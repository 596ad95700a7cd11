from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.approvals import STOP, Settled


@pytest.mark.parametrize(("question", "of_stop"), [(f"{STOP}1", True), ("q1", False), ("", False)])
def test_words_to_a_stop_are_told_from_answers_and_consents(question: str, of_stop: bool) -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert Settled(question, "?", (), None, "go on", "terminal", "ada", at, "told").of_stop is of_stop
