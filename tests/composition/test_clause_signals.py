"""What the readers of all languages share."""

from __future__ import annotations

from orchestrator.composition.clause_signals import folded, longest_head


def test_the_longest_phrase_at_the_head_is_taken() -> None:
    assert longest_head(("can", "you", "add"), [("can",), ("can", "you"), ("you",)]) == ("can", "you")
    assert longest_head(("you",), [("can",)]) == ()


def test_accents_are_left_out_as_people_leave_them_out() -> None:
    assert folded("ändérç") == "anderc"
