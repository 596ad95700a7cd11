"""A map that grows in constant time, and every older map stays what it was."""

from __future__ import annotations

import pytest

from orchestrator.agents.growing_map import EMPTY


def test_an_older_map_does_not_see_what_came_after_it() -> None:
    one = EMPTY.adding("a", "1")
    two = one.adding("b", "2")
    assert (dict(EMPTY), dict(one), dict(two)) == ({}, {"a": "1"}, {"a": "1", "b": "2"})
    assert "b" not in one
    with pytest.raises(KeyError):
        one["b"]


def test_an_older_map_can_grow_another_way() -> None:
    one = EMPTY.adding("a", "1")
    left, right = one.adding("b", "left"), one.adding("b", "right").adding("c", "3")
    assert (dict(left), dict(right)) == ({"a": "1", "b": "left"}, {"a": "1", "b": "right", "c": "3"})


def test_a_name_keeps_its_first_text() -> None:
    one = EMPTY.adding("a", "1")
    assert one.adding("a", "2") is one


def test_growing_shares_what_was_there() -> None:
    grown = EMPTY
    shared = set()
    for number in range(1_000):
        grown = grown.adding(str(number))
        shared.add(id(grown._shared))
    assert len(grown) == 1_000
    assert len(shared) == 1
