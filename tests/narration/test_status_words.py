"""Ends and standings are told in words of their own."""

from __future__ import annotations

from orchestrator.narration.status_words import OUTCOME_WORDS, status_words


def test_no_end_is_told_in_two_ways() -> None:
    assert len(set(OUTCOME_WORDS.values())) == len(OUTCOME_WORDS)


def test_a_status_is_told_without_underscores() -> None:
    assert status_words("waits_for_you") == "waits for you"
