"""Repositories that tests make, and layers of them in which they work as a worker's git would."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrator.sandbox.git_layers import make_layers
from orchestrator.sandbox.repositories import find_repositories

GIT = shutil.which("git") or ""
SETTINGS = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main")


def git(folder: Path, *words: str, check: bool = True, **env: str) -> str:
    """What git says.

    Raises:
        CalledProcessError: it failed.
    """
    plain = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **env}
    ran = subprocess.run(
        [GIT, *SETTINGS, *words],
        cwd=folder,
        env=plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=check,
        timeout=60,
    )
    return ran.stdout


def commit(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def new_repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    commit(folder, a="1\n", b="1\n")
    return folder


@dataclass(frozen=True, slots=True)
class Layered:
    """A repository and one worker's layer of it."""

    target: Path
    folder: Path

    @property
    def plan(self) -> str:
        return str(self.folder / "plan.json")

    @property
    def store(self) -> Path:
        return self.folder / "0" / "repository"

    def git(self, *words: str, check: bool = True) -> str:
        """As the worker's git would do it, over the same work tree."""
        return git(self.target, *words, check=check, GIT_DIR=str(self.store), GIT_WORK_TREE=str(self.target))


def layered(target: Path, folder: Path) -> Layered:
    """A layer of the target's repository; without a sandbox its objects are reached where they lie."""
    make_layers(find_repositories([target], GIT), folder, git=GIT, session="s", worker="w")
    made = Layered(target, folder)
    (made.store / "objects" / "info" / "alternates").write_text(f"{target}/.git/objects\n")
    return made
