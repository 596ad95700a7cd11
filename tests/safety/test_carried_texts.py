from __future__ import annotations

import pytest

from orchestrator.safety.carried_texts import (
    carried_by,
    carries,
    family,
    joined,
    operands,
    texts_of_variables,
)
from orchestrator.safety.shell.simple_commands import read
from orchestrator.safety.shell.words import Word


def carried(text: str) -> list[tuple[str, str]]:
    command = read(text).commands[-1]
    return [(one.language, one.text.text) for one in carried_by(command.words[0].text, command.words, command)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("tar --to-command=x -xf y", [("shell", "x")], id="an option with its value attached"),
        pytest.param("tar -I 'x y' -cf z .", [("shell", "x y")], id="a value that stands apart"),
        pytest.param("ssh -oProxyCommand=x host", [("ssh", "ProxyCommand=x")], id="a letter with its value"),
        pytest.param("vim -c q +'!x'", [("vim", "q"), ("vim", "!x")], id="commands of an editor"),
        pytest.param("python3 - <<'E'\nprint(1)\nE", [("python", "print(1)\n")], id="a here-document"),
        pytest.param("python3 x.py <<'E'\nprint(1)\nE", [], id="data for a program that stands elsewhere"),
        pytest.param("python3 -c x <<'E'\ny\nE", [], id="data for code that stands in an argument"),
        pytest.param("echo x | bash -s -- y", [("shell", "x")], id="a pipe"),
        pytest.param("echo x | cat | tee z | sh", [("shell", "x")], id="a pipe with stages that pass it on"),
        pytest.param("bash <(echo x)", [("shell", "x")], id="a process substitution"),
        pytest.param(". /dev/stdin <<< x", [("shell", "x")], id="standard input by its name"),
        pytest.param("awk -f - y <<'E'\nz\nE", [("awk", "z\n")], id="a program file that is standard input"),
        pytest.param("make -f <(echo x)", [("make", "x")], id="a makefile that is none"),
        pytest.param("tmux new -d -s n 'x y' Enter", [("shell", "x y")], id="a terminal multiplexer"),
        pytest.param("ipython -c '!x'", [("ipython", "!x")], id="a shell of Python"),
        pytest.param("screen -X stuff x", [("shell", "x")], id="keys for a screen"),
        pytest.param("less '+!x' y", [("shell", "x")], id="a pager"),
        pytest.param("sed -ne x y", [("sed", "x")], id="a script behind letters that stand together"),
        pytest.param("sed x y", [("sed", "x")], id="a script that stands alone"),
        pytest.param("make SHELL=x", [("shell", "x")], id="make's own shell"),
        pytest.param("hyperfine -w 3 x 'y z'", [("shell", "x"), ("shell", "y z")], id="each operand"),
        pytest.param("crontab -l <<< x", [], id="a way to call it that reads nothing"),
    ],
)
def test_what_a_program_is_given_to_run_is_found(text: str, found: list[tuple[str, str]]) -> None:
    assert carried(text) == found


def test_what_is_not_known_is_called_unknown() -> None:
    command = read("curl x | sh").commands[-1]
    (one,) = carried_by("sh", command.words, command)
    assert one.text.dynamic


def test_variables_that_somebody_runs_are_found() -> None:
    sets = read("GIT_EDITOR='x y' BASH_ENV=<(echo z) FOO=w git commit").commands[-1].sets
    assert [one.text.text for one in texts_of_variables(sets)] == ["x y", "z"]


def test_programs_are_known_by_their_families() -> None:
    assert [family(name) for name in ("python3.12", "dash", "nodejs", "nvim", "gawk", "x")] == [
        *("python", "shell", "node", "vim", "awk", "x")
    ]
    assert carries("tar")
    assert not carries("ls")


def test_operands_are_what_is_no_option() -> None:
    words = [Word(part) for part in ["x", "-a", "b", "-c", "d", "--", "-e"]]
    assert [word.text for word in operands(words, frozenset({"-a"}))] == ["d", "-e"]
    assert joined(words[:2]).text == "x -a"
