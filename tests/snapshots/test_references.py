from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.snapshots.references import (
    References,
    look_at_references,
    plan_moves,
    put_back,
    read_references,
    write_references,
)
from orchestrator.snapshots.repository import Repository, find_repository

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> str:
    words = ("git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments)
    done = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    (folder / "a").write_text(message)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    commit(top, "one")
    return top


def repository_of(folder: Path) -> Repository:
    found = find_repository(folder)
    assert found is not None
    return found


def undone(folder: Path, before: References, after: References) -> tuple[str, ...]:
    repository = repository_of(folder)
    moves = plan_moves(before, after, look_at_references(repository), session="S")
    put_back(repository, moves, before, after)
    return tuple(kept.name for kept in moves.kept)


def test_a_commit_is_taken_back_and_named(top: Path) -> None:
    first = git(top, "rev-parse", "HEAD")
    before = look_at_references(repository_of(top))
    second = commit(top, "two")
    after = look_at_references(repository_of(top))
    assert undone(top, before, after) == ("refs/orchestrate/S/heads/main",)
    assert git(top, "rev-parse", "HEAD") == first
    assert git(top, "rev-parse", "refs/orchestrate/S/heads/main") == second
    assert look_at_references(repository_of(top)).logged() == before.logged()


def test_a_look_at_the_status_is_no_change_of_the_index(top: Path) -> None:
    before = look_at_references(repository_of(top))
    commit(top, "two")
    after = look_at_references(repository_of(top))
    os.utime(top / "a", ns=(1, 1_000_000_000))
    git(top, "status")
    assert look_at_references(repository_of(top)).files["own", b"index"] != after.files["own", b"index"]
    assert undone(top, before, after)


def test_packed_branches_come_back(top: Path) -> None:
    git(top, "branch", "kept/one")
    git(top, "pack-refs", "--all")
    before = look_at_references(repository_of(top))
    git(top, "branch", "-D", "kept/one")
    git(top, "branch", "kept")
    git(top, "pack-refs", "--all")
    after = look_at_references(repository_of(top))
    undone(top, before, after)
    assert git(top, "branch", "--format=%(refname:short)").splitlines() == ["kept/one", "main"]


def test_in_a_linked_worktree_its_own_head_and_the_common_branches_come_back(top: Path, tmp_path: Path) -> None:
    git(top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    first = git(top, "rev-parse", "HEAD")
    before = look_at_references(repository_of(tmp_path / "side"))
    commit(tmp_path / "side", "two")
    git(tmp_path / "side", "checkout", "-q", "--detach")
    third = commit(tmp_path / "side", "three")
    after = look_at_references(repository_of(tmp_path / "side"))
    names = undone(tmp_path / "side", before, after)
    assert names == ("refs/orchestrate/S/heads/side", "refs/orchestrate/S/HEAD")
    assert git(top, "rev-parse", "refs/orchestrate/S/HEAD") == third
    assert git(tmp_path / "side", "rev-parse", "--symbolic-full-name", "HEAD") == "refs/heads/side"
    assert git(tmp_path / "side", "rev-parse", "HEAD") == first


def test_what_somebody_committed_since_is_contested(top: Path) -> None:
    before = look_at_references(repository_of(top))
    commit(top, "two")
    after = look_at_references(repository_of(top))
    commit(top, "mine")
    moves = plan_moves(before, after, look_at_references(repository_of(top)), session="S")
    assert moves.contested == ("index", "refs/heads/main")


def test_a_branch_of_somebody_else_is_no_matter(top: Path) -> None:
    before = look_at_references(repository_of(top))
    commit(top, "two")
    after = look_at_references(repository_of(top))
    git(top, "branch", "mine")
    undone(top, before, after)
    assert "mine" in git(top, "branch")


def test_while_somebody_works_on_it_nothing_is_put_back(top: Path) -> None:
    before = look_at_references(repository_of(top))
    second = commit(top, "two")
    after = look_at_references(repository_of(top))
    (top / ".git" / "index.lock").write_text("")
    with pytest.raises(EnvironmentUnfit, match=r"index\.lock"):
        undone(top, before, after)
    assert git(top, "rev-parse", "HEAD") == second
    assert sorted(path.name for path in (top / ".git").glob("*.lock")) == ["index.lock"]


def test_what_was_kept_is_read_back(top: Path, tmp_path: Path) -> None:
    kept = look_at_references(repository_of(top))
    write_references(tmp_path / "kept.tar", kept)
    assert read_references(tmp_path / "kept.tar") == kept
    assert (tmp_path / "kept.tar").stat().st_mode & 0o777 == 0o600
    assert read_references(tmp_path / "none.tar") is None
    (tmp_path / "kept.tar").write_bytes(b"x" * 2000)
    with pytest.raises(EnvironmentUnfit):
        read_references(tmp_path / "kept.tar")


def test_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    found = look_at_references(repository_of(tmp_path))
    assert (found.commit(), found.values(), found.head()) == (None, {}, b"ref: refs/heads/main")
    before = found
    first = commit(tmp_path, "one")
    after = look_at_references(repository_of(tmp_path))
    assert after.commit() == first.encode()
    assert undone(tmp_path, before, after) == ("refs/orchestrate/S/heads/main",)
    assert look_at_references(repository_of(tmp_path)).commit() is None
