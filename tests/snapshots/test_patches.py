from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.snapshots.patches import heading, make_patch
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.undo_records import Records

pytestmark = pytest.mark.slow


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "target"
    target.mkdir()
    (target / "a.txt").write_bytes(b"one\r\ntwo\n")
    (target / "b.bin").write_bytes(bytes(range(256)) * 20)
    (target / "gone").write_text("1")
    return target


def test_git_applies_the_patch_binary_files_and_odd_names_included(target: Path, tmp_path: Path) -> None:
    shutil.copytree(target, tmp_path / "copy")
    snapshots, records = Snapshots(tmp_path / "s", target), Records(tmp_path / "s", target)
    records.take(snapshots, "begin")
    (target / "a.txt").write_bytes(b"one\r\nthree")
    (target / "b.bin").write_bytes(bytes(reversed(range(256))) * 20)
    (target / "gone").unlink()
    (target / "odd\nname\t\u202e").write_text("odd")
    (target / "run.sh").write_text("#!/bin/sh\n")
    (target / "run.sh").chmod(0o755)
    (target / "link").symlink_to("a.txt")
    records.take(snapshots, "end")
    patch = make_patch(tmp_path / "s", records.recorded(snapshots, "begin"), records.recorded(snapshots, "end"))
    assert patch.is_whole
    whole = heading(patch, "20261121-175811-7f3a") + patch.content
    (tmp_path / "changes.patch").write_bytes(whole)
    words = ["git", "apply", "--whitespace=nowarn", str(tmp_path / "changes.patch")]
    subprocess.run(words, cwd=tmp_path / "copy", check=True)
    found = Snapshots(tmp_path / "other", tmp_path / "copy").look()
    assert found == snapshots.look()


def test_a_patch_is_cut_between_two_files_and_says_so(target: Path, tmp_path: Path) -> None:
    snapshots, records = Snapshots(tmp_path / "s", target), Records(tmp_path / "s", target)
    records.take(snapshots, "begin")
    for number in range(10):
        (target / f"n{number}").write_text("line\n" * 200)
    records.take(snapshots, "end")
    sides = records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")
    patch = make_patch(tmp_path / "s", *sides, most_bytes=5_000)
    assert patch.cut_after is not None
    assert 0 < patch.cut_after < 10
    assert b"CUT after" in heading(patch, "S")
    (tmp_path / "p").write_bytes(heading(patch, "S") + patch.content)
    subprocess.run(["git", "apply", "--check", str(tmp_path / "p")], cwd=tmp_path / "s", check=True)


def test_what_was_not_recorded_is_left_out_and_named(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.snapshots.shadow_repository.MOST_RECORDED_BYTES", 10_000)
    snapshots, records = Snapshots(tmp_path / "s", target), Records(tmp_path / "s", target)
    records.take(snapshots, "begin")
    (target / "data").write_bytes(b"x" * 20_000)
    (target / "gone").write_text("2")
    records.take(snapshots, "end")
    patch = make_patch(tmp_path / "s", records.recorded(snapshots, "begin"), records.recorded(snapshots, "end"))
    assert patch.left_out == (b"data",)
    assert b"NOT IN IT: data" in heading(patch, "S")
    assert b"large file" not in patch.content
    assert patch.content.count(b"diff --git") == 1
