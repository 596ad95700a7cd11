"""Rows of a label and a text are laid out under each other."""

from __future__ import annotations

from orchestrator.cli.labelled_rows import labelled_lines


def test_a_label_is_shown_once_where_it_begins() -> None:
    rows = [("a", "one"), ("a", "two"), ("", "three"), ("b", "four")]
    assert labelled_lines(rows, width=None) == [
        "a          one",
        "           two",
        "           three",
        "b          four",
    ]


def test_a_line_is_broken_between_words_and_goes_on_indented() -> None:
    assert labelled_lines([("a", "one two three four five six")], width=31) == [
        "a          one two three four",
        "             five six",
    ]
