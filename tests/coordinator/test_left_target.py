from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.left_target import check_left_target
from orchestrator.errors import UsageError
from orchestrator.snapshots.recorded_trees import AT_END, BASELINE, Snapshots
from tests.cli.conftest import Story


@pytest.fixture
def story(tmp_path: Path) -> Story:
    (tmp_path / "workspace").mkdir()
    return Story(tmp_path / "workspace")


@pytest.fixture
def left(story: Story) -> Story:
    """A session whose target was recorded at its end."""
    target = story.session.options.target
    (target / "a.txt").write_text("a\n")
    snapshots = Snapshots(story.folder.snapshots_dir, target, exclude=(story.folder.workspace,))
    snapshots.record(BASELINE)
    snapshots.record(AT_END)
    return story


def test_a_target_as_it_was_left_is_fit(left: Story) -> None:
    assert check_left_target(left.folder, left.session, may_differ=False) == ()


def test_what_is_new_changed_and_gone_is_named(left: Story) -> None:
    target = left.session.options.target
    (target / "a.txt").unlink()
    (target / "b.txt").write_text("b\n")
    with pytest.raises(UsageError, match=r"has changed since .* left it: a\.txt, b\.txt"):
        check_left_target(left.folder, left.session, may_differ=False)
    assert check_left_target(left.folder, left.session, may_differ=True) == ("a.txt", "b.txt")


def test_what_was_not_recorded_cannot_be_compared(story: Story) -> None:
    with pytest.raises(UsageError, match="cannot be told"):
        check_left_target(story.folder, story.session, may_differ=False)
    assert check_left_target(story.folder, story.session, may_differ=True) == ()
