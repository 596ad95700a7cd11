from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.safety.shell import commands_in
from orchestrator.safety.shell_quotes import Unreadable


def words(text: str) -> list[list[str]]:
    return [[word.text for word in command.words] for command in commands_in(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("a b  c", [["a", "b", "c"]], id="words"),
        pytest.param("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]], id="quotes"),
        pytest.param("a '' \"\"", [["a", "", ""]], id="empty words"),
        pytest.param('a "\\$b \\n \\\\"', [["a", "$b \\n \\"]], id="escapes in double quotes"),
        pytest.param("a; b & c | d || e && f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]], id="operators"),
        pytest.param("a >x 2>>y <z b", [["a", "b"]], id="redirections"),
        pytest.param("a 12 >3", [["a", "12"]], id="a number is a word"),
        pytest.param("a#b #c", [["a#b"]], id="a comment begins a word"),
        pytest.param("A=1 b", [["b"]], id="assignments"),
        pytest.param("A=1", [], id="an assignment alone is no command"),
        pytest.param("! a", [["a"]], id="a reserved word"),
        pytest.param("echo $(a b) c", [["a", "b"], ["echo", "", "c"]], id="inner commands come first"),
        pytest.param('echo "$(a ")")"', [["a", ")"], ["echo", ""]], id="brackets in quotes"),
        pytest.param("a <<E b\ntext\nE\nc", [["a", "b"], ["c"]], id="a here-document is no command"),
    ],
)
def test_a_text_is_read_as_the_shell_would(text: str, found: list[list[str]]) -> None:
    assert words(text) == found


def test_words_know_what_only_the_shell_knows() -> None:
    (command,) = commands_in("a $b 'c$d' *.py \"$e\" '*'")
    assert [(word.dynamic, word.pattern) for word in command.words] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_a_command_knows_its_pipe_and_its_input() -> None:
    found = commands_in("a | b <<E\nline\nE\n")
    assert [[word.text for word in stage] for stage in found[1].pipeline] == [["a"]]
    assert list(found[1].inputs) == ["line"]


@pytest.mark.parametrize("text", ["'", '"', "`a", "$(a", "${a", "$'a", "a >", "a <<E"])
def test_what_does_not_end_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        commands_in(text)


@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text), min_size=1, max_size=4))
def test_what_the_standard_library_quotes_is_read_back(parts: list[str]) -> None:
    (command,) = commands_in("x " + shlex.join(parts))
    assert [word.text for word in command.words[1:]] == parts


@given(st.text(max_size=80))
def test_any_text_is_read_or_unreadable(text: str) -> None:
    try:
        found = commands_in(text)
    except Unreadable:
        return
    assert all(command.words for command in found)
