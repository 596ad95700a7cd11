"""Which Pythons are found; each is a script here that answers as one would."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.pythons import main, survey


def place(folder: Path, name: str, answer: str, code: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{answer}' '{path}'\nexit {code}\n")
    path.chmod(0o755)


def test_the_newest_of_each_minor_version_is_tried_and_others_say_why_not(tmp_path: Path) -> None:
    on_path, pyenv = tmp_path / "bin", tmp_path / ".pyenv/versions"
    place(on_path, "python3", "3 9 2 cpython")
    place(on_path, "python3.11", "3 11 2 cpython", code=1)
    place(on_path, "python3.15", "3 15 0 cpython", code=1)
    place(on_path, "python3-config", "3 14 0 cpython")
    place(on_path, "python3.16", "pyenv: python3.16: command not found", code=127)
    place(pyenv / "3.11.7/bin", "python3.11", "3 11 7 cpython")
    place(pyenv / "3.11.9/bin", "python3.11", "3 11 9 cpython")
    place(pyenv / "pypy/bin", "python3", "3 12 1 pypy")
    found = survey({"PATH": str(on_path), "HOME": str(tmp_path)})
    assert [(one.name, one.lacks) for one in found] == [
        ("3.9.2", "older than 3.11"),
        ("3.11.9", ""),
        ("3.12.1", "it is pypy"),
        ("3.15.0", "it has no venv or no ensurepip"),
    ]


@pytest.mark.slow
def test_the_one_that_runs_this_is_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    version = ".".join(map(str, sys.version_info[:2]))
    own = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"{version}.")]
    assert all("tried by ./check itself" in line for line in own)
