"""What is held inside a writable folder, and what is only watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.sandbox.mounts import Mount
from orchestrator.sandbox.protected_paths import protect


def read(path: Path) -> Mount:
    return Mount(path, "read", str(path))


def write(path: Path) -> Mount:
    return Mount(path, "write", str(path))


def test_what_exists_is_held_with_every_folder_on_the_way(tmp_path: Path) -> None:
    hooks = tmp_path / ".git" / "hooks"
    hooks.mkdir(parents=True)
    found = protect([tmp_path], [hooks])
    assert found.mounts == (write(tmp_path / ".git"), read(hooks))
    assert found.absent == ()


def test_what_does_not_exist_is_watched(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    found = protect([tmp_path], [tmp_path / ".git" / "config", tmp_path / ".mcp.json"])
    assert found.mounts == (write(tmp_path / ".git"),)
    assert found.absent == ((str(tmp_path), ".git/config"), (str(tmp_path), ".mcp.json"))


def test_a_file_on_the_way_is_held_itself(tmp_path: Path) -> None:
    # A worktree's .git is a file that says where hooks and configuration are.
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    assert protect([tmp_path], [tmp_path / ".git" / "hooks"]).mounts == (read(tmp_path / ".git"),)


def test_a_links_end_is_held(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / ".bashrc").symlink_to("real")
    assert protect([tmp_path], [tmp_path / ".bashrc"]).mounts == (read(tmp_path / "real"),)
    (tmp_path / ".profile").symlink_to("nowhere")
    assert protect([tmp_path], [tmp_path / ".profile"]).absent == ((str(tmp_path), ".profile"),)


def test_what_lies_outside_needs_nothing(tmp_path: Path) -> None:
    found = protect([tmp_path / "a"], [tmp_path / "b", tmp_path / "a"])
    assert (found.mounts, found.absent) == ((), ())


@pytest.mark.parametrize("spelt", ["{root}/./b", "{root}//b", "{root}/a/../b", "{link}/b", "{root}/b/"])
def test_however_a_path_is_spelt_it_is_held_where_it_stands(tmp_path: Path, spelt: str) -> None:
    root, link = tmp_path / "root", tmp_path / "link"
    (root / "a").mkdir(parents=True)
    (root / "b").write_text("")
    link.symlink_to(root)
    found = protect([root], [spelt.format(root=root, link=link)])
    plain = protect([root], [root / "b"])
    # What leads through "..", no name inside the folder, is watched for where it cannot be held.
    assert found == plain or found.absent == ((str(root), "a/../b"),)


def test_a_folder_whose_name_only_begins_like_a_roots_is_outside_it(tmp_path: Path) -> None:
    for name in ("root", "rooted"):
        (tmp_path / name).mkdir()
    found = protect([tmp_path / "root"], [tmp_path / "rooted" / "b"])
    assert (found.mounts, found.absent) == ((), ())
