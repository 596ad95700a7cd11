from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.undo_records import Records


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(("git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments), cwd=folder, check=True)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "top" / "target"
    target.mkdir(parents=True)
    for name in ("committed", "edited", "deleted"):
        (target / name).write_text(f"{name}\n")
    git(tmp_path / "top", "init", "-q", "-b", "main")
    git(tmp_path / "top", "add", "-A")
    git(tmp_path / "top", "commit", "-qm", "x")
    return target


@pytest.mark.slow
def test_work_in_no_commit_that_went_is_told_from_work_that_was_changed(target: Path, tmp_path: Path) -> None:
    snapshots, records = Snapshots(tmp_path / "s", target), Records(tmp_path / "s", target)
    (target / "edited").write_text("my own\n")
    (target / "changed").write_text("my own, too\n")
    (target / "moved").write_text("and this\n")
    (target / "untracked").write_text("not tracked\n")
    records.take(snapshots, "begin")
    (target / "edited").write_text("edited\n")
    (target / "changed").write_text("built upon\n")
    (target / "moved").rename(target / "elsewhere")
    (target / "untracked").unlink()
    (target / "deleted").unlink()
    records.take(snapshots, "end")
    lost = records.lost_work(records.recorded(snapshots, "begin"), records.recorded(snapshots, "end"))
    assert lost == (b"edited", b"untracked")


@pytest.mark.slow
def test_the_repository_is_recorded_with_the_files(target: Path, tmp_path: Path) -> None:
    snapshots, records = Snapshots(tmp_path / "s", target), Records(tmp_path / "s", target)
    records.take(snapshots, "begin")
    kept = records.references("begin")
    assert kept is not None
    assert kept.commit() is not None
    assert set(records.committed("begin") or ()) == {b"committed", b"deleted", b"edited"}
    assert not records.has_end()
    records.take(snapshots, "end")
    assert records.has_end()
    records.forget_end()
    assert not records.has_end()


def test_a_folder_without_a_repository_has_none_to_put_back(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    snapshots, records = Snapshots(tmp_path / "s", tmp_path / "t"), Records(tmp_path / "s", tmp_path / "t")
    with pytest.raises(EnvironmentUnfit, match="was not recorded"):
        records.recorded(snapshots, "begin")
    records.take(snapshots, "begin")
    assert records.references("begin") is None
    assert records.committed("begin") is None
    assert records.recorded(snapshots, "begin").tree == {}


def test_a_repository_that_cannot_be_recorded_says_why(tmp_path: Path) -> None:
    target = tmp_path / "t"
    target.mkdir()
    git(target, "init", "-q")
    git(target, "config", "extensions.refStorage", "reftable")
    snapshots, records = Snapshots(tmp_path / "s", target), Records(tmp_path / "s", target)
    records.take(snapshots, "begin")
    with pytest.raises(EnvironmentUnfit, match="reftable"):
        records.references("begin")
