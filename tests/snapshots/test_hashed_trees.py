"""What is peculiar to the walk; what it shares with git stands in ``test_recorded_trees.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.snapshots.hashed_trees import HashedTrees


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    return target


def test_folders_that_nobody_reviews_are_passed_over(target: Path, tmp_path: Path) -> None:
    trees = HashedTrees(tmp_path / "trees", target, ())
    before = trees.write_tree()
    for name in (".git", "node_modules", "__pycache__", "src"):
        (target / name).mkdir()
        (target / name / "file").write_text("x\n")
    assert trees.diff_figures(before, trees.write_tree()) == [("src/file", 1, 0)]


def test_a_large_file_is_hashed_and_not_kept(target: Path, tmp_path: Path) -> None:
    large = target / "large.txt"
    large.write_text("a\n" * 700_000)
    trees = HashedTrees(tmp_path / "trees", target, ())
    before = trees.write_tree()
    large.write_text("b\n" * 700_000)
    after = trees.write_tree()
    assert trees.diff_figures(before, after) == [("large.txt", 0, 0)]
    assert trees.diff_text(before, after, most_bytes=1000) == ("diff large.txt\nBinary or large file differs\n", False)
    assert sum(path.stat().st_size for path in (tmp_path / "trees").iterdir()) < 1000


def test_lines_that_begin_with_plus_or_minus_count_as_lines(target: Path, tmp_path: Path) -> None:
    (target / "a").write_text("++ one\n")
    trees = HashedTrees(tmp_path / "trees", target, ())
    before = trees.write_tree()
    (target / "a").write_text("-- two\n++ three")
    assert trees.diff_figures(before, trees.write_tree()) == [("a", 2, 1)]
