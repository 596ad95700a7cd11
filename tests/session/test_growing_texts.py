from __future__ import annotations

import pytest

from orchestrator.session.growing_texts import GrowingTexts


def test_it_holds_what_was_added_and_stays_as_it_was() -> None:
    none = GrowingTexts()
    one = none.with_one("a")
    two = one.with_one("b")

    assert [tuple(none), tuple(one), tuple(two)] == [(), ("a",), ("a", "b")]
    assert two == ("a", "b")
    assert (len(two), two[0], two[-1], two[-5:], two[::-1], "b" in two, "b" in one) == (
        *(2, "a", "b", ("a", "b"), ("b", "a")),
        *(True, False),
    )
    assert repr(two) == "('a', 'b')"
    assert hash(two) == hash(("a", "b"))
    assert two != ("a", "c")
    assert two != ["a", "b"]
    with pytest.raises(IndexError):
        one[1]


def test_two_that_go_on_from_one_know_nothing_of_each_other() -> None:
    one = GrowingTexts(["a"])
    left, right = one.with_one("l"), one.with_one("r")

    assert left.with_one("x") == ("a", "l", "x")
    assert right.with_one("y") == ("a", "r", "y")
    assert [tuple(one), tuple(left), tuple(right)] == [("a",), ("a", "l"), ("a", "r")]


def test_a_hundred_thousand_are_added_without_being_copied() -> None:
    texts = GrowingTexts()
    for number in range(100_000):
        texts = texts.with_one(str(number))

    assert len(texts) == 100_000
    assert texts[-1:] == ("99999",)
