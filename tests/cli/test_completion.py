from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from orchestrator.cli.completion import SHELLS

if TYPE_CHECKING:
    from tests.cli.conftest import Story


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell_is_printed(orchestrate: Callable[..., Any], shell: str) -> None:
    ran = orchestrate("completion", shell)

    assert ran.code == 0
    assert f"_ORCHESTRATE_COMPLETE={shell}_complete" in ran.out


def test_bash_takes_it(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(orchestrate("completion", "bash").out)
    bash = shutil.which("bash")
    assert bash is not None

    done = subprocess.run(
        [bash, "-c", f". {script} && complete -p orchestrate"], capture_output=True, text=True, check=True
    )

    assert "orchestrate" in done.stdout


BASH = """
. {script}
COMP_WORDS=({words}) COMP_CWORD={place}
_orchestrate_completion orchestrate
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# zsh completes only in its line editor, so it gets one on a terminal of its own.
ZSH = """
zmodload zsh/zpty
zpty shell 'TERM=dumb PS1="" zsh -f -i'
zpty -w shell 'autoload -Uz compinit; compinit -u -D; . {script}; setopt no_list_beep; echo rea""dy'
zpty -r shell line '*ready*'
zpty -w -n shell $'{line}\t'
zpty -r shell line '*{expected}*'
print -r -- "$line"
zpty -d shell
"""


@pytest.fixture
def try_in(orchestrate: Callable[..., Any], tmp_path: Path, story: Story) -> Callable[..., str]:
    """Runs a shell's own words with our completion script and a program of our name on its PATH."""
    story.write()
    program = tmp_path / "bin" / "orchestrate"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m orchestrator "$@"\n')
    program.chmod(0o755)
    environ = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "ORCHESTRATOR_WORKSPACE": str(story.folder.workspace),
    }

    def run(shell: str, *options: str, told: str, **values: object) -> str:
        script = tmp_path / f"completion.{shell}"
        script.write_text(orchestrate("completion", shell).out)
        command = [shell, *options, "-c", told.format(script=script, **values)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environ, cwd=tmp_path, timeout=120, check=False
        )
        return done.stdout + done.stderr

    return run


@pytest.mark.slow
def test_bash_offers_values_also_behind_an_equals_sign_and_a_comma(try_in: Callable[..., str]) -> None:
    def offered(*words: str) -> list[str]:
        quoted = " ".join(f"'{word}'" for word in ("orchestrate", *words))
        return try_in("bash", told=BASH, words=quoted, place=len(words)).split()

    assert offered("run", "--model", "claude", "=", "o") == ["opus"]
    assert offered("run", "--model", "cla") == ["claude=haiku", "claude=sonnet", "claude=opus"]
    assert offered("run", "--agents", "claude,ge") == ["claude,gemini"]
    assert offered("show", "2026")[0].startswith("2026")


@pytest.mark.slow
def test_fish_offers_values_also_behind_a_comma(
    try_in: Callable[..., str], not_proven: Callable[[str], NoReturn]
) -> None:
    if shutil.which("fish") is None:
        not_proven("there is no fish, so its completion was not tried")
    words = '. {script}; complete -C "orchestrate run --agents claude,c"; complete -C "orchestrate show 2026"'
    found = try_in("fish", "--no-config", told=words).split()

    assert found[0] == "claude,codex"
    assert found[1].startswith("2026")


@pytest.mark.slow
def test_zsh_offers_values(try_in: Callable[..., str], not_proven: Callable[[str], NoReturn]) -> None:
    if shutil.which("zsh") is None:
        not_proven("there is no zsh, so its completion was not tried")
    line, expected = "orchestrate run --agents claude,ge", "claude,gemini"

    assert expected in try_in("zsh", "-f", told=ZSH, line=line, expected=expected)
