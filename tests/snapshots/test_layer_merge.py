"""Two writers on copies of one target: what fits is put together, and of what conflicts both versions are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.snapshots.layer_merge import Conflict, merge_layer
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.undo_records import Records

Change = Callable[[Path], object]
LINES = "".join(f"line {n}\n" for n in range(1, 21))


def line(number: int, text: str) -> Change:
    """Change one line of ``a.txt``."""

    def change(target: Path) -> None:
        lines = (target / "a.txt").read_text().splitlines(keepends=True)
        lines[number - 1] = f"{text}\n"
        (target / "a.txt").write_text("".join(lines))

    return change


def put(name: str, content: str | bytes) -> Change:
    def change(target: Path) -> None:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return change


def gone(name: str) -> Change:
    return lambda target: (target / name).unlink()


def renamed(old: str, new: str) -> Change:
    return lambda target: (target / old).rename(target / new)


def linked(name: str, to: str) -> Change:
    def change(target: Path) -> None:
        (target / name).unlink(missing_ok=True)
        (target / name).symlink_to(to)

    return change


def mode(name: str, bits: int) -> Change:
    return lambda target: (target / name).chmod(bits)


def folder(name: str) -> Change:
    """A folder with a file in it, where a file was."""

    def change(target: Path) -> None:
        (target / name).unlink(missing_ok=True)
        (target / name).mkdir()
        (target / name / "inner.txt").write_text("inner\n")

    return change


def both(*changes: Change) -> Change:
    def change(target: Path) -> None:
        for each in changes:
            each(target)

    return change


def merged(tmp_path: Path, *changes: Change) -> tuple[Path, list[tuple[Conflict, ...]]]:
    """The target after all changes were made beside one another and merged in order; twice, as after a kill."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "a.txt").write_text(LINES)
    (target / "b.bin").write_bytes(b"\0\1\2")
    (target / "run.sh").write_text("#!/bin/sh\n")
    found: list[tuple[Conflict, ...]] = []
    layers = []
    for number, change in enumerate(changes):
        place = tmp_path / f"layer{number}"
        shutil.copytree(target, place, symlinks=True)
        snapshots = Snapshots(tmp_path / f"snapshots{number}", place)
        records = Records(snapshots.folder, place)
        records.take(snapshots, "begin")
        change(place)
        records.take(snapshots, "end")
        layers.append((records, records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")))
    for _ in range(2):
        found = [
            merge_layer(target, records.folder, records.store, before, after, ours="first", theirs="second")
            for records, before, after in layers
        ]
    return target, found


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        pytest.param(
            line(2, "two"), line(19, "nineteen"), {"a.txt": ("two", "nineteen")}, id="different lines of one file"
        ),
        pytest.param(put("x", "x"), put("y", "y"), {"x": ("x",), "y": ("y",)}, id="different files"),
        pytest.param(line(2, "two"), line(2, "two"), {"a.txt": ("two",)}, id="the same change"),
        pytest.param(line(2, "two"), mode("a.txt", 0o755), {"a.txt": ("two",)}, id="content and mode"),
        pytest.param(gone("a.txt"), gone("a.txt"), {}, id="both delete"),
        pytest.param(renamed("a.txt", "c.txt"), put("y", "y"), {"c.txt": ("line 1",), "y": ("y",)}, id="a rename"),
        pytest.param(put("b.bin", b"\0new"), line(1, "one"), {"a.txt": ("one",)}, id="a binary file and a text"),
    ],
)
def test_what_fits_is_put_together(
    tmp_path: Path, first: Change, second: Change, holds: dict[str, tuple[str, ...]]
) -> None:
    target, found = merged(tmp_path, first, second)
    assert found == [(), ()]
    for name, texts in holds.items():
        content = (target / name).read_text()
        assert [text for text in texts if text not in content] == []


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        pytest.param(line(2, "mine"), line(2, "yours"), "a.txt", id="the same line"),
        pytest.param(gone("a.txt"), line(2, "yours"), "a.txt", id="delete against change"),
        pytest.param(line(2, "mine"), gone("a.txt"), "a.txt", id="change against delete"),
        pytest.param(renamed("a.txt", "c.txt"), line(2, "yours"), "a.txt", id="rename against change"),
        pytest.param(line(2, "mine"), renamed("a.txt", "c.txt"), "a.txt", id="change against rename"),
        pytest.param(put("b.bin", b"\0mine"), put("b.bin", b"\0yours"), "b.bin", id="binary"),
        pytest.param(put("n.txt", "mine\n"), put("n.txt", "yours\n"), "n.txt", id="both make it"),
        pytest.param(linked("l", "a.txt"), linked("l", "run.sh"), "l", id="two links"),
        pytest.param(line(2, "mine"), linked("a.txt", "run.sh"), "a.txt", id="a link where a file was"),
        pytest.param(line(2, "mine"), folder("a.txt"), "a.txt", id="a folder where a file was"),
        pytest.param(folder("d"), put("d", "yours\n"), "d", id="file against folder"),
        pytest.param(put("d", "mine\n"), folder("d"), "d/inner.txt", id="folder against file"),
    ],
)
def test_a_conflict_is_told_and_the_first_version_stands(
    tmp_path: Path, first: Change, second: Change, name: str
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (tmp_path / "pair").mkdir()
    with_first, _ = merged(alone, first)
    target, (of_first, of_second) = merged(tmp_path / "pair", first, second)
    assert of_first == ()
    assert name in [conflict.name for conflict in of_second]
    assert all(conflict.why for conflict in of_second)
    lies = {path.relative_to(with_first): content(path) for path in with_first.rglob("*")}
    still = {path: content(target / path) for path in lies}
    assert still == lies, "nothing of the first is lost"


def content(path: Path) -> object:
    if path.is_symlink():
        return path.readlink()
    return path.read_bytes() if path.is_file() else path.exists()


def test_both_sides_of_a_line_are_shown(tmp_path: Path) -> None:
    _, (_, (conflict,)) = merged(tmp_path, line(2, "mine"), line(2, "yours"))
    text = conflict.both.decode()
    assert "<<<<<<< first\nmine\n" in text
    assert "\nyours\n>>>>>>> second\n" in text


def test_what_does_not_conflict_goes_in_beside_what_does(tmp_path: Path) -> None:
    target, (_, found) = merged(tmp_path, line(2, "mine"), both(line(2, "yours"), put("n.txt", "new\n")))
    assert [conflict.name for conflict in found] == ["a.txt"]
    assert (target / "n.txt").read_text() == "new\n"
    assert "mine" in (target / "a.txt").read_text()


def test_of_a_mode_both_bits_are_kept(tmp_path: Path) -> None:
    target, found = merged(tmp_path, mode("run.sh", 0o755), put("run.sh", "#!/bin/sh\necho\n"))
    assert found == [(), ()]
    assert os.access(target / "run.sh", os.X_OK)
    assert "echo" in (target / "run.sh").read_text()
