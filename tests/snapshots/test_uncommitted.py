"""Whether there is uncommitted work, held against what ``git status`` says of the same repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.snapshots.repository import find_repository
from orchestrator.snapshots.uncommitted import WorkState, state_of

IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}


def git(folder: Path, *arguments: str) -> str:
    environ = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=environ, text=True)
    return done.stdout.strip()


def told(target: Path) -> WorkState:
    repository = find_repository(target)
    assert repository is not None
    return state_of(repository, {}, git=shutil.which("git"))


@pytest.fixture(params=["sha1", "sha256"])
def target(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    git(target, "init", "-q", f"--object-format={request.param}")
    (target / "deep").mkdir()
    (target / "deep" / "a.py").write_text("one\n")
    (target / "run.sh").write_text("#!/bin/sh\n")
    (target / "run.sh").chmod(0o755)
    (target / "link").symlink_to("run.sh")
    git(target, "add", ".")
    git(target, "commit", "-qm", "first")
    return target


def rewrite(target: Path) -> None:
    (target / "deep" / "a.py").write_text("two\n")


def stage(target: Path) -> None:
    (target / "new").write_text("new\n")
    git(target, "add", "new")


def stage_and_take_back(target: Path) -> None:
    stage(target)
    git(target, "rm", "-q", "--cached", "new")


def commit(target: Path) -> None:
    stage(target)
    git(target, "commit", "-qm", "second")


def split(target: Path) -> None:
    git(target, "update-index", "--split-index")
    commit(target)


def make_sparse(target: Path) -> None:
    git(target, "sparse-checkout", "set", "--cone", "--sparse-index", "nowhere")


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda target: None, id="nothing"),
        pytest.param(rewrite, id="another content of the same size"),
        pytest.param(lambda target: (target / "run.sh").unlink(), id="deleted"),
        pytest.param(lambda target: (target / "run.sh").chmod(0o644), id="no longer a program"),
        pytest.param(lambda target: (target / "untracked").write_text("x"), id="a file nobody added"),
        pytest.param(lambda target: os.utime(target / "deep" / "a.py", (1, 1)), id="touched"),
        pytest.param(stage, id="staged"),
        pytest.param(stage_and_take_back, id="staged and taken back"),
        pytest.param(commit, id="committed"),
        pytest.param(split, id="a split index"),
        pytest.param(make_sparse, id="a sparse index"),
        pytest.param(lambda target: git(target, "gc", "-q"), id="packed"),
    ],
)
def test_it_is_what_git_itself_says(target: Path, act: Callable[[Path], object]) -> None:
    act(target)
    state = told(target)
    assert state.reason == ""
    # Asked afterwards, since git writes down what it has seen.
    assert state.has_uncommitted == bool(git(target, "status", "--porcelain", "-uno"))


def test_before_the_first_commit_all_that_is_added_is_uncommitted(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert told(tmp_path) == WorkState(False)
    stage(tmp_path)
    assert told(tmp_path) == WorkState(True)


def test_a_repository_inside_counts(target: Path) -> None:
    inner = target / "vendor"
    inner.mkdir()
    git(inner, "init", "-q", f"--object-format={git(target, 'rev-parse', '--show-object-format')}")
    commit(inner)
    git(target, "add", "vendor")
    git(target, "commit", "-qm", "inside")
    assert told(target) == WorkState(False)
    (inner / "new").write_text("changed\n")
    assert told(target) == WorkState(True)


def test_a_filter_is_not_run_and_its_files_are_not_guessed_at(target: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    (target / ".gitattributes").write_text("*.bin filter=own\n")
    (target / "a.bin").write_text("x\n")
    git(target, "add", ".")
    git(target, "commit", "-qm", "binary")
    git(target, "config", "filter.own.clean", str(trap))
    git(target, "config", "filter.own.required", "true")
    assert told(target) == WorkState(False)
    (target / "a.bin").write_text("y\n")
    state = told(target)
    assert state.has_uncommitted is None
    assert "a.bin passes through the filter 'own'" in state.reason
    rewrite(target)
    assert told(target).has_uncommitted is True
    assert not (tmp_path / "sprung").exists()


def test_other_line_ends_are_no_change_where_git_makes_them(target: Path) -> None:
    git(target, "config", "core.autocrlf", "true")
    (target / "deep" / "a.py").write_bytes(b"one\r\n")
    assert told(target) == WorkState(False)


def test_what_cannot_be_told_is_said(target: Path) -> None:
    shutil.rmtree(target / ".git" / "objects")
    (target / ".git" / "objects").mkdir()
    state = told(target)
    assert state.has_uncommitted is None
    assert "its newest commit cannot be read" in state.reason
    repository = find_repository(target)
    assert repository is not None
    assert "git is not on PATH" in state_of(repository, {}, git=None).reason
