from __future__ import annotations

import shlex

import pytest

from orchestrator.safety.git_commands import alias_key, alias_set_by, commands_of_git, scripts_of_git
from orchestrator.safety.shell.scope import Scope
from orchestrator.safety.shell.words import Word


@pytest.mark.parametrize(
    ("command", "scripts"),
    [
        pytest.param("git -c alias.x='!a b' x c", ["a b c"], id="an alias of the shell"),
        pytest.param("git -c alias.x='push -f' x c", ["git push -f c"], id="an alias of git"),
        pytest.param("git -c alias.x='!a' y", [], id="an alias that is not used"),
        pytest.param("git -c core.pager='a b' log", ["a b"], id="a pager"),
        pytest.param("git -C d -c diff.external=a diff", ["a"], id="a program for diffs"),
        pytest.param("git submodule foreach --recursive a b", ["a b"], id="in every submodule"),
        pytest.param("git clone -u 'a b' x", ["a b"], id="over there"),
        pytest.param("git clone 'ext::a b' x", ["a b"], id="a remote that is a program"),
        pytest.param("git rebase -x 'a b' main", ["a b"], id="between commits"),
        pytest.param("git rebase --exec='a b' main", ["a b"], id="the long way"),
        pytest.param("git filter-branch --tree-filter 'a' HEAD", ["a"], id="in every tree"),
        pytest.param("git status", [], id="nothing"),
        pytest.param("git", [], id="no word"),
    ],
)
def test_what_git_is_told_to_start_is_found(command: str, scripts: list[str]) -> None:
    found = scripts_of_git([Word(part) for part in shlex.split(command)])
    assert [script.text for script in found] == scripts


def test_what_git_runs_word_by_word_is_found() -> None:
    found = commands_of_git([Word(part) for part in shlex.split("git bisect run a 'b c'")])
    assert [[word.text for word in words] for words in found] == [["a", "b c"]]


def test_an_alias_that_the_text_sets_is_known_later() -> None:
    assert alias_set_by([Word(part) for part in shlex.split("git config --global alias.x '!a b'")]) == (
        "x",
        Word("!a b"),
    )
    assert alias_set_by([Word(part) for part in shlex.split("git config user.name x")]) is None
    scope = Scope(variables={alias_key("x"): Word("!a b")})
    found = scripts_of_git([Word("git"), Word("x"), Word("c")], scope)
    assert [script.text for script in found] == ["a b c"]


def test_an_alias_may_come_from_variables() -> None:
    scope = Scope(variables={"GIT_CONFIG_KEY_0": Word("alias.x"), "GIT_CONFIG_VALUE_0": Word("push -f")})
    words = [Word(part) for part in ("git", "x", "a")]
    assert [script.text for script in scripts_of_git(words, scope)] == ["git push -f a"]
