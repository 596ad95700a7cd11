from __future__ import annotations

import pytest

from orchestrator.safety.shell.words import (
    MAX_FIELDS,
    Piece,
    Unreadable,
    Word,
    ansi_quoted,
    fields,
    in_double_quotes,
    literal,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("r\\m", "rm"), ("a\\ b", "a b"), ("a\\\nb", "ab"), ("plain", "plain"), ("\\\\", "\\")],
)
def test_a_backslash_goes_and_what_follows_stays(written: str, meant: str) -> None:
    assert literal(written) == meant


@pytest.mark.parametrize(("written", "meant"), [("a\\$b", "a$b"), ("a\\nb", "a\\nb"), ('\\"', '"'), ("a\\\nb", "ab")])
def test_between_double_quotes_few_backslashes_mean_anything(written: str, meant: str) -> None:
    assert in_double_quotes(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("\\x72m", "rm"), ("\\162m", "rm"), ("\\u0072m", "rm"), ("a\\nb", "a\nb"), ("\\q", "\\q"), ("\\U99999999", "")],
)
def test_ansi_quotes_are_resolved(written: str, meant: str) -> None:
    assert ansi_quoted(written) == meant


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        pytest.param([Piece("a"), Piece("b c", quoted=True)], ["ab c"], id="quotes hold together"),
        pytest.param([Piece("a b", splits=True)], ["a", "b"], id="an expansion splits"),
        pytest.param([Piece("", splits=True)], [], id="an empty expansion is no word"),
        pytest.param([Piece("", quoted=True)], [""], id="an empty quote is one"),
        pytest.param([Piece("x"), Piece(" ", splits=True), Piece("y")], ["x", "y"], id="separators between"),
        pytest.param([Piece("a{b,c}d")], ["abd", "acd"], id="braces"),
        pytest.param([Piece("{a,b{1,2}}")], ["a", "b1", "b2"], id="braces in braces"),
        pytest.param([Piece("{1..3}")], ["1", "2", "3"], id="a range"),
        pytest.param([Piece("{c..a}")], ["c", "b", "a"], id="a range backwards"),
        pytest.param([Piece("{1..100000}")], ["1", "100000"], id="a long range is its ends"),
        pytest.param([Piece("{a}")], ["{a}"], id="a brace of one"),
        pytest.param([Piece("{a,"), Piece("b,c", quoted=True), Piece("}")], ["a", "b,c"], id="a quoted comma"),
    ],
)
def test_a_word_as_written_becomes_words(pieces: list[Piece], texts: list[str]) -> None:
    assert [word.text for word in fields(pieces)] == texts


def test_a_word_knows_whether_it_is_a_pattern_or_not_known() -> None:
    assert fields([Piece("*.py")]) == [Word("*.py", pattern=True)]
    assert fields([Piece("*.py", quoted=True)]) == [Word("*.py")]
    assert fields([Piece("a"), Piece("", dynamic=True)]) == [Word("a", dynamic=True)]


def test_too_many_words_are_refused() -> None:
    with pytest.raises(Unreadable):
        fields([Piece("{a,b}" * (MAX_FIELDS // 4))])
