from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.snapshots.recorded_trees import Diff, Snapshots
from orchestrator.snapshots.selection import Selection

IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}


def git(folder: Path, *arguments: str) -> str:
    environ = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=environ, text=True)
    return done.stdout


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    git(target, "init", "-q")
    (target / ".gitignore").write_text("*.log\nbuild/\n.env\n")
    (target / "form.py").write_text("one\n")
    (target / "kept.log").write_text("tracked although ignored\n")
    git(target, "add", "-f", ".gitignore", "form.py", "kept.log")
    git(target, "commit", "-qm", "first")
    (target / ".env").write_text("SECRET=hunter2\n")
    (target / "build").mkdir()
    (target / "build" / "out.js").write_text("x\n")
    return target


class Change:
    """What an agent did, as the snapshots tell it; a second process tells what the first one recorded."""

    def __init__(self, tmp_path: Path, target: Path, environ: dict[str, str] | None = None) -> None:
        self.folder, self.target, self.environ = tmp_path / "snapshots", target, environ or {}
        self.before = self.snapshots().record("before")

    def snapshots(self) -> Snapshots:
        return Snapshots(self.folder, self.target, environ=self.environ)

    def diff(self) -> Diff:
        snapshots = self.snapshots()
        return snapshots.compare(self.before, snapshots.record("after"))

    def everything_kept(self) -> bytes:
        """All that lies in the snapshots, unpacked by git."""
        objects = {**os.environ, "GIT_DIR": str(self.folder / "git")}
        argv = ["git", "cat-file", "--batch-all-objects", "--batch"]
        done = subprocess.run(argv, env=objects, capture_output=True, check=True)
        return done.stdout


def test_a_rule_that_is_new_hides_nothing_and_is_said(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    (target / ".gitignore").write_text("*.log\n.gitignore\nbackdoor.py\n")
    (target / "backdoor.py").write_text("import os\n")
    (target / "plain.py").write_text("pass\n")
    diff = change.diff()
    assert diff.files == (".gitignore", "backdoor.py", "plain.py")
    assert [(file.path, file.rule) for file in diff.unshown.hidden] == [("backdoor.py", ".gitignore:3")]


def test_a_rule_in_a_new_file_or_in_the_repository_itself_is_new_as_well(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    (target / "pkg").mkdir()
    (target / "pkg" / ".gitignore").write_text("*\n")
    (target / "pkg" / "evil.py").write_text("x\n")
    (target / ".git" / "info" / "exclude").write_text("hook.py\n")
    (target / "hook.py").write_text("x\n")
    diff = change.diff()
    assert diff.files == ("hook.py", "pkg/.gitignore", "pkg/evil.py")
    hidden = {file.path: file.rule for file in diff.unshown.hidden}
    assert hidden["hook.py"] == ".git/info/exclude:1"
    assert hidden["pkg/evil.py"] == "pkg/.gitignore:1"


def test_what_an_agent_commits_is_not_hidden_whatever_ignores_it(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    (target / ".gitignore").write_text("*\n")
    (target / "new.py").write_text("x\n")
    git(target, "add", "-f", "new.py")
    assert "new.py" not in [file.path for file in change.diff().unshown.hidden]


def test_a_file_that_was_ignored_counts_once_the_repository_tracks_it(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    git(target, "add", "-f", ".env")
    assert change.diff().files == (".env",)


def test_ignored_files_are_named_and_never_copied(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    (target / ".env").write_text("SECRET=correct horse\n")
    (target / "build" / "out.js").unlink()
    (target / "new.log").write_text("x")
    diff = change.diff()
    assert diff.files == ()
    told = {item.path: (item.what, item.size_before, item.size) for item in diff.unshown.ignored}
    assert told == {".env": ("changed", 15, 21), "build/out.js": ("went", 2, 2), "new.log": ("new", None, 1)}
    assert b"SECRET" not in change.everything_kept()


def test_an_ignored_file_that_is_rewritten_at_the_same_size_and_time_is_seen(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    status = (target / ".env").stat()
    (target / ".env").write_text("SECRET=hunter3\n")
    os.utime(target / ".env", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [item.path for item in change.diff().unshown.ignored] == [".env"]


def test_what_the_repository_and_the_user_ignore_is_not_copied(tmp_path: Path, target: Path) -> None:
    (target / ".git" / "info" / "exclude").write_text("private.txt\n")
    (target / "private.txt").write_text("SECRET=1\n")
    (target / "mine.key").write_text("SECRET=2\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[core]\n\texcludesFile = "~/my ignored"\n')
    (home / "my ignored").write_text("*.key\n")
    change = Change(tmp_path, target, {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"})
    assert b"SECRET" not in change.everything_kept()
    (target / "mine.key").unlink()
    assert [item.path for item in change.diff().unshown.ignored] == ["mine.key"]


def test_an_index_that_cannot_be_read_is_said_and_never_taken_for_empty(tmp_path: Path, target: Path) -> None:
    index = target / ".git" / "index"
    index.write_bytes(index.read_bytes()[:7] + b"\x09" + index.read_bytes()[8:])
    diff = Change(tmp_path, target).diff()
    [doubt] = diff.unshown.doubts
    assert "which files the repository tracks: its index cannot be read" in doubt


def test_a_repository_of_the_other_hash_is_read(tmp_path: Path) -> None:
    target = tmp_path / "other"
    target.mkdir()
    git(target, "init", "-q", "--object-format=sha256")
    (target / "kept.log").write_text("tracked\n")
    (target / ".gitignore").write_text("*.log\n")
    git(target, "add", "-f", ".")
    change = Change(tmp_path, target)
    (target / "kept.log").write_text("changed\n")
    diff = change.diff()
    assert diff.files == ("kept.log",)
    assert diff.unshown.doubts == ()


def test_names_that_git_cannot_hold_are_recorded_and_counted(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    (target / ".GIT").mkdir()
    (target / ".GIT" / "config").write_text("[core]\n")
    (target / "sub").mkdir()
    git(target / "sub", "init", "-q")
    (target / "sub" / "code.py").write_text("x\n")
    diff = change.diff()
    assert diff.files == (".GIT/config", "sub/code.py")
    assert diff.unshown.nameless == (".GIT", "sub/.git")


def test_a_new_repository_inside_hides_nothing(tmp_path: Path, target: Path) -> None:
    change = Change(tmp_path, target)
    (target / "sub").mkdir()
    git(target / "sub", "init", "-q")
    (target / "sub" / ".git" / "info" / "exclude").write_text("*\n")
    (target / "sub" / "evil.py").write_text("x\n")
    assert change.diff().files == ("sub/evil.py",)


def test_rules_of_a_submodule_hold_in_it_and_its_own_index_counts(tmp_path: Path, target: Path) -> None:
    inner = target / "vendor"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / ".gitignore").write_text("*.tmp\n")
    (inner / "kept.tmp").write_text("x\n")
    git(inner, "add", "-f", ".")
    git(inner, "commit", "-qm", "x")
    git(target, "add", "vendor")
    change = Change(tmp_path, target)
    (inner / "kept.tmp").write_text("y\n")
    (inner / "other.tmp").write_text("y\n")
    (inner / "form.log").write_text("not ignored here\n")
    diff = change.diff()
    assert diff.files == ("vendor/form.log", "vendor/kept.tmp")
    assert [item.path for item in diff.unshown.ignored] == ["vendor/other.tmp"]


def test_a_flood_of_hidden_files_is_counted_and_not_recorded(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.snapshots.selection.MOST_HIDDEN", 3)
    change = Change(tmp_path, target)
    (target / ".gitignore").write_text("node_modules/\n*.log\nbuild/\n.env\n")
    (target / "node_modules").mkdir()
    for n in range(10):
        (target / "node_modules" / f"{n}.js").write_text("x\n")
    diff = change.diff()
    assert len(diff.files) == 1 + 3
    assert diff.unshown.hidden_count == 3
    assert any("what 7 more files hold" in doubt for doubt in diff.unshown.doubts)


def test_special_files_and_links_in_the_place_of_rules_keep_nobody_waiting(tmp_path: Path, target: Path) -> None:
    (target / ".gitignore").unlink()
    os.mkfifo(target / ".gitignore")
    os.mkfifo(target / "pipe")
    (target / "loop").symlink_to("loop")
    (target / "sub").mkdir()
    (target / "sub" / ".gitignore").symlink_to("/dev/zero")
    change = Change(tmp_path, target)
    (target / "new.py").write_text("x\n")
    assert change.diff().files == ("new.py",)


def test_what_was_settled_outlives_the_process(tmp_path: Path, target: Path) -> None:
    first = Selection(tmp_path, target, (), {})
    first.look()
    (target / ".gitignore").write_text("*\n")
    (target / "new.py").write_text("x\n")
    later = Selection(tmp_path, target, (), {}).look()
    assert b"new.py" in later.files
    assert json.loads((tmp_path / "rules.json").read_text())["format"] == 1
