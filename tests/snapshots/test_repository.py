from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.snapshots.repository import RepositoryUnreadable, find_repository, repository_at

IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}


def git(folder: Path, *arguments: str) -> str:
    environ = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=environ, text=True)
    return done.stdout.strip()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    git(target, "init", "-q")
    (target / "a").write_text("a\n")
    git(target, "add", "a")
    git(target, "commit", "-qm", "first")
    return target


def test_a_folder_below_belongs_to_the_repository_above(target: Path) -> None:
    (target / "deep" / "er").mkdir(parents=True)
    found = find_repository(target / "deep" / "er")
    assert found is not None
    assert (found.top, found.git_dir) == (target, target / ".git")
    assert found.head() == git(target, "rev-parse", "HEAD")
    assert [entry.path for entry in found.tracked()] == [b"a"]


def test_a_repository_is_found_wherever_it_lies(target: Path, tmp_path: Path) -> None:
    git(target, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = find_repository(tmp_path / "linked")
    assert linked is not None
    assert linked.common_dir.resolve() == target / ".git"
    assert linked.head() == git(target, "rev-parse", "HEAD")
    assert [entry.path for entry in linked.tracked()] == [b"a"]
    git(tmp_path, "init", "-q", f"--separate-git-dir={tmp_path / 'kept'}", "apart")
    apart = find_repository(tmp_path / "apart")
    assert apart is not None
    assert apart.git_dir == tmp_path / "kept"
    assert apart.head() is None
    (target / ".git").rename(tmp_path / "moved")
    (target / ".git").symlink_to(tmp_path / "moved")
    moved = find_repository(target)
    assert moved is not None
    assert [entry.path for entry in moved.tracked()] == [b"a"]


def test_packed_branches_are_read(target: Path) -> None:
    commit = git(target, "rev-parse", "HEAD")
    git(target, "pack-refs", "--all", "--prune")
    found = find_repository(target)
    assert found is not None
    assert found.head() == commit


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        pytest.param(".git", "gitdir: /not/there\n", "names /not/there, which is no repository", id="a dead pointer"),
        pytest.param(".git", "hello\n", "is a file that names no repository", id="no pointer at all"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_not_taken_for_no_repository(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(RepositoryUnreadable, match=reason):
        find_repository(tmp_path)


def everything_of(target: Path) -> None:
    found = find_repository(target)
    assert found is not None
    found.tracked()
    found.head()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("[extensions]\n\tobjectformat = sha3\n", "named by 'sha3'", id="an unknown hash"),
        pytest.param("[core\n", "bad line 1", id="a configuration that is none"),
        pytest.param("[core]\n\tworktree = /elsewhere\n", "its files lie in", id="files that lie elsewhere"),
        pytest.param("[extensions]\n\trefStorage = reftable\n", "kept as 'reftable'", id="branches in no files"),
    ],
)
def test_what_cannot_be_told_is_said(target: Path, text: str, reason: str) -> None:
    (target / ".git" / "config").write_text(text)
    with pytest.raises(RepositoryUnreadable, match=reason):
        everything_of(target)


def test_a_repository_whose_head_is_a_pipe_is_not_taken_for_none(target: Path) -> None:
    (target / ".git" / "HEAD").unlink()
    os.mkfifo(target / ".git" / "HEAD")
    with pytest.raises(RepositoryUnreadable, match="its HEAD is a pipe"):
        find_repository(target)


def test_a_folder_called_like_a_repository_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert repository_at(tmp_path) is None
    (tmp_path / ".git").rmdir()
    os.mkfifo(tmp_path / ".git")
    assert repository_at(tmp_path) is None


def test_the_users_ignore_file_is_found_where_git_looks(target: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("by default\n")
    (home / "work.ignore").write_text("at work\n")
    (home / "work").write_text("[core]\n\texcludesFile = ~/work.ignore\n")
    repository = find_repository(target)
    assert repository is not None
    environ = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}

    def sources() -> list[str]:
        return [file.source for file in repository.outside_rules(environ)[0] if file.source != ".git/info/exclude"]

    assert sources() == [str(home / ".config" / "git" / "ignore")]
    (home / ".gitconfig").write_text(f'[includeIf "gitdir:{tmp_path}/"]\n\tpath = work\n')
    assert sources() == [str(home / "work.ignore")]
    (home / ".gitconfig").write_text('[includeIf "gitdir:~/elsewhere/"]\n\tpath = work\n')
    assert sources() == [str(home / ".config" / "git" / "ignore")]


def test_what_cannot_be_read_of_the_users_is_said(target: Path, tmp_path: Path) -> None:
    (tmp_path / "ignored").mkdir()
    os.mkfifo(tmp_path / "ignored" / "pipe")
    (tmp_path / ".gitconfig").write_text(f"[core]\n\texcludesFile = {tmp_path}/ignored/pipe\n")
    repository = find_repository(target)
    assert repository is not None
    _, doubts = repository.outside_rules({"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"})
    assert doubts == (
        f"your ignore file {tmp_path}/ignored/pipe is a pipe, not a file, so what it ignores is not known",
    )
