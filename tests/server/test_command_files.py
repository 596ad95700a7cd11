from __future__ import annotations

import pytest

from orchestrator.models.facts import Question
from orchestrator.server.command_files import words_for


@pytest.mark.parametrize(
    ("suggestions", "yes", "no"),
    [
        pytest.param(("yes", "no"), "yes", "no", id="the question's own words"),
        pytest.param(("Allow it once", "Refuse"), "Allow it once", "Refuse", id="words of its own"),
        pytest.param(("retry",), "yes, confirmed", "no, refused", id="none that fit"),
    ],
)
def test_confirming_uses_the_words_the_question_suggests(suggestions: tuple[str, ...], yes: str, no: str) -> None:
    question = Question("q1", "May it?", suggestions)
    assert (words_for(question, confirmed=True), words_for(question, confirmed=False)) == (yes, no)
