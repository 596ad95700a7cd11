from __future__ import annotations

import pytest

from orchestrator.safety.code_texts import UNSEEN, Started, runs_code, started_by
from orchestrator.safety.shell_words import Word


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
