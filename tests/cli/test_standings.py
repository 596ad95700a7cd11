"""How a session stands, in a word."""

from __future__ import annotations

import pytest

from orchestrator.cli.standings import WAITS, standing_words
from orchestrator.models.effects import Outcome
from orchestrator.session import summary


@pytest.mark.parametrize(
    ("outcome", "holder", "waits", "words"),
    [
        (Outcome.DONE, None, False, "done"),
        (None, 4711, False, "running (pid 4711)"),
        (None, 4711, True, "waits for you (pid 4711)"),
        (None, 0, False, "running"),
        (None, None, False, "lost its coordinator (orchestrate resume s1)"),
    ],
)
def test_a_session_stands_in_one_word(outcome: Outcome | None, holder: int | None, waits: bool, words: str) -> None:
    assert standing_words(outcome, holder, session="s1", waits=waits) == words


def test_what_waits_is_called_as_in_a_summary() -> None:
    assert WAITS == summary.WAITS
