"""What is peculiar to the walk; what it shares with git stands in ``test_recorded_trees.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.snapshots.hashed_trees import HashedTrees
from orchestrator.snapshots.selection import Selection


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    return target


def trees_of(target: Path, tmp_path: Path) -> tuple[HashedTrees, Callable[[], str]]:
    trees = HashedTrees(tmp_path / "trees", target)
    selection = Selection(tmp_path, target, (), {})
    return trees, lambda: trees.write_tree(selection.look().files)[0]


def test_a_large_file_is_hashed_and_not_kept(target: Path, tmp_path: Path) -> None:
    large = target / "large.txt"
    large.write_text("a\n" * 700_000)
    trees, take = trees_of(target, tmp_path)
    before = take()
    large.write_text("b\n" * 700_000)
    after = take()
    assert trees.diff_figures(before, after) == [("large.txt", 0, 0)]
    assert trees.diff_text(before, after, most_bytes=1000) == ("diff large.txt\nBinary or large file differs\n", False)
    assert sum(path.stat().st_size for path in (tmp_path / "trees").iterdir()) < 1000


def test_lines_that_begin_with_plus_or_minus_count_as_lines(target: Path, tmp_path: Path) -> None:
    (target / "a").write_text("++ one\n")
    trees, take = trees_of(target, tmp_path)
    before = take()
    (target / "a").write_text("-- two\n++ three")
    assert trees.diff_figures(before, take()) == [("a", 2, 1)]
