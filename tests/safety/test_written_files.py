from __future__ import annotations

import pytest

from orchestrator.safety.shell.scope import Scope
from orchestrator.safety.shell.simple_commands import read
from orchestrator.safety.shell.words import Word
from orchestrator.safety.written_files import language_of, run_from_files, scripts_set_by

SCOPE = Scope(cwd="/w", home="/h")


def run(text: str) -> list[tuple[str, str]]:
    """What the last command of the text runs of files that the others wrote."""
    command = read(text, scope=SCOPE).commands[-1]
    name = command.words[0].text.rpartition("/")[2]
    return [(one.language, one.text.text.strip()) for one in run_from_files(name, command.words, command.scope)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("cat > x.sh <<'E'\na b\nE\n./x.sh", [("shell", "a b")], id="a script by its path"),
        pytest.param("echo a > x; (cp x y); chmod +x y; /w/y", [("shell", "a")], id="a copy of it"),
        pytest.param("echo a | tee x; ./x", [("shell", "a")], id="written by tee"),
        pytest.param("echo a > x; echo b >> x; ./x", [("shell", "a\nb")], id="written in two parts"),
        pytest.param("printf 'all:\\n\\ta b\\n' > Makefile; make", [("make", "all:\n\ta b")], id="a makefile"),
        pytest.param("mkdir d; echo x > d/Makefile; make -C d", [("make", "x")], id="a makefile in a folder"),
        pytest.param("echo x > m; make -f m", [("make", "x")], id="a makefile of another name"),
        pytest.param("printf 'go:\\n  a b\\n' > justfile; just go", [("shell", "a b")], id="a recipe"),
        pytest.param("printf '    cmds:\\n      - a b\\n' > Taskfile.yml; task", [("shell", "a b")], id="a task"),
        pytest.param(
            """echo '{"scripts": {"x": "a \\"b\\"", "prex": "c"}}' > package.json; npm run x""",
            [("shell", 'a "b"'), ("shell", "c")],
            id="a script of a package",
        ),
        pytest.param("npm pkg set scripts.x='a b'; npm run x", [("shell", "a b")], id="a script that npm sets"),
        pytest.param("npm pkg set scripts.prepare='a b'; npm i", [("shell", "a b")], id="a script of the installing"),
        pytest.param("echo x > a.ts; deno run a.ts", [("node", "x")], id="a program behind a verb"),
        pytest.param("echo x > a; ./b", [], id="another file"),
        pytest.param("cd d; echo x > a; cd ..; ./a", [], id="a file in another folder"),
        pytest.param("curl -o x y; ./x", [], id="a content that nobody knows"),
        pytest.param("npm pkg set scripts.x='a b'; npm run y", [], id="another script"),
    ],
)
def test_a_file_that_the_text_wrote_is_read(text: str, found: list[tuple[str, str]]) -> None:
    assert run(text) == found


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("x", "#!/usr/bin/env python3\n", "python"),
        ("x.py", "#!/bin/sh\n", "shell"),
        ("x.mjs", "", "node"),
        ("x", "#!/usr/bin/env -S deno run\n", "node"),
        ("x", "a", "shell"),
    ],
)
def test_a_language_is_known_by_the_first_line_or_the_name(path: str, text: str, language: str) -> None:
    assert language_of(path, text) == language


def test_only_scripts_count_of_what_npm_sets() -> None:
    assert scripts_set_by([Word(part) for part in ("npm", "pkg", "set", "name=x")]) is None
    assert scripts_set_by([Word(part) for part in ("npm", "run", "set", "scripts.x=y")]) is None
