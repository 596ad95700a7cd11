from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.snapshots.git_index import Index, IndexUnreadable, ObjectFormat, merge_split, read_index

IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}


def git(folder: Path, *arguments: str) -> bytes:
    environ = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=environ).stdout


def whole(folder: Path, kind: ObjectFormat) -> Index:
    index = read_index((folder / ".git" / "index").read_bytes(), object_format=kind)
    if index.shared is None:
        return index
    shared = (folder / ".git" / f"sharedindex.{index.shared}").read_bytes()
    return merge_split(index, read_index(shared, object_format=kind))


def listed(folder: Path, *options: str) -> list[tuple[bytes, int, str, int]]:
    rows = []
    for row in git(folder, "ls-files", "-s", "-z", *options).split(b"\0")[:-1]:
        head, path = row.split(b"\t", 1)
        mode, oid, stage = head.split()
        rows.append((path, int(mode, 8), oid.decode(), int(stage)))
    return rows


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_every_kind_of_index_is_read_as_git_reads_it(
    tmp_path: Path, kind: ObjectFormat, version: int, split: bool
) -> None:
    git(tmp_path, "init", "-q", f"--object-format={kind}")
    for n in range(150):
        folder = tmp_path / f"d{n % 7}" / f"e{n % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{n}").write_text(str(n))
    (tmp_path / "link").symlink_to("d1")
    git(tmp_path, "config", "core.untrackedCache", "true")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    git(tmp_path, "update-index", "--index-version", str(version))
    if split:
        git(tmp_path, "update-index", "--split-index")
        for n in range(0, 60, 3):
            (tmp_path / f"d{n % 7}" / f"e{n % 3}" / f"file{n}").unlink()
        for n in range(1, 60, 3):
            (tmp_path / f"d{n % 7}" / f"e{n % 3}" / f"file{n}").write_text("changed")
        (tmp_path / "new").write_text("new")
        git(tmp_path, "add", "-A")
    if version == 3:
        git(tmp_path, "update-index", "--skip-worktree", "d1/e1/file1")
        (tmp_path / "intended").write_text("x")
        git(tmp_path, "add", "-N", "intended")
    index = whole(tmp_path, kind)
    assert index.version == version
    assert [(e.path, e.mode, e.oid, e.stage) for e in index.entries] == listed(tmp_path)
    if version == 3:
        assert [e.path for e in index.entries if e.is_intended] == [b"intended"]
        assert [e.path for e in index.entries if e.is_sparse] == [b"d1/e1/file1"]


def test_a_sparse_index_names_the_folders_that_are_not_checked_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    git(tmp_path, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
    index = whole(tmp_path, "sha1")
    assert [(e.path, e.mode, e.oid, e.stage) for e in index.entries] == listed(tmp_path, "--sparse")
    assert b"out/" in [entry.path for entry in index.entries]


def test_an_extension_that_must_be_understood_is_not_passed_over(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("a")
    git(tmp_path, "add", "a")
    content = (tmp_path / ".git" / "index").read_bytes()
    with pytest.raises(IndexUnreadable, match="extension 'zzzz'"):
        read_index(content[:-20] + b"zzzz\0\0\0\0" + content[-20:], object_format="sha1")
    with pytest.raises(IndexUnreadable, match="version 9"):
        read_index(content[:7] + b"\x09" + content[8:], object_format="sha1")


@given(content=st.binary(max_size=400), kind=st.sampled_from(("sha1", "sha256")), is_index=st.booleans())
def test_bytes_that_are_no_index_are_an_answer(content: bytes, kind: ObjectFormat, is_index: bool) -> None:
    head = b"DIRC\0\0\0\x04\0\0\0\x02" if is_index else b""
    with suppress(IndexUnreadable):
        read_index(head + content, object_format=kind)
