"""Repositories inside a target, as git itself makes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.sandbox.nested_repositories import nested_repositories


def git(folder: Path, *words: str) -> None:
    given = ("-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", folder, *given, *words], check=True, capture_output=True)


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


@pytest.mark.slow
def test_repositories_and_submodules_are_found_and_the_roots_own_is_not_among_them(tmp_path: Path) -> None:
    root, library = repository(tmp_path / "root"), repository(tmp_path / "library")
    repository(root / "vendor" / "inner")
    git(root, "submodule", "add", "-q", str(library), "deep/library")
    assert set(nested_repositories(root)) == {
        root / "vendor" / "inner" / ".git",
        root / "deep" / "library" / ".git",
        root / ".git" / "modules" / "deep" / "library",
    }


def test_a_plain_folder_has_none_and_what_tools_fill_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "src" / "package").mkdir(parents=True)
    (tmp_path / "node_modules" / "package" / ".git").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path)
    assert nested_repositories(tmp_path) == ()
