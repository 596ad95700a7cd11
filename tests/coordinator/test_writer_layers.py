from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.writer_layers import WriterLayers
from orchestrator.errors import EnvironmentUnfit
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_steps import MergeLeaf
from orchestrator.models.plan_tree import NodePath

ONE, TWO, INNER, MERGE = NodePath("1.1"), NodePath("1.2"), NodePath("1.1.2"), NodePath("1.merge")
ANN, BEN = WorkerId("ann"), WorkerId("ben")
NAMES = {ONE: (ANN,), TWO: (BEN,)}


@pytest.fixture
def layers(tmp_path: Path) -> WriterLayers:
    folder = SessionFolder(tmp_path / "workspace" / "20261130-130000-aaaa")
    folder.path.mkdir(parents=True)
    target = tmp_path / "target"
    target.mkdir()
    (target / "a.txt").write_text("begun\n")
    (target / ".gitignore").write_text("ignored\n")
    (target / "ignored").write_text("seen by all\n")
    return WriterLayers(folder, target)


def test_a_layer_shows_the_target_with_its_ignored_files(layers: WriterLayers) -> None:
    layers.prepare((ONE,))
    assert (layers.place((ONE,)) / "ignored").read_text() == "seen by all\n"
    (layers.place((ONE,)) / "a.txt").write_text("changed\n")
    layers.prepare((ONE,))  # as the next agent on it does, or a coordinator that takes over
    assert (layers.place((ONE,)) / "a.txt").read_text() == "changed\n"
    assert (layers.target / "a.txt").read_text() == "begun\n"
    assert layers.change((ONE,), ANN).files == ("a.txt",)


def test_who_writes_on_a_layer_after_another_has_changed_what_it_changed_itself(layers: WriterLayers) -> None:
    layers.prepare((ONE,))
    layers.mark((ONE,), ANN)
    (layers.place((ONE,)) / "a.txt").write_text("changed\n")
    layers.mark((ONE,), BEN)
    assert layers.change((ONE,), BEN).files == ()
    (layers.place((ONE,)) / "b.txt").write_text("new\n")
    layers.mark((ONE,), BEN)  # as at its next attempt
    assert layers.change((ONE,), BEN).files == ("b.txt",)
    assert layers.change((ONE,), ANN).files == ("a.txt", "b.txt")


def test_a_layer_over_a_layer_begins_with_what_lies_there(layers: WriterLayers) -> None:
    layers.prepare((ONE,))
    (layers.place((ONE,)) / "a.txt").write_text("below\n")
    layers.prepare((ONE, INNER))
    assert (layers.place((ONE, INNER)) / "a.txt").read_text() == "below\n"
    (layers.place((ONE, INNER)) / "b.txt").write_text("inner\n")
    result = layers.merge(MergeLeaf(MERGE, (INNER,), layers=(ONE,)), NAMES)
    assert result.success
    assert (layers.place((ONE,)) / "b.txt").read_text() == "inner\n"
    assert not (layers.target / "b.txt").exists()


def test_two_versions_of_a_line_are_both_there_and_told(layers: WriterLayers) -> None:
    for path, text in ((ONE, "ann's\n"), (TWO, "ben's\n")):
        layers.prepare((path,))
        (layers.place((path,)) / "a.txt").write_text(text)
    result = layers.merge(MergeLeaf(MERGE, (ONE, TWO)), NAMES)
    assert not result.success
    assert result.taken == (ONE, TWO)
    (told,) = result.conflicts
    assert told.startswith("a.txt: the changes of ben and of ann conflict")
    assert (layers.target / "a.txt").read_text() == "ann's\n"
    assert result.kept == ("layers/1.2/change.patch",)
    assert "+ben's" in (layers.session.path / result.kept[0]).read_text()
    both = (layers.session.path / "layers/1.2/conflicts/1.txt").read_text()
    assert "ann's" in both
    assert "ben's" in both
    again = layers.merge(MergeLeaf(MERGE, (ONE, TWO)), NAMES)
    assert (again.conflicts, again.kept, again.taken) == (result.conflicts, result.kept, result.taken)


def test_a_loser_is_kept_as_a_patch_and_goes_in_nowhere(layers: WriterLayers) -> None:
    for path, text in ((ONE, "ann's\n"), (TWO, "ben's\n")):
        layers.prepare((path,))
        (layers.place((path,)) / "a.txt").write_text(text)
    result = layers.merge(MergeLeaf(MERGE, (TWO,), keep=(ONE,)), NAMES)
    assert result.success
    assert (layers.target / "a.txt").read_text() == "ben's\n"
    assert result.kept == ("layers/1.1/change.patch",)


def test_a_layer_that_nobody_began_on_is_passed_over(layers: WriterLayers) -> None:
    result = layers.merge(MergeLeaf(MERGE, (ONE,), keep=(TWO,)), NAMES)
    assert (result.success, result.taken, result.kept) == (True, (), ())


def test_what_could_not_be_copied_leaves_nothing_and_is_merged_as_if_nobody_had_begun(
    layers: WriterLayers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.coordinator.isolation.MOST_BYTES", 3)
    with pytest.raises(EnvironmentUnfit, match="too large"):
        layers.prepare((ONE,))
    assert not layers.place((ONE,)).parent.exists()
    result = layers.merge(MergeLeaf(MERGE, (ONE,)), NAMES)
    assert (result.success, result.taken) == (True, ())
