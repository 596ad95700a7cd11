from __future__ import annotations

import pytest

from orchestrator.safety.find_command import commands_of_find, found_by, piped_by
from orchestrator.safety.shell.words import Word


def as_words(text: str) -> list[Word]:
    return [Word(part) for part in text.split()]


def texts(words: tuple[Word, ...] | list[Word]) -> str:
    return " ".join(word.text for word in words)


@pytest.mark.parametrize(
    ("command", "inner"),
    [
        pytest.param("find . -exec a {} ; -o -execdir b {} +", ["a .", "b ."], id="two of them"),
        pytest.param("find x -name y -exec a {} ;", ["a x/found"], id="with a test"),
        pytest.param("find . -delete", ["rm -r -f ."], id="everything"),
        pytest.param("find x y -name z -delete", ["rm -r -f x/found y/found"], id="some of two folders"),
        pytest.param("find -print", [], id="nothing"),
    ],
)
def test_find_starts_commands(command: str, inner: list[str]) -> None:
    assert [texts(words) for words in commands_of_find(as_words(command))] == inner


@pytest.mark.parametrize(
    ("command", "found"), [("find", "."), ("find -L a", "a"), ("find a -type f", "a"), ("find a -mtime 1", "a/found")]
)
def test_what_is_found_lies_below_where_it_begins(command: str, found: str) -> None:
    assert texts(found_by(as_words(command))) == found


@pytest.mark.parametrize(
    ("command", "piped"),
    [("find a -name b", "a/found"), ("echo a b", "a b"), ("printf a\\0b", "a b"), ("git ls-files", "found")],
)
def test_what_is_piped_is_known(command: str, piped: str) -> None:
    words = as_words(command)
    assert texts(list(piped_by(words, words[0].text))) == piped


@pytest.mark.parametrize("command", ["cat list", "ls", "fd x"])
def test_what_is_piped_is_not_known(command: str) -> None:
    words = as_words(command)
    assert [word.dynamic for word in piped_by(words, words[0].text)] == [True]
