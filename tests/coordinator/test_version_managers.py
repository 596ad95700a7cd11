"""Programs behind the shims of version managers."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.version_managers import manager_of, program_behind


@pytest.mark.parametrize(
    ("path", "manager"),
    [
        ("/home/x/.asdf/shims/claude", "asdf"),
        ("/home/x/.local/share/mise/shims/codex", "mise"),
        ("/home/x/.volta/bin/gemini", "volta"),
        ("/home/x/.nodenv/shims/claude", "nodenv"),
        ("/home/x/.pyenv/shims/claude", "pyenv"),
        ("/home/x/.asdf/installs/nodejs/20.1.0/bin/claude", None),
        ("/home/x/.nvm/versions/node/v20/bin/claude", None),
        ("/usr/bin/claude", None),
        ("/opt/volta/tools/bin/claude", None),
    ],
)
def test_a_shim_is_known_by_where_it_lies(path: str, manager: str | None) -> None:
    assert manager_of(path) == manager


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_manager_is_asked_for_the_program(tmp_path: Path) -> None:
    real = program(tmp_path / "installs/bin/claude", "echo 1.2.3")
    shim = program(tmp_path / ".asdf/shims/claude", "exit 1")
    program(tmp_path / "bin/asdf", f'test "$1 $2" = "which claude" && echo {real}')
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    assert program_behind(str(shim), environ) == (str(real), None)


def test_a_manager_that_does_not_know_is_said(tmp_path: Path) -> None:
    shim = program(tmp_path / ".asdf/shims/claude", "exit 1")
    program(tmp_path / "bin/asdf", "echo 'No version is set for command claude' >&2; exit 126")
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    path, problem = program_behind(str(shim), environ)
    assert path == str(shim)
    assert problem is not None
    assert "No version is set for command claude" in problem


def test_what_is_no_shim_is_left_as_it_is() -> None:
    assert program_behind("/usr/bin/env", {}) == ("/usr/bin/env", None)
