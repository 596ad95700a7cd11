from __future__ import annotations

import pytest

from orchestrator.safety.shell.builtin_commands import effect_on_scope
from orchestrator.safety.shell.scope import Scope, SimpleCommand
from orchestrator.safety.shell.words import UNKNOWN, Word

SCOPE = Scope(cwd="/w", home="/h", variables={"A": Word("one")})


def after(*words: str) -> Scope:
    return effect_on_scope(SimpleCommand(tuple(map(Word, words)), scope=SCOPE), SCOPE)


@pytest.mark.parametrize(
    ("words", "cwd"),
    [
        (("cd", "x"), "/w/x"),
        (("cd", "-P", "/y"), "/y"),
        (("cd", "--", "x"), "/w/x"),
        (("cd",), "/h"),
        (("cd", "-"), None),
        (("cd", "*"), None),
        (("pushd", "x"), "/w/x"),
        (("popd",), None),
        (("source", "x"), None),
        (("ls", "x"), "/w"),
    ],
)
def test_the_folder_changes(words: tuple[str, ...], cwd: str | None) -> None:
    assert after(*words).cwd == cwd


@pytest.mark.parametrize("words", [("read", "-r", "A"), ("mapfile", "A"), ("let", "A=3"), ("eval", "x"), (".", "x")])
def test_a_variable_is_no_longer_known(words: tuple[str, ...]) -> None:
    assert after(*words).value("A") == UNKNOWN


def test_an_alias_is_remembered() -> None:
    assert after("alias", "g=git push", "l").aliases == {"g": "git push"}


def test_a_copy_of_a_program_is_that_program() -> None:
    scope = after("ln", "-s", "/usr/bin/git", "x")
    assert scope.read(Word("./x")).content == Word('#!/bin/sh\nexec /usr/bin/git "$@"')
    assert scope.read(Word("x/git")).content is not None


def test_arguments_are_set() -> None:
    assert after("set", "-e", "--", "a", "b").value("@") == Word("a b")
    assert after("set", "-eu").value("@") == UNKNOWN


def test_what_printf_and_read_set_is_known() -> None:
    assert after("printf", "-v", "A", "git %s", "push").value("A") == Word("git push")
    given = SimpleCommand((Word("read"), Word("-r"), Word("A"), Word("B")), scope=SCOPE, inputs=(Word("a b c\nd"),))
    read = effect_on_scope(given, SCOPE)
    assert (read.value("A"), read.value("B")) == (Word("a"), Word("b c"))
