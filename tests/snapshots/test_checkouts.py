from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.snapshots.checkouts import MOST_BORROWED, borrowed, check_out
from orchestrator.snapshots.recorded_trees import Snapshots


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "target"
    (made / ".git").mkdir(parents=True)
    (made / "src").mkdir()
    (made / "src" / "a.py").write_text("a = 1\n")
    (made / "run.sh").write_text("x\n")
    (made / "run.sh").chmod(0o755)
    (made / "link").symlink_to("src/a.py")
    (made / ".gitignore").write_text("node_modules/\n*.env\n__pycache__/\n")
    (made / "node_modules" / "x").mkdir(parents=True)
    (made / "node_modules" / "x" / "index.js").write_text("x")
    (made / "src" / "local.env").write_text("x")
    (made / "src" / "__pycache__").mkdir()
    (made / "src" / "__pycache__" / "a.pyc").write_text("x")
    return made


def test_a_checkout_is_the_target_as_it_was_and_says_what_it_needs_besides(target: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", target)
    moment = snapshots.record("then")
    (target / "src" / "a.py").write_text("a = 2\n")
    (target / "new.txt").write_text("new\n")
    (target / "run.sh").unlink()
    shared = snapshots.check_out(moment, tmp_path / "out")
    assert shared == ("node_modules", ".git")
    out = tmp_path / "out"
    assert (out / "src" / "a.py").read_text() == "a = 1\n"
    assert (out / "src" / "local.env").read_text() == "x"
    assert not (out / "src" / "__pycache__").exists()
    assert (out / "run.sh").stat().st_mode & 0o111
    assert (out / "link").readlink() == Path("src/a.py")
    assert sorted(path.name for path in out.iterdir()) == [".gitignore", "link", "run.sh", "src"]


def test_a_file_too_large_to_be_recorded_is_borrowed_while_it_is_what_it_was(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.snapshots.shadow_repository.MOST_RECORDED_BYTES", 100)
    for name in ("large.bin", "changed.bin"):
        (target / name).write_bytes(b"x" * 200)
    snapshots = Snapshots(tmp_path / "snapshots", target)
    moment = snapshots.record("then")
    os.utime(target / "changed.bin", (1, 1))
    shared = snapshots.check_out(moment, tmp_path / "out")
    assert "large.bin" in shared
    assert "changed.bin" not in shared
    assert not (tmp_path / "out" / "large.bin").exists()


def test_single_ignored_files_and_links_are_copied_as_they_were(target: Path, tmp_path: Path) -> None:
    (target / ".env").write_text("top")
    (target / ".env").chmod(0o640)
    (target / "dangling.env").symlink_to("nowhere")
    (target / "out.env").symlink_to("/etc/passwd")
    os.mkfifo(target / "pipe.env")
    os.utime(target / ".env", ns=(5, 1_000_000_007))
    (target / ".gitignore").write_text("*.env\n")
    (target / "src" / "tool.env").write_text("#!/bin/sh\n")
    (target / "src" / "tool.env").chmod(0o755)
    snapshots = Snapshots(tmp_path / "snapshots", target)
    moment, out = snapshots.record("then"), tmp_path / "out"
    assert snapshots.check_out(moment, out) == (".git",)
    assert (out / ".env").read_text() == "top"
    assert (out / ".env").stat().st_mtime_ns == 1_000_000_007
    assert (out / ".env").stat().st_mode & 0o777 == 0o640
    assert (out / "src" / "tool.env").stat().st_mode & 0o777 == 0o755
    assert (out / "dangling.env").readlink() == Path("nowhere")
    assert (out / "out.env").readlink() == Path("/etc/passwd")
    assert not (out / "pipe.env").exists()


def test_ignored_files_too_large_or_too_many_to_be_copied_are_shared_smallest_last(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("a.env", 90), ("b.env", 20), ("c.env", 10), ("d.env", 0)):
        (target / name).write_bytes(b"x" * size)
    snapshots = Snapshots(tmp_path / "snapshots", target)
    moment, out = snapshots.record("then"), tmp_path / "out"
    monkeypatch.setattr("orchestrator.snapshots.checkouts.MOST_COPIED_BYTES", 50)
    assert snapshots.check_out(moment, out) == ("a.env", "node_modules", ".git")
    assert (out / "b.env").stat().st_size == 20
    monkeypatch.setattr("orchestrator.snapshots.checkouts.MOST_COPIED", 3)
    assert snapshots.check_out(moment, out) == ("a.env", "b.env", "node_modules", ".git")


@pytest.mark.parametrize("change", ["went", "grew", "became a link"])
def test_an_ignored_file_that_is_no_longer_what_it_was_is_said(target: Path, tmp_path: Path, change: str) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", target)
    moment = snapshots.record("then")
    place = target / "src" / "local.env"
    place.unlink()
    if change == "grew":
        place.write_text("xy")
    elif change == "became a link":
        place.symlink_to("/etc/passwd")
    with pytest.raises(EnvironmentUnfit, match=r"changed meanwhile: src/local\.env"):
        snapshots.check_out(moment, tmp_path / "out")


def test_a_repository_behind_a_link_stays_behind_a_link(target: Path, tmp_path: Path) -> None:
    (target / ".git").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (target / ".git").symlink_to("../elsewhere")
    (tmp_path / "out").mkdir()
    assert borrowed(target, tmp_path / "out", {}) == ()
    assert (tmp_path / "out" / ".git").readlink() == Path("../elsewhere")


def test_without_git_there_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match="without git"):
        check_out(tmp_path, "tree", tmp_path / "out", git=None)


def test_a_tree_that_was_not_recorded_is_none(target: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", target)
    snapshots.record("then")
    with pytest.raises(EnvironmentUnfit, match="cannot be written down"):
        check_out(tmp_path / "snapshots" / "git", "0" * 40, tmp_path / "out", git="git")


def test_too_many_folders_to_share_are_refused(target: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    names = {f"ignored-{number}/x".encode(): (0, 0, 0) for number in range(MOST_BORROWED + 1)}
    with pytest.raises(EnvironmentUnfit, match="too many to be shared"):
        borrowed(target, tmp_path / "out", names)
