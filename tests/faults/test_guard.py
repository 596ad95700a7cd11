"""Section D, the guard: what it asks about, what it refuses, and what it lets pass.

An agent's shell commands are looked at as its stream tells of them, and again as its programs start.  So a made-up
agent either says that it ran a command, which the session then warns of or not, or really runs it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

MARK = "sudo true"
"""Warned of under every policy: it stands before each command, so that warnings can be told apart."""


def warned(program: Program, commands: Sequence[str]) -> dict[str, list[str]]:
    """What a session warns of after an agent has told of each of these shell commands; they are not really run."""
    target = program.target(files={"a.txt": "a\n"})
    lines = [CLAUDE_SAYS["init"]]
    for number, command in enumerate([told for each in commands for told in (MARK, each)]):
        call: dict[str, Any] = json.loads(CLAUDE_SAYS["call"])
        call["message"]["id"] = f"m{number}"
        call["message"]["content"][0].update(id=f"t{number}", input={"command": command})
        returned: dict[str, Any] = json.loads(CLAUDE_SAYS["returned"])
        returned["message"]["content"][0]["tool_use_id"] = f"t{number}"
        lines += [json.dumps(call), json.dumps(returned)]
    lines.append(CLAUDE_SAYS["result"])
    said = "\n".join(f"printf '%s\\n' {shlex.quote(line)}" for line in lines)
    program.agent("claude", f"echo b >{target}/b.txt\n{said}")
    program.run(target)
    parts: list[list[str]] = []
    for text in program.report()["warnings"]:
        if "`sudo`" in text:
            parts.append([])
        elif parts and is_about_a_command(text):
            parts[-1].append(text)
    assert len(parts) == len(commands), parts
    return dict(zip(commands, parts, strict=True))


def is_about_a_command(text: str) -> bool:
    words = ("sandbox policy", "consent", "is blocked", "run time", "cannot be read", "which program")
    return any(word in text for word in words)


SPELLINGS = [
    *("pip -i https://x/simple install y", "python3 -mpip install x", "npm --loglevel silent publish"),
    *("npm --tag next publish", "git send-pack origin main", "npm publish --dry-run=false", "pip install --dry-run x"),
    *("pip install -r --help", "python3 .venv/bin/pip install x"),
]
RUN_TEXTS = [
    *("bash <(echo 'rm -rf /etc')", ". <(echo 'rm -rf /etc')", "sh -s -- a <<'E'\nrm -rf /etc\nE"),
    *(
        "python3 - <<'E'\nimport os\nos.system('rm -rf /etc')\nE",
        "echo 'import shutil; shutil.rmtree(\"/etc\")' | python3",
    ),
    *("env - PATH=/bin rm -rf /etc", "env -vS 'rm -rf /etc'", "perl -e '`rm -rf /etc`'"),
    *("awk 'BEGIN { \"rm -rf /etc\" | getline }'", "npx -c 'rm -rf /etc'", "fd -x rm -rf /etc"),
    *("make --eval='x: ; rm -rf /etc'", "tmux new -d 'rm -rf /etc'", "vim -c '!rm -rf /etc'"),
    *("tar -cf x . --checkpoint=1 --checkpoint-action=exec='rm -rf /etc'", "GIT_SSH_COMMAND='rm -rf /etc' git fetch"),
]
HARMLESS = [
    *("mkfs.sh --help", "pip install --help", "npm publish --dry-run", "git push --dry-run", '"$PYTHON" -m pytest'),
    *("${CC:-gcc} -c x.c", 'eval "$(ssh-agent -s)"', "cargo publish --help", '"$VENV/bin/pytest" -q'),
]
UPLOADS = [
    *("cargo publish", "poetry publish", "uv publish", "yarn npm publish", "pnpm publish", "twine upload dist/*"),
    *("gem push x.gem", "docker push x", "gh release create v1", "helm push x oci://y", "python3 -m twine upload x"),
]
DESTROYS = ["sfdisk /dev/sda", "wipefs -a /dev/sda", "mke2fs /dev/sda", "parted /dev/sda mklabel gpt", "rm -rf ~"]


@pytest.mark.fault("D5")
def test_a_verb_is_found_wherever_it_stands(program: Program) -> None:
    assert [command for command, texts in warned(program, SPELLINGS).items() if not texts] == []


@pytest.mark.fault("D6")
def test_a_text_that_is_run_is_looked_at(program: Program) -> None:
    found = warned(program, RUN_TEXTS)
    assert [
        command for command, texts in found.items() if not any("`rm -rf` is blocked" in text for text in texts)
    ] == []


@pytest.mark.fault("D7")
def test_a_harmless_form_does_not_alarm(program: Program) -> None:
    assert {command: texts for command, texts in warned(program, HARMLESS).items() if texts} == {}


@pytest.mark.fault("D8")
def test_uploads_disks_and_the_home_are_listed(program: Program) -> None:
    assert [command for command, texts in warned(program, [*UPLOADS, *DESTROYS]).items() if not texts] == []


@pytest.mark.fault("D5")
def test_the_guard_in_front_of_a_program_finds_the_verb_too(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    made_up(program, "pip", f'echo "$@" >>{target}/ran.txt')
    program.claude(f"cd {target}; echo b >b.txt; pip -i https://x/simple install y; pip --version; pip install --help")
    program.run(target)
    assert ran(target) == ["--version", "install --help"]


@pytest.mark.fault("D8")
def test_an_upload_is_not_run_without_consent(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    made_up(program, "twine", f'echo "$@" >>{target}/ran.txt')
    program.claude(
        f"cd {target}; echo b >b.txt; twine --no-color upload dist/x; twine check dist/x; twine upload --help"
    )
    program.run(target)
    assert ran(target) == ["check dist/x", "upload --help"]


def made_up(program: Program, name: str, script: str) -> None:
    path = program.root / "agents" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def ran(target: Path) -> list[str]:
    path = target / "ran.txt"
    return path.read_text().splitlines() if path.exists() else []
