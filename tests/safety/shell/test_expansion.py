from __future__ import annotations

import pytest
from tree_sitter import Node

from orchestrator.safety.shell.expansion import text_of, value_of, words_of
from orchestrator.safety.shell.scope import Scope, SimpleCommand
from orchestrator.safety.shell.simple_commands import parse
from orchestrator.safety.shell.words import Word


class Nobody:
    """Follows nothing, and remembers what it was asked to follow."""

    def __init__(self) -> None:
        self.scope = Scope(cwd="/w", home="/h", variables={"A": Word("x y")})
        self.found: list[SimpleCommand] = []
        self.asked: list[str] = []

    def walk(self, node: Node) -> None:
        self.asked.append(text_of(node))

    def apart(self, node: Node) -> None:
        self.asked.append(text_of(node))


def argument(text: str) -> Node:
    return parse(f"x {text}").named_children[0].named_children[1]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("plain", ["plain"]),
        ("a\\ b", ["a b"]),
        ("'a b'", ["a b"]),
        ("$'\\x61'", ["a"]),
        ('"a $A  b"', ["a x y  b"]),
        ("$A", ["x", "y"]),
        ("z$A", ["zx", "y"]),
        ("${A}z", ["x", "yz"]),
        ("~/b", ["/h/b"]),
        ("{a,b}", ["a", "b"]),
        ("\\*", ["*"]),
    ],
)
def test_a_word_becomes_words(text: str, texts: list[str]) -> None:
    assert [word.text for word in words_of(argument(text), Nobody())] == texts


@pytest.mark.parametrize("text", ["$(a)", '"$(a)"', "`a`", "<(a)", "$((1 + 2))"])
def test_what_stands_in_a_word_is_followed(text: str) -> None:
    nobody = Nobody()
    (word,) = words_of(argument(text), nobody) or [Word("", dynamic=True)]
    assert word.dynamic
    assert nobody.asked


def test_an_assigned_value_is_not_split() -> None:
    assignment = parse('B="$A z"').named_children[0]
    assert value_of(assignment.named_children[1], Nobody()) == Word("x y z")
    assert value_of(None, Nobody()) == Word("")


def test_the_texts_own_separators_split_a_word() -> None:
    nobody = Nobody()
    nobody.scope = nobody.scope.with_variable("A", Word("x_y")).with_variable("IFS", Word("_"))
    assert [word.text for word in words_of(argument("$A"), nobody)] == ["x", "y"]
    assert [word.text for word in words_of(argument('"$A"'), nobody)] == ["x_y"]
