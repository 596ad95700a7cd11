from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.safety.shell.scope import Scope, SimpleCommand
from orchestrator.safety.shell.simple_commands import MAX_CHARS, read
from orchestrator.safety.shell.words import Unreadable


def commands(text: str, cwd: str | None = None) -> list[SimpleCommand]:
    return [command for command in read(text, scope=Scope(cwd=cwd, home="/home/me")).commands if command.words]


def words(text: str, cwd: str | None = None) -> list[list[str]]:
    return [[word.text for word in command.words] for command in commands(text, cwd)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("a b  c", [["a", "b", "c"]], id="words"),
        pytest.param("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]], id="quotes"),
        pytest.param("a '' \"\"", [["a", "", ""]], id="empty words"),
        pytest.param('a "\\$b \\n \\\\"', [["a", "$b \\n \\"]], id="escapes in double quotes"),
        pytest.param("a $'\\x62\\063' $\"d\"", [["a", "b3", "d"]], id="escaped letters"),
        pytest.param("a; b & c | d || e && f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]], id="operators"),
        pytest.param("a >x 2>>y <z b", [["a", "b"]], id="words after redirections"),
        pytest.param("a 12 >3", [["a", "12"]], id="a number is a word"),
        pytest.param("x a#b #c", [["x", "a#b"]], id="a comment begins a word"),
        pytest.param("A=1 b", [["b"]], id="assignments"),
        pytest.param("A=1", [], id="an assignment alone is no command"),
        pytest.param("! a", [["a"]], id="a reserved word"),
        pytest.param("echo $(a b) c", [["a", "b"], ["echo", "", "c"]], id="inner commands come first"),
        pytest.param('echo "$(a ")")"', [["a", ")"], ["echo", ""]], id="brackets in quotes"),
        pytest.param("a <<E b\ntext\nE\nc", [["a", "b"], ["c"]], id="a here-document is no command"),
        pytest.param("a <<E; b\ntext\nE", [["a"], ["b"]], id="more on a here-document's line"),
        pytest.param("a <<E && b | c\ntext\nE", [["a"], ["b"], ["c"]], id="a pipe on a here-document's line"),
        pytest.param("a {b,c}d x{1..3}", [["a", "bd", "cd", "x1", "x2", "x3"]], id="braces"),
        pytest.param("a {b} '{c,d}' {}", [["a", "{b}", "{c,d}", "{}"]], id="braces that mean nothing"),
        pytest.param("a ~/x ~ '~'", [["a", "/home/me/x", "/home/me", "~"]], id="the home"),
    ],
)
def test_a_text_is_read_as_the_shell_would(text: str, found: list[list[str]]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "last"),
    [
        pytest.param("X=rm; $X a", "rm a", id="a variable"),
        pytest.param('X="a b"; c $X "$X"', "c a b a b", id="a variable that is split"),
        pytest.param("a${IFS}b", "a b", id="the separators"),
        pytest.param("X=a; X+=b; c $X", "c ab", id="a variable that grows"),
        pytest.param('X=(a b); c "${X[@]}"', "c a b", id="an array"),
        pytest.param("export X=a; b $X", "b a", id="an exported variable"),
        pytest.param("b ${X:-a}", "b a", id="a default"),
        pytest.param("X=a/; b ${X%/}c", "b ac", id="a suffix taken off"),
        pytest.param("X=$(echo a); b $X", "b a", id="what echo says"),
        pytest.param("X=`printf '%s' a`; b $X", "b a", id="what printf says"),
        pytest.param("X=$(mktemp -d); b $X/c", "b /tmp/mktemp/c", id="a temporary folder"),
        pytest.param("$(which a) b", "a b", id="where a program is"),
        pytest.param("f() { b $1; }; f a", "b a", id="a function's argument"),
        pytest.param("alias x='a b'; x c", "a b c", id="an alias"),
        pytest.param("for x in a; do b $x; done", "b a", id="a loop over words"),
        pytest.param("$EMPTY$X a", " a", id="what is not known"),
        pytest.param("X=a; if y; then X=b; fi; c $X", "c ", id="a variable that may have changed"),
        pytest.param("X=a; while y; do c $X; X=b; done", "c ", id="a variable that changes in a loop"),
        pytest.param("X=a; (X=b); c $X", "c a", id="a variable of a subshell"),
        pytest.param("X=a; read X; c $X", "c ", id="a variable that is read"),
        pytest.param("X=a; y && X=b; c $X", "c ", id="a variable that changes only if"),
    ],
)
def test_what_is_known_beforehand_is_followed(text: str, last: str) -> None:
    assert " ".join(words(text)[-1]) == last


@pytest.mark.parametrize(
    ("text", "cwd"),
    [
        pytest.param("a", "/w", id="where it begins"),
        pytest.param("cd b && a", "/w/b", id="a folder below"),
        pytest.param("cd b; cd ..; a", "/w", id="there and back"),
        pytest.param("(cd b); a", "/w", id="a subshell's folder"),
        pytest.param("cd /x; a", "/x", id="a whole path"),
        pytest.param("cd; a", "/home/me", id="the home"),
        pytest.param("cd $X; a", None, id="a folder that is not known"),
        pytest.param("cd -; a", None, id="the one before"),
        pytest.param("test -d b && cd b || cd c; a", None, id="one or the other"),
        pytest.param("source x; a", None, id="after another file"),
    ],
)
def test_a_command_knows_its_folder(text: str, cwd: str | None) -> None:
    assert commands(text, "/w")[-1].scope.cwd == cwd


def test_words_know_what_only_the_shell_knows() -> None:
    (command,) = commands("a $b 'c$d' *.py \"$e\" '*'")
    assert [(word.dynamic, word.pattern) for word in command.words] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_a_command_knows_its_pipe_its_input_and_its_output() -> None:
    found = commands("a | b <<E\nline\nE\n")
    assert [[word.text for word in stage] for stage in found[1].pipeline] == [["a"]]
    assert [word.text for word in found[1].inputs] == ["line\n"]
    assert [word.text for word in commands("b >c 2>>d")[0].writes] == ["c", "d"]


@pytest.mark.parametrize("text", ["'", '"', "`a", "$(a", "${a", "$'a", "a >", "if a; then"])
def test_what_does_not_end_has_a_problem(text: str) -> None:
    assert read(text).problem is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("$(" * 50 + "a" + ")" * 50, id="too deep"),
        pytest.param("a|" * 20_000 + "a", id="a pipe without end"),
        pytest.param("f() { f; }; f", id="a function that calls itself"),
        pytest.param("a {1..9}{1..9}{1..9}", id="too many words"),
        pytest.param("for i in 1 2 3 4 5 6 7 8; do " * 9 + "a" + "; done" * 9, id="too many turns"),
        pytest.param("".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }};" for i in range(60)) + "f0", id="too many calls"),
    ],
)
def test_what_is_beyond_measure_has_a_problem(text: str) -> None:
    assert read(text).problem is not None


def test_what_was_found_before_it_got_too_much_counts() -> None:
    found = read("rm -rf x;" + "a;" * 20_000).commands
    assert [word.text for word in found[0].words] == ["rm", "-rf", "x"]


def test_a_text_without_end_is_not_read() -> None:
    with pytest.raises(Unreadable):
        read("x" * (MAX_CHARS + 1))


def test_a_value_that_doubles_is_let_go() -> None:
    assert words("X=aaaaaaaa;" + "X=$X$X;" * 40 + "c $X") == [["c", ""]]


@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text), min_size=1, max_size=4))
def test_what_the_standard_library_quotes_is_read_back(parts: list[str]) -> None:
    (command,) = commands("x " + shlex.join(parts))
    assert [word.text for word in command.words[1:]] == parts


@given(st.text(max_size=80))
def test_any_text_is_read_or_unreadable(text: str) -> None:
    try:
        read(text)
    except Unreadable:
        return
