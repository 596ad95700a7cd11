from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from orchestrator.files.time_limits import in_time
from orchestrator.snapshots.delivery import Delivery
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.undo_records import Records

pytestmark = pytest.mark.slow
LINES = "".join(f"{number}\n" for number in range(20))


class Both:
    """A project that a session worked on, and a copy of it in which somebody goes on."""

    def __init__(self, root: Path) -> None:
        self.root, self.theirs, self.ours = root, root / "theirs", root / "ours"
        self.theirs.mkdir()
        for name, text in {"text": LINES, "same": "1\n", "gone": "1\n", "sub/a": "1\n", "run.sh": "x\n"}.items():
            (self.theirs / name).parent.mkdir(exist_ok=True)
            (self.theirs / name).write_text(text)
            (self.theirs / name).chmod(0o644)
        shutil.copytree(self.theirs, self.ours, symlinks=True)
        self.snapshots = Snapshots(root / "s", self.theirs)
        self.records = Records(root / "s", self.theirs)
        self.records.take(self.snapshots, "begin")

    def delivery(self) -> Delivery:
        self.records.take(self.snapshots, "end")
        begin, end = (self.records.recorded(self.snapshots, when) for when in ("begin", "end"))
        return Delivery(self.root / "s", self.ours, self.records.store, begin, end)

    def outcomes(self) -> dict[str, str]:
        """What each changed file comes to, after it was done."""
        delivery = self.delivery()
        plan = delivery.plan()
        delivery.perform(plan)
        assert not delivery.problems
        return {one.path.decode(errors="backslashreplace"): one.outcome for one in plan}


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


def test_where_nothing_has_changed_the_change_arrives_whole(both: Both) -> None:
    (both.theirs / "same").write_text("2\n")
    (both.theirs / "gone").unlink()
    (both.theirs / "new").mkdir()
    (both.theirs / "new" / "odd\nname").write_bytes(b"\0\xff")
    (both.theirs / "link").symlink_to("same")
    (both.theirs / "run.sh").chmod(0o755)
    shutil.rmtree(both.theirs / "sub")
    (both.theirs / "sub").write_text("a file now\n")
    assert set(both.outcomes().values()) == {"change", "delete", "add", "mode"}
    assert Snapshots(both.root / "o", both.ours).look() == both.snapshots.look()
    assert set(both.outcomes().values()) == {"already"}


def test_changes_in_different_places_of_a_file_are_put_together(both: Both) -> None:
    (both.theirs / "text").write_text(LINES.replace("3\n", "three\n", 1))
    (both.ours / "text").write_text(LINES + "more\n")
    assert both.outcomes() == {"text": "merge"}
    assert (both.ours / "text").read_text() == LINES.replace("3\n", "three\n", 1) + "more\n"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param("two\n", "three\n", id="changed differently"),
        pytest.param(None, "three\n", id="deleted there, changed here"),
        pytest.param("two\n", None, id="changed there, deleted here"),
        pytest.param("\0two", "\0three", id="binary"),
    ],
)
def test_a_file_in_conflict_is_left_as_it_is_and_the_rest_is_done(
    both: Both, theirs: str | None, ours: str | None
) -> None:
    for side, text in ((both.theirs, theirs), (both.ours, ours)):
        if text is None:
            (side / "same").unlink()
        else:
            (side / "same").write_text(text)
    (both.theirs / "new").write_text("n")
    assert both.outcomes() == {"same": "conflict", "new": "add"}
    assert (both.ours / "same").read_text() == ours if ours is not None else not (both.ours / "same").exists()


def test_two_new_files_of_one_name_conflict_unless_they_are_the_same(both: Both) -> None:
    for name, text in (("one", "1"), ("two", "2")):
        (both.theirs / name).write_text(text)
        (both.ours / name).write_text("1")
    assert both.outcomes() == {"one": "already", "two": "conflict"}


def test_what_stands_in_the_way_is_a_conflict_and_no_link_is_followed(both: Both, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (both.theirs / "a").mkdir()
    (both.theirs / "a" / "b").write_text("1")
    (both.theirs / "c").write_text("1")
    (both.theirs / "sub" / "a").write_text("2")
    (both.ours / "a").symlink_to(outside)
    (both.ours / "c").mkdir()
    (both.ours / "c" / "mine").write_text("mine")
    shutil.rmtree(both.ours / "sub")
    (both.ours / "sub").symlink_to(outside)
    assert both.outcomes() == {"a/b": "conflict", "c": "conflict", "sub/a": "conflict"}
    assert list(outside.iterdir()) == []


def test_permission_bits_of_the_place_are_kept_but_for_what_changed(both: Both) -> None:
    (both.ours / "run.sh").chmod(0o600)
    (both.theirs / "run.sh").chmod(0o755)
    assert both.outcomes() == {"run.sh": "mode"}
    assert (both.ours / "run.sh").stat().st_mode & 0o777 == 0o700


def test_once_its_time_is_over_a_delivery_writes_nothing_more(both: Both) -> None:
    (both.theirs / "new.txt").write_text("new\n")
    delivery = both.delivery()
    plan = delivery.plan()
    late, ended = threading.Event(), threading.Event()
    said: list[str] = []

    def act() -> None:
        late.wait(60)
        try:
            delivery.perform(plan)
        except TimeoutError as error:
            said.append(str(error))
        ended.set()

    with pytest.raises(TimeoutError):
        in_time(act, within_s=0.01)
    late.set()
    assert ended.wait(60)
    assert said == ["its time was over before all of it was done"]
    assert not (both.ours / "new.txt").exists()
