from __future__ import annotations

import os
from pathlib import Path

from orchestrator.shim.git_files import (
    common_of,
    files_below,
    gitdir_of,
    is_folder,
    is_id,
    is_repository,
    open_file,
    read_file,
    references,
)
from tests.workers.repository import git, new_repository


def test_only_plain_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("1")
    (tmp_path / "link").symlink_to("plain")
    os.mkfifo(tmp_path / "fifo")
    assert read_file(str(tmp_path / "plain")) == b"1"
    assert [read_file(str(tmp_path / name)) for name in ("link", "fifo", "none", ".")] == [None] * 4
    assert [open_file(str(tmp_path / name)) for name in ("link", "fifo", "none")] == [None] * 3
    assert read_file(str(tmp_path / "plain"), 0) is None


def test_a_descriptor_of_a_plain_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("1")
    opened = open_file(str(tmp_path / "plain"))
    assert opened is not None
    assert os.read(opened, 2) == b"1"
    os.close(opened)


def test_links_are_not_followed_on_the_way_down(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("1")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert list(files_below(str(tmp_path))) == ["a/b/file"]
    assert list(files_below(str(tmp_path), "a/b")) == ["a/b/file"]
    assert not is_folder(str(tmp_path / "a" / "loop"))


def test_a_linked_work_tree_leads_to_its_git_folder_and_that_to_the_common_one(tmp_path: Path) -> None:
    main = new_repository(tmp_path / "main")
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))
    own = gitdir_of(str(tmp_path / "linked" / ".git"))
    assert own == str(main / ".git" / "worktrees" / "linked")
    assert common_of(str(own)) == str(main / ".git")
    assert is_repository(str(own))
    assert is_repository(str(main / ".git"))
    assert not is_repository(str(main))
    assert gitdir_of(str(main / "a.txt")) is None


def test_references_are_read_packed_and_loose(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    git(target, "branch", "old")
    git(target, "pack-refs", "--all")
    git(target, "branch", "new")
    git(target, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    found = references(str(target / ".git"))
    tip = git(target, "rev-parse", "HEAD").strip()
    assert found == {
        **dict.fromkeys(("refs/heads/main", "refs/heads/old", "refs/heads/new"), tip),
        "refs/remotes/origin/HEAD": "ref: refs/remotes/origin/main",
    }


def test_an_id_is_whole() -> None:
    assert is_id(b"0" * 40)
    assert is_id(b"a" * 64)
    assert not is_id(b"a" * 39)
    assert not is_id(b"g" * 40)
