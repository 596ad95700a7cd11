from __future__ import annotations

import pytest

from orchestrator.safety.shell_quotes import Unreadable, ansi_quoted, closing_bracket


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        pytest.param("a b)", "a b", id="plain"),
        pytest.param("a (b) c)", "a (b) c", id="inner brackets"),
        pytest.param("a ')' b)", "a ')' b", id="in single quotes"),
        pytest.param('a ")" b)', 'a ")" b', id="in double quotes"),
        pytest.param('"$(a ")")")', '"$(a ")")"', id="a command in double quotes"),
        pytest.param("a \\) b)", "a \\) b", id="escaped"),
    ],
)
def test_a_bracket_closes_where_the_shell_closes_it(text: str, inside: str) -> None:
    assert text[: closing_bracket(text, 0)] == inside


def test_curly_brackets_close_likewise() -> None:
    assert closing_bracket("a${b}c}", 0, brackets="{}") == 6


@pytest.mark.parametrize("text", ["a", "(a)", "'a)", '"a)'])
def test_a_bracket_that_does_not_close_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        closing_bracket(text, 0)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("a'", "a"), ("\\x41\\102\\u0043'", "ABC"), ("\\n\\t\\\\\\''", "\n\t\\'"), ("\\q\\U110000'", "q")],
)
def test_ansi_escapes_are_resolved(text: str, meant: str) -> None:
    assert ansi_quoted(text, 0) == (meant, len(text))


def test_an_ansi_quote_that_does_not_end_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        ansi_quoted("a\\'", 0)
