from __future__ import annotations

import pytest

from orchestrator.safety.carried_texts import Carried
from orchestrator.safety.code_texts import (
    OPAQUE,
    UNSEEN,
    Started,
    interprets,
    python_words,
    run_by_interpreter,
    runs_code,
    started_by,
    started_in,
)
from orchestrator.safety.shell.words import Word


def started(*words: str) -> list[str]:
    found = started_by(words[0], [Word(word) for word in words])
    return [said(one) for one in found]


def said(one: Started) -> str:
    if one is UNSEEN:
        return "?"
    return one.script if one.script is not None else "+".join(word.text for word in one.words)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param(("python3", "-c", "import os; os.system('a b')"), ["a b"], id="os.system"),
        pytest.param(("python", "-c", "import subprocess as s; s.run(['a', 'b'])"), ["a+b"], id="a list"),
        pytest.param(("python", "-c", "import subprocess as s; s.run('a b', shell=True)"), ["a b"], id="a text"),
        pytest.param(("python", "-c", "import shutil; shutil.rmtree('x')"), ["rm+-r+-f+x"], id="rmtree"),
        pytest.param(("python", "-c", "shutil.rmtree(x)"), ["?"], id="rmtree of something"),
        pytest.param(("python", "-c", "os.system(x)"), ["?"], id="a command in a variable"),
        pytest.param(
            ("python", "-c", "from pathlib import Path; d = Path('/a') / 'b'; shutil.rmtree(Path(d))"),
            ["rm+-r+-f+/a/b"],
            id="a path put together",
        ),
        pytest.param(("python", "-c", "c = ['a', 'b' + 'c']; run(c)"), ["a+bc"], id="a list with a name"),
        pytest.param(("python", "-c", "x = 1; x = 2; os.system(x)"), ["?"], id="a name that is set twice"),
        pytest.param(("python", "-c", "open('a', 'w').write('x'); open('b')"), ["tee+a"], id="a file that is written"),
        pytest.param(("node", "-e", "fs.writeFileSync('a', 'x')"), ["tee+a"], id="a file that node writes"),
        pytest.param(("deno", "eval", "Deno.removeSync('/a', {recursive: true})"), ["rm+-r+-f+/a"], id="deno"),
        pytest.param(("deno", "eval", "Deno.removeSync('/a')"), [], id="a file that deno removes"),
        pytest.param(("python", "-c", "not python ("), [], id="no python"),
        pytest.param(("python", "-c", "print 'x'; os.system('a')"), ["a"], id="an older python"),
        pytest.param(("python", "script.py"), [], id="a file"),
        pytest.param(("perl", "-e", 'system("a b")'), ["a b"], id="perl"),
        pytest.param(("perl", "-ne", 'system("a b")'), ["a b"], id="perl with letters together"),
        pytest.param(("node", "--eval", "cp.execSync('a b')"), ["a b"], id="node"),
        pytest.param(("node", "-e", "fs.rmSync(x)"), ["?"], id="node that removes"),
        pytest.param(("ruby", "-e", "system('a')"), ["a"], id="ruby"),
        pytest.param(("awk", 'BEGIN { system("a b") }'), ["a b"], id="awk"),
        pytest.param(("awk", "{print $1}", "file"), [], id="ordinary awk"),
    ],
)
def test_what_code_starts_is_found(words: tuple[str, ...], found: list[str]) -> None:
    assert started(*words) == found


def test_programs_that_take_code_are_known_by_name() -> None:
    assert all(map(runs_code, ("python3.11", "pypy", "perl", "node", "gawk")))
    assert not any(map(runs_code, ("pythonx", "ls")))


@pytest.mark.parametrize(
    ("command", "inner"),
    [
        ("python3 -mpip install x", "pip install x"),
        ("python3 -Im pip install x", "pip install x"),
        ("python3 -W ignore -m pip._internal x", "pip x"),
        ("python3 .venv/bin/pip install x", "pip install x"),
        ("python3 setup.py sdist upload", "twine upload"),
        ("node -r a /x/npm-cli.js publish", "npm publish"),
        ("node /x/npm-cli.js publish", "npm publish"),
        ("bash /usr/bin/x y", "x y"),
    ],
)
def test_an_interpreter_is_told_to_be_another_program(command: str, inner: str) -> None:
    words = [Word(part) for part in command.split()]
    (found,) = run_by_interpreter(words[0].text, words)
    assert " ".join(word.text for word in found) == inner


def test_a_file_of_a_package_is_most_likely_its_program() -> None:
    words = [Word(part) for part in ["node", "node_modules/@a/tool/dist/cli.js", "x"]]
    found = [" ".join(word.text for word in each) for each in run_by_interpreter("node", words)]
    assert found == ["cli x", "tool x"]


def test_code_that_only_run_time_knows_may_be_anything() -> None:
    assert list(started_by("node", [Word("node"), Word("-e"), Word("", dynamic=True)])) == [OPAQUE]
    assert list(started_by("python3", [Word("python3"), Word("-c"), Word("", dynamic=True)])) == [OPAQUE]


@pytest.mark.parametrize("command", ["python3 -c x", "python3 setup.py build", "node -e x", "python3"])
def test_or_to_be_none(command: str) -> None:
    words = [Word(part) for part in command.split()]
    assert list(run_by_interpreter(words[0].text, words)) == []


def test_python_reads_its_letters_one_by_one() -> None:
    told = python_words([Word(part) for part in ["python3", "-uX", "dev", "-Wignore", "-c", "code", "a", "b"]])
    assert told.code == Word("code")
    assert [word.text for word in told.rest] == ["a", "b"]


@pytest.mark.parametrize(
    ("language", "text", "scripts"),
    [
        ("sed", "1e a b", ["a b"]),
        ("sed", "s/x/a b/e", ["a b"]),
        ("sed", "s/execute/e/", []),
        ("awk", '{ "a b" | getline; print | "c" }', ["a b", "c"]),
        ("make", "all:\n\t@a b\nx: ; c", ["a b", "c"]),
        ("vim", ":%!a b", ["a b"]),
        ("vim", "set ff=unix", []),
        ("gdb", "shell a b", ["a b"]),
        ("psql", "\\! a b", ["a b"]),
        ("sqlite", ".shell a b", ["a b"]),
        ("ed", "r !a b", ["a b"]),
        ("crontab", "# x\n* * * * * a b\n@daily c", ["a b", "c"]),
        ("checkpoint", "exec=a b", ["a b"]),
        ("checkpoint", "dot", []),
        ("ssh", "ProxyCommand a b", ["a b"]),
        ("ssh", "StrictHostKeyChecking=no", []),
        ("socat", "EXEC:a b,pty", ["a b"]),
        ("tcl", "spawn a b", ["a b"]),
        ("lines", "a b\nc", ["a b", "c"]),
        ("perl", "print `a b`", ["a b"]),
        ("lisp", '(shell-command "a b")', ["a b"]),
    ],
)
def test_what_a_text_starts_is_found(language: str, text: str, scripts: list[str]) -> None:
    assert [started.script for started in started_in(Carried(language, Word(text)))] == scripts


@pytest.mark.parametrize(
    ("language", "text", "scripts"),
    [
        ("awk", 'BEGIN { c = "a b"; system(c) }', ["a b"]),
        ("awk", 'BEGIN { c = "a b"; print c }', []),
        ("make", "x:\n\techo $* $(V) $$HOME", ["echo $_made $_made $HOME"]),
        ("perl", 'open my $f, "-|", "a b"', ["a b"]),
        ("perl", 'open(F, "a b|")', ["a b"]),
        ("perl", 'open(F, "<", "x")', []),
        ("checkpoint", "exec=sh -c 'a b'", ["sh -c 'a b'"]),
    ],
)
def test_a_text_is_read_with_its_variables_and_quotes(language: str, text: str, scripts: list[str]) -> None:
    assert [started.script for started in started_in(Carried(language, Word(text)))] == scripts


def test_what_removes_a_tree_is_as_good_as_rm_where_the_path_stands_there() -> None:
    (found,) = started_in(Carried("ruby", Word('FileUtils.rm_rf("/x")')))
    assert [word.text for word in found.words] == ["rm", "-r", "-f", "/x"]


def test_an_interpreter_is_known_by_its_name() -> None:
    assert [name for name in ("python3.11", "node", "bash", "ls", "awk") if interprets(name)] == [
        *("python3.11", "node", "bash")
    ]


def test_a_shell_of_python_runs_lines_of_its_own() -> None:
    text = "x = 1\n!a b\n%pip install c\ny = !d\nimport os; os.system('e')"
    found = [said(one) for one in started_in(Carried("ipython", Word(text)))]
    assert found == ["a b", "pip install c", "d", "e"]
