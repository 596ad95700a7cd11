from __future__ import annotations

import pytest

from orchestrator.safety.shell.scope import Scope, SimpleCommand, echoed, output_of, parameter
from orchestrator.safety.shell.words import UNKNOWN, Word

SCOPE = Scope(cwd="/w", home="/h", variables={"A": Word("one"), "E": Word(""), "D": Word("out/"), "U": UNKNOWN})


def test_what_is_written_to_a_file_is_remembered_up_to_a_bound() -> None:
    scope = SCOPE.with_file("x", Word("a")).with_file("/w/x", Word("b"))
    assert scope.read(Word("./x")).content == Word("a\nb")
    assert scope.read(Word("y")).content is None
    assert SCOPE.with_file("x", Word("a" * 100_000)) is SCOPE
    assert Scope().with_file("x", Word("a")).files == {}


def test_arguments_have_numbers_and_are_together() -> None:
    scope = SCOPE.with_arguments([Word("a"), Word("b")])
    assert [scope.value(name).text for name in ("1", "2", "@")] == ["a", "b", "a b"]


@pytest.mark.parametrize(
    ("inside", "default", "text", "dynamic"),
    [
        ("A", None, "one", False),
        ("X", None, "", True),
        ("A:-x", Word("x"), "one", False),
        ("E:-x", Word("x"), "x", False),
        ("X:-x", Word("x"), "x", True),
        ("A:+x", Word("x"), "x", False),
        ("A:?gone", Word("gone"), "one", False),
        ("D%/", None, "out", False),
        ("A%%n*", None, "", True),
        ("#A", None, "", True),
        ("A[1]", None, "", True),
        ("HOME", None, "/h", False),
        ("PWD", None, "/w", False),
    ],
)
def test_a_parameter_is_what_the_text_says(inside: str, default: Word | None, text: str, dynamic: bool) -> None:
    assert parameter(inside, SCOPE, default)[:2] == (text, dynamic)


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (("echo", "-n", "a", "b"), "a b"),
        (("printf", "%s", "a"), "a"),
        (("printf", "r%s", "m"), "rm"),
        (("pwd",), "/w"),
        (("mktemp", "-d"), "/tmp/mktemp"),
        (("which", "a"), "a"),
        (("command", "-v", "a"), "a"),
        (("dirname", "a/b"), "a"),
        (("basename", "a/b"), "b"),
        (("realpath", "../x"), "/x"),
    ],
)
def test_the_output_of_a_few_programs_is_known(words: tuple[str, ...], output: str) -> None:
    assert output_of(SimpleCommand(tuple(map(Word, words)), scope=SCOPE)) == Word(output)


@pytest.mark.parametrize("words", [("date",), ("mktemp", "-p", "/x"), ("printf", "%d", "3"), ("realpath", "a", "b")])
def test_the_output_of_others_is_not(words: tuple[str, ...]) -> None:
    assert output_of(SimpleCommand(tuple(map(Word, words)), scope=SCOPE)).dynamic


def test_what_is_echoed_is_known_only_if_all_of_it_is() -> None:
    assert echoed([Word("echo"), Word("a"), UNKNOWN]).dynamic


def test_a_path_is_whole_where_the_folder_is_known() -> None:
    assert SCOPE.at("a/../b") == "/w/b"
    assert Scope().at("a") is None
    assert Scope().at("/a") == "/a"
