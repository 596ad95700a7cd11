"""Section C of the faults: what an agent plants must not run when its user's own programs come by."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.conftest import Program

USERS_COMMANDS = (("status",), ("diff",), ("log", "-1"), ("add", "-A"), ("stash", "list"), ("branch",))


def planted_ran(program: Program, target: Path, flag: Path, commands: Sequence[Sequence[str]] = USERS_COMMANDS) -> bool:
    """Whether what an agent left runs when its user calls git as he would."""
    for words in commands:
        subprocess.run(
            ["git", *words],
            cwd=target,
            env=program.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
    return flag.exists()


def evil_config(flag: Path) -> str:
    """A configuration that starts a program as soon as git looks at a work tree."""
    return f'[core]\\n\\trepositoryformatversion = 0\\n\\tfsmonitor = "touch {flag}; false"\\n'


FORMS = {
    "commondir": "mkdir .git/evil; cp -r .git/objects .git/refs .git/evil/; printf '{config}' >.git/evil/config; "
    "echo evil >.git/commondir",
    "config replaced by a rename": "printf '{config}' >.git/new; mv -f .git/new .git/config",
    "config.worktree": "printf '{config}' >.git/config.worktree; "
    "printf '[extensions]\\n\\tworktreeConfig = true\\n' >>.git/config",
    "hooks": "mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch {flag}\\n' >.git/hooks/post-index-change; "
    "chmod +x .git/hooks/post-index-change",
}


@pytest.mark.fault("C1")
@pytest.mark.parametrize("sandbox", ["default", "strict"])
def test_a_common_folder_of_the_agents_own_is_not_obeyed(program: Program, sandbox: str) -> None:
    target, flag = program.target(files={"a.txt": "1\n"}), program.root / "PWNED"
    plant = FORMS["commondir"].format(config=evil_config(flag), flag=flag)
    program.claude(f"{plant}\necho 2 >a.txt")
    program.run(target, "--sandbox", sandbox)
    assert not planted_ran(program, target, flag)
