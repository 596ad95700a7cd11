from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest

from orchestrator.snapshots.recorded_trees import Snapshots

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@localhost",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@localhost",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **IDENTITY})


def fingerprint(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Content, mode and time of everything below a folder."""
    return {
        str(path): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    git(target, "init", "-q")
    (target / ".gitignore").write_text("*.log\nbuild/\n")
    (target / "form.py").write_text("one\n")
    (target / "kept.log").write_text("tracked although ignored\n")
    git(target, "add", "-f", ".")
    git(target, "commit", "-qm", "first")
    return target


@pytest.fixture
def snapshots(tmp_path: Path, target: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots", target)


def wait_until_settled(newest: Path) -> None:
    while time.time_ns() - newest.lstat().st_ctime_ns < 10**8:
        time.sleep(0.02)


def test_the_targets_own_repository_is_not_touched(snapshots: Snapshots, target: Path) -> None:
    (target / "staged.py").write_text("staged\n")
    git(target, "add", "staged.py")
    (target / "form.py").write_text("two\n")
    before = fingerprint(target / ".git")
    first = snapshots.take("first")
    (target / "new.py").write_text("x\n")
    assert snapshots.diff(first, snapshots.take("second")).files == ("new.py",)
    assert fingerprint(target / ".git") == before


def test_many_new_files_go_into_one_pack_and_later_ones_into_files_of_their_own(
    snapshots: Snapshots, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.snapshots.shadow_repository.MANY", 3)
    (target / "link").symlink_to("form.py")
    # What was written a moment before it is read is read once more the next time.
    wait_until_settled(target / "link")
    begin = snapshots.record("begin")
    pack = tmp_path / "snapshots/git/objects/pack"
    assert sorted(path.suffix for path in pack.iterdir()) == [".idx", ".pack"]
    (target / "form.py").write_text("two\n")
    end = Snapshots(tmp_path / "snapshots", target).record("end")
    assert len(list(pack.iterdir())) == 2
    diff = snapshots.compare(begin, end)
    assert "-one\n+two\n" in diff.text
    snapshots.check_out(begin, tmp_path / "out")
    assert (tmp_path / "out/form.py").read_text() == "one\n"
    assert (tmp_path / "out/link").readlink() == Path("form.py")


def test_another_thread_may_ask_how_far_a_look_has_come(snapshots: Snapshots, target: Path) -> None:
    assert snapshots.so_far == "0 files found"
    snapshots.record("begin")
    files = sum(path.is_file() and ".git" not in path.parts for path in target.rglob("*"))
    assert snapshots.so_far == f"{files - 1} of {files} files"


def test_ignored_files_are_left_out_unless_the_repository_tracks_them(snapshots: Snapshots, target: Path) -> None:
    before = snapshots.take("before")
    (target / "build").mkdir()
    (target / "build" / "out.js").write_text("x\n")
    (target / "debug.log").write_text("x\n")
    (target / "kept.log").write_text("changed\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("kept.log",)


def test_a_file_recorded_once_cannot_be_hidden_by_ignoring_it_later(snapshots: Snapshots, target: Path) -> None:
    (target / "loose.py").write_text("x\n")
    before = snapshots.take("before")
    (target / ".gitignore").write_text("*\n")
    (target / "loose.py").write_text("changed\n")
    assert "loose.py" in snapshots.diff(before, snapshots.take("after")).files


@pytest.mark.parametrize("has_commit", [False, True], ids=["without a commit", "with a commit"])
def test_a_repository_inside_the_target_counts_as_its_files(
    snapshots: Snapshots, target: Path, has_commit: bool
) -> None:
    inner = target / "vendor" / "inner"
    inner.mkdir(parents=True)
    git(inner, "init", "-q")
    (inner / "a.py").write_text("a\n")
    if has_commit:
        git(inner, "add", ".")
        git(inner, "commit", "-qm", "first")
    before = snapshots.take("before")
    (inner / "a.py").write_text("b\n")
    deeper = inner / "deeper"
    deeper.mkdir()
    git(deeper, "init", "-q")
    (deeper / "new.py").write_text("x\n")
    untouched = fingerprint(inner / ".git")
    diff = snapshots.diff(before, snapshots.take("after"))
    assert diff.files == ("vendor/inner/a.py", "vendor/inner/deeper/new.py")
    assert fingerprint(inner / ".git") == untouched


def test_nothing_the_target_configures_is_run_or_hides_a_change(
    snapshots: Snapshots, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "was-run"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    program.chmod(0o755)
    for name in ("filter.evil.clean", "filter.evil.smudge", "core.fsmonitor", "diff.external", "diff.evil.textconv"):
        git(target, "config", name, str(program))
    for hook in ("post-index-change", "pre-commit", "reference-transaction"):
        (target / ".git" / "hooks").mkdir(exist_ok=True)
        (target / ".git" / "hooks" / hook).write_text(program.read_text())
        (target / ".git" / "hooks" / hook).chmod(0o755)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    before = snapshots.take("before")
    (target / ".gitattributes").write_text("* filter=evil diff=evil -diff text working-tree-encoding=utf-16\n")
    (target / "form.py").write_text("one\r\ntwo\r\n")
    diff = snapshots.diff(before, snapshots.take("after"))
    assert "+two" in diff.text
    assert not marker.exists()


def test_of_the_users_own_git_settings_only_the_ignore_file_matters(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "ignore").write_text("*.secret\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere" / "index"))
    (target / "mine.secret").write_text("hunter2\n")
    snapshots = Snapshots(tmp_path / "snapshots", target)
    before = snapshots.take("before")
    (target / "new.py").write_text("x\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("new.py",)


def test_a_change_of_a_very_large_file_is_seen_without_recording_it(
    snapshots: Snapshots, target: Path, tmp_path: Path
) -> None:
    large = target / "data set.bin"
    with large.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    before = snapshots.take("before")
    assert snapshots.take("the same") == before
    with large.open("ab") as file:
        file.write(b"more")
    diff = snapshots.diff(before, snapshots.take("after"))
    assert diff.files == ("data set.bin",)
    assert "+large file of 68157444 bytes" in diff.text
    large.unlink()
    assert snapshots.diff(before, snapshots.take("gone")).deletions == 1
    assert sum(path.stat().st_size for path in (tmp_path / "snapshots").rglob("*") if path.is_file()) < 200_000


def test_a_linked_work_tree_is_a_target_like_any_other(target: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(target, "worktree", "add", "-q", str(linked))
    untouched = fingerprint(target / ".git")
    snapshots = Snapshots(tmp_path / "snapshots", linked)
    before = snapshots.take("before")
    (linked / "kept.log").write_text("changed\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("kept.log",)
    assert fingerprint(target / ".git") == untouched


def test_a_target_that_is_part_of_a_repository_obeys_the_rules_above_it(target: Path, tmp_path: Path) -> None:
    part = target / "part"
    part.mkdir()
    (part / "kept.log").write_text("tracked\n")
    (part / "a.py").write_text("a\n")
    git(target, "add", "-f", "part")
    snapshots = Snapshots(tmp_path / "snapshots", part)
    before = snapshots.take("before")
    (part / "debug.log").write_text("ignored\n")
    (part / "kept.log").write_text("changed\n")
    (target / "form.py").write_text("outside the target\n")
    diff = snapshots.diff(before, snapshots.take("after"))
    assert diff.files == ("kept.log",)
    assert "a/kept.log" in diff.text


def test_an_ignored_folder_of_a_repository_is_a_target_in_its_own_right(target: Path, tmp_path: Path) -> None:
    scratch = target / "build"
    scratch.mkdir()
    (scratch / "a.py").write_text("a\n")
    snapshots = Snapshots(tmp_path / "snapshots", scratch)
    before = snapshots.take("before")
    (scratch / "new.py").write_text("x\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("new.py",)


def test_a_file_that_may_not_be_read_is_said_and_stands_in_the_way_of_no_other(ordinary_folder: Path) -> None:
    target = ordinary_folder / "target"
    target.mkdir()
    (target / "closed").write_text("x\n")
    (target / "closed").chmod(0)
    assert not os.access(target / "closed", os.R_OK)
    snapshots = Snapshots(ordinary_folder / "snapshots", target)
    before = snapshots.take("before")
    (target / "new.py").write_text("x\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("new.py",)
