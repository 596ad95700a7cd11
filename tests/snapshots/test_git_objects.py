from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.snapshots.git_objects import FILE, LINK, PROGRAM, ObjectStore, name_of


def git(folder: Path, *arguments: str) -> bytes:
    environ = {**os.environ, "GIT_DIR": str(folder), "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(["git", *arguments], check=True, capture_output=True, env=environ).stdout


def test_a_tree_of_ours_is_what_git_reads(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare")
    store = ObjectStore(tmp_path / "objects")
    files = {
        b"a.txt": (FILE, store.write("blob", b"a\n")),
        b"a/x": (PROGRAM, store.write("blob", b"x\n")),
        b"a/deep/er/y": (LINK, store.write("blob", b"../x")),
        b"a-b": (FILE, store.write("blob", b"")),
        b"new\nline": (FILE, store.write("blob", b"1")),
    }
    tree = store.write_tree(files).hex()
    rows = git(tmp_path, "ls-tree", "-r", "-z", tree).split(b"\0")[:-1]
    found = {}
    for row in rows:
        head, path = row.split(b"\t", 1)
        mode, _, oid = head.split()
        found[path] = (mode, bytes.fromhex(oid.decode()))
    assert found == files
    git(tmp_path, "fsck", "--strict", tree)


def test_a_tree_may_hold_what_an_index_refuses(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare")
    store = ObjectStore(tmp_path / "objects")
    empty = store.write_tree({}).hex()
    tree = store.write_tree({b".GIT/config": (FILE, store.write("blob", b"[core]\n"))}).hex()
    assert b".GIT/config" in git(tmp_path, "diff-tree", "-r", "--name-only", empty, tree)


def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare")
    first, second = ObjectStore(tmp_path / "objects"), ObjectStore(tmp_path / "objects")
    assert first.write("blob", b"same") == second.write("blob", b"same")
    assert git(tmp_path, "count-objects").startswith(b"1 objects")


def test_what_was_stored_is_read_back(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "objects")
    (tmp_path / "objects").mkdir()
    files = {
        b"a.py": (FILE, store.write("blob", b"x = 1\n")),
        b"sub/\xff\n": (PROGRAM, store.write("blob", b"")),
        b"sub/deep/l": (LINK, store.write("blob", b"../..")),
    }
    tree = store.write_tree(files)
    assert store.read_tree(tree) == files
    assert store.read(files[b"a.py"][1]) == b"x = 1\n"
    assert name_of("blob", b"x = 1\n") == files[b"a.py"][1]
    with pytest.raises(EnvironmentUnfit):
        store.read(bytes(20))


def test_only_what_differs_between_two_trees_is_named(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "objects")
    (tmp_path / "objects").mkdir()
    one, two = store.write("blob", b"1"), store.write("blob", b"2")
    before = {b"a": (FILE, one), b"same/x": (FILE, one), b"sub/x": (FILE, one), b"was/x": (FILE, one)}
    after = {
        b"a": (PROGRAM, one),
        b"same/x": (FILE, one),
        b"sub/x": (FILE, two),
        b"sub/y/z": (FILE, one),
        b"was": (LINK, two),
    }
    trees = [store.write_tree(files) for files in (before, after)]
    assert store.changed_paths(*trees) == [b"a", b"sub/x", b"sub/y/z", b"was", b"was/x"]
    assert store.changed_paths(trees[0], trees[0]) == []
