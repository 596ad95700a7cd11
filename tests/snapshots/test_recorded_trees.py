"""The same facts for the git repository beside the journal and for the plain walk that serves without git."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.time_limits import in_time
from orchestrator.snapshots.recorded_trees import Snapshots

Take = Callable[..., Snapshots]


@pytest.fixture(params=["git", "walk"])
def snapshots_of(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    if request.param == "walk":
        monkeypatch.setenv("PATH", str(tmp_path / "nothing-here"))

    def make(target: Path, *exclude: Path) -> Snapshots:
        return Snapshots(tmp_path / "snapshots", target, exclude)

    return make


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    target.mkdir()
    (target / "form.py").write_text("def check(name):\n    return True\n")
    return target


def test_a_change_an_addition_and_a_removal_are_counted_by_line(snapshots_of: Take, target: Path) -> None:
    (target / "old.py").write_text("1\n2\n3\n")
    snapshots = snapshots_of(target)
    before = snapshots.take("opened")
    (target / "form.py").write_text("def check(name):\n    return bool(name)\n")
    (target / "new.py").write_text("a\nb\n")
    (target / "old.py").unlink()
    diff = snapshots.diff(before, snapshots.take("001-milestone"))
    assert diff.files == ("form.py", "new.py", "old.py")
    assert (diff.insertions, diff.deletions, diff.is_cut) == (3, 4, False)
    assert "-    return True\n+    return bool(name)\n" in diff.text


def test_the_same_content_is_the_same_tree(snapshots_of: Take, target: Path) -> None:
    snapshots = snapshots_of(target)
    first = snapshots.take("first")
    (target / "form.py").touch()
    second = snapshots.take("second")
    assert first == second
    assert snapshots.diff(first, second).files == ()


def test_the_view_of_compositions_is_no_part_of_the_project(snapshots_of: Take, target: Path) -> None:
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    view = target / ".orchestrator" / "compositions"
    view.mkdir(parents=True)
    (view / "testing_1.json").write_text("{}")
    assert snapshots.take("with the view") == before
    (target / ".orchestrator" / "settings.toml").write_text("")
    (view.parent / "compositions-of-ours").write_text("")
    after = snapshots.take("with settings")
    assert snapshots.diff(before, after).files == (
        ".orchestrator/compositions-of-ours",
        ".orchestrator/settings.toml",
    )


def test_a_later_process_goes_on_with_the_same_trees(snapshots_of: Take, target: Path) -> None:
    before = snapshots_of(target).take("before")
    (target / "new").write_text("x\n")
    later = snapshots_of(target)
    assert later.diff(before, later.take("after")).files == ("new",)


def test_the_workspace_inside_the_target_is_left_out(snapshots_of: Take, target: Path) -> None:
    workspace = target / "work [space]*"
    workspace.mkdir()
    (target / "work sspace").mkdir()
    snapshots = snapshots_of(target, workspace)
    before = snapshots.take("before")
    (workspace / "claude.jsonl").write_text("{}\n")
    (target / "work sspace" / "seen.py").write_text("x\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("work sspace/seen.py",)


def test_a_target_inside_the_workspace_is_recorded(snapshots_of: Take, target: Path) -> None:
    snapshots = snapshots_of(target, target.parent)
    before = snapshots.take("before")
    (target / "new.py").write_text("x\n")
    assert snapshots.diff(before, snapshots.take("after")).files == ("new.py",)


def test_links_are_recorded_and_not_followed(snapshots_of: Take, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret\n")
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "secret")
    (target / "dangling").symlink_to("nowhere")
    diff = snapshots.diff(before, snapshots.take("after"))
    assert diff.files == ("dangling", "file", "folder")
    assert "+secret" not in diff.text


def test_a_folder_that_becomes_a_link_loses_its_files(snapshots_of: Take, target: Path) -> None:
    (target / "one").mkdir()
    (target / "one" / "a.py").write_text("a\n")
    shutil.copytree(target / "one", target / "two")
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    shutil.rmtree(target / "two")
    (target / "two").symlink_to("one")
    assert snapshots.diff(before, snapshots.take("after")).files == ("two", "two/a.py")


def test_a_file_that_becomes_a_folder_and_back_is_no_trouble(snapshots_of: Take, target: Path) -> None:
    (target / "thing").write_text("x\n")
    snapshots = snapshots_of(target)
    first = snapshots.take("first")
    (target / "thing").unlink()
    (target / "thing").mkdir()
    (target / "thing" / "inner").write_text("y\n")
    second = snapshots.take("second")
    assert snapshots.diff(first, second).files == ("thing", "thing/inner")
    shutil.rmtree(target / "thing")
    (target / "thing").write_text("x\n")
    assert snapshots.take("third") == first


def test_binary_files_are_named_and_not_shown(snapshots_of: Take, target: Path) -> None:
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    (target / "logo.png").write_bytes(b"\x89PNG\0" + bytes(range(256)))
    diff = snapshots.diff(before, snapshots.take("after"))
    assert (diff.files, diff.insertions) == (("logo.png",), 0)
    assert "Binary" in diff.text


def test_names_may_hold_anything(snapshots_of: Take, target: Path) -> None:
    names = ["with space", "two\nlines", "tab\there", 'quo"te', "back\\slash", "ümlaut", "-n", "*", "git~1", ":(top)x"]
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    for name in names:
        (target / name).write_text("x\n")
    (target / os.fsdecode(b"not-utf8-\xff")).write_text("x\n")
    diff = snapshots.diff(before, snapshots.take("after"))
    assert set(names) < set(diff.files)
    assert len(diff.files) == len(names) + 1
    assert diff.text.encode()
    assert "".join(diff.files).encode()


def test_pipes_and_sockets_are_passed_over(snapshots_of: Take, target: Path) -> None:
    os.mkfifo(target / "pipe")
    snapshots = snapshots_of(target)
    assert snapshots.diff(snapshots.take("one"), snapshots.take("two")).files == ()


def test_an_empty_target_is_a_tree_too(snapshots_of: Take, tmp_path: Path) -> None:
    target = tmp_path / "empty"
    target.mkdir()
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    (target / "first.py").write_text("x\n")
    after = snapshots.take("after")
    assert snapshots.diff(before, after).files == ("first.py",)
    assert snapshots.diff(after, before).deletions == 1


def test_a_diff_of_many_megabytes_is_cut_and_its_figures_are_whole(snapshots_of: Take, target: Path) -> None:
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    for n in range(8):
        (target / f"{n}.txt").write_text("a line of thirty-two characters\n" * 30_000)
    diff = snapshots.diff(before, snapshots.take("after"))
    assert diff.is_cut
    assert len(diff.text) <= 4 * 1024 * 1024
    assert diff.insertions == 240_000


def test_an_unknown_tree_is_said(snapshots_of: Take, target: Path) -> None:
    snapshots = snapshots_of(target)
    with pytest.raises(EnvironmentUnfit):
        snapshots.diff(snapshots.take("here"), "0" * 40)


def test_every_snapshot_leaves_its_label(snapshots_of: Take, target: Path, tmp_path: Path) -> None:
    snapshots = snapshots_of(target)
    tree = snapshots.take("001-milestone")
    labels = (tmp_path / "snapshots" / "labels.jsonl").read_text()
    assert f'"label": "001-milestone", "tree": "{tree}"' in labels


def test_two_processes_record_the_same_target_at_the_same_time(tmp_path: Path, target: Path) -> None:
    first, second = (Snapshots(tmp_path / "snapshots", target) for _ in range(2))
    before = first.take("base")
    (target / "new.txt").write_text("new")
    assert first.look() == second.take("seen by another")
    assert second.diff(before, first.look()).files == ("new.txt",)


def test_a_label_that_a_crash_cut_short_is_as_if_never_taken(tmp_path: Path, target: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", target)
    tree = snapshots.take("base")
    with (tmp_path / "snapshots" / "labels.jsonl").open("a") as labels:
        labels.write('\n{"at": "2026-11-21T00:00:00+00:00", "label": "mil')
    assert (snapshots.find("base"), snapshots.newest()) == (tree, tree)
    snapshots.take("next")
    assert snapshots.find("next") == tree


def test_a_look_whose_time_is_over_is_no_moment(snapshots_of: Take, target: Path, tmp_path: Path) -> None:
    snapshots = snapshots_of(target)
    before = snapshots.take("before")
    with pytest.raises((EnvironmentUnfit, TimeoutError)):
        in_time(lambda: snapshots.take("late"), within_s=0.0, what="the look")
    assert snapshots.find("late") is None
    assert snapshots.take("after") == before
