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
    assert shared == ("node_modules", "src/local.env", ".git")
    out = tmp_path / "out"
    assert (out / "src" / "a.py").read_text() == "a = 1\n"
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
    names = [f"ignored-{number}".encode() for number in range(MOST_BORROWED + 1)]
    with pytest.raises(EnvironmentUnfit, match="too many to be shared"):
        borrowed(target, tmp_path / "out", names)
