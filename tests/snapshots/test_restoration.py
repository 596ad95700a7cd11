"""Whatever a session does to a folder, putting it back gives the folder as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.restoration import NOT_CERTAIN, NOT_RECORDED, SINCE, Restoration
from orchestrator.snapshots.undo_records import Records

Photograph: TypeAlias = dict[str, tuple[object, ...]]
NAMES = ("a", "b", "c/x", "c/y", "c/d/z", "e", "e/f", "odd\nname", "q\"'`", "\udcff\udcfe")
CONTENTS = (b"", b"1\n", b"two\r\n", bytes(range(256)), b"large file of 5 bytes, changed at 1 ns\n")


def photograph(top: Path) -> Photograph:
    """Kind, permission bits, content and, but for folders, time of everything in a folder."""
    found: Photograph = {}
    for place, folders, names in os.walk(top):
        for name in [*folders, *names]:
            path = Path(place, name)
            seen = path.lstat()
            if stat.S_ISLNK(seen.st_mode):
                found[str(path.relative_to(top))] = ("link", str(path.readlink()))
            elif stat.S_ISDIR(seen.st_mode):
                found[str(path.relative_to(top))] = ("folder", stat.S_IMODE(seen.st_mode))
            else:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path.relative_to(top))] = (stat.S_IMODE(seen.st_mode), content, seen.st_mtime_ns)
    return found


def act(top: Path, deed: tuple[str, str, int]) -> None:
    """One thing that somebody may do with files; what cannot be done is not done."""
    what, name, number = deed
    path = top / name
    with suppress(OSError):
        match what:
            case "write":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(CONTENTS[number % len(CONTENTS)])
            case "append":
                with path.open("ab") as file:
                    file.write(b"more")
            case "remove":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            case "folder":
                path.mkdir(parents=True, exist_ok=True)
            case "mode":
                path.chmod((0o600, 0o644, 0o755, 0o700, 0o4755)[number % 5])
            case "link":
                path.symlink_to(NAMES[number % len(NAMES)])
            case "move":
                path.rename(top / NAMES[number % len(NAMES)])
            case "replace":
                fresh = top / "fresh"
                fresh.write_bytes(CONTENTS[number % len(CONTENTS)])
                fresh.replace(path)


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["write", "append", "remove", "folder", "mode", "link", "move", "replace"]),
        st.sampled_from([*NAMES, "c", "c/d"]),
        st.integers(0, 20),
    ),
    max_size=12,
)


def begun(root: Path) -> tuple[Path, Records, Snapshots]:
    target = root / "target"
    target.mkdir()
    snapshots = Snapshots(root / "snapshots", target)
    return target, Records(root / "snapshots", target), snapshots


def restoration(records: Records, snapshots: Snapshots) -> Restoration:
    return Restoration(
        records.target, records.store, records.recorded(snapshots, "begin"), records.recorded(snapshots, "end")
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(first=DEEDS, then=DEEDS)
def test_undoing_a_change_gives_what_was_there(
    first: list[tuple[str, str, int]], then: list[tuple[str, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target, records, snapshots = begun(Path(folder))
        for deed in first:
            act(target, deed)
        before = photograph(target)
        records.take(snapshots, "begin")
        for deed in then:
            act(target, deed)
        records.take(snapshots, "end")
        back = restoration(records, snapshots)
        plan = back.plan()
        assert not plan.left
        back.perform(plan)
        assert not back.problems
        assert photograph(target) == before
        assert back.plan().is_empty


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(first=DEEDS, then=DEEDS, since=DEEDS)
def test_what_was_touched_since_is_never_changed(
    first: list[tuple[str, str, int]], then: list[tuple[str, str, int]], since: list[tuple[str, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target, records, snapshots = begun(Path(folder))
        for deed in first:
            act(target, deed)
        before = photograph(target)
        records.take(snapshots, "begin")
        for deed in then:
            act(target, deed)
        records.take(snapshots, "end")
        after = photograph(target)
        for deed in since:
            act(target, deed)
        now = photograph(target)
        back = restoration(records, snapshots)
        back.perform(back.plan())
        for name, state in photograph(target).items():
            if state[0] not in ("folder",):
                same = [one.get(name, ())[:2] for one in (now, before)]
                assert state[:2] in same, "it is as it stood, or as it was"
        for name, state in now.items():
            if state[0] != "folder" and state[:2] not in (after.get(name, ())[:2], before.get(name, ())[:2]):
                assert photograph(target).get(name) == state, "what the session did not leave is not touched"


def test_times_of_folders_come_back_where_all_in_them_did(tmp_path: Path) -> None:
    target, records, snapshots = begun(tmp_path)
    (target / "sub").mkdir()
    (target / "sub" / "a").write_text("1")
    os.utime(target / "sub", ns=(1, 1_000_000_000))
    records.take(snapshots, "begin")
    (target / "sub" / "a").unlink()
    (target / "sub" / "b").write_text("2")
    records.take(snapshots, "end")
    back = restoration(records, snapshots)
    back.perform(back.plan())
    assert (target / "sub").stat().st_mtime_ns == 1_000_000_000


def test_only_what_is_named_is_put_back(tmp_path: Path) -> None:
    target, records, snapshots = begun(tmp_path)
    for name in ("a", "sub/b", "sub/c", "subway"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text("1")
    records.take(snapshots, "begin")
    for name in ("a", "sub/b", "sub/c", "subway"):
        (target / name).write_text("2")
    records.take(snapshots, "end")
    back = restoration(records, snapshots)
    back.perform(back.plan([b"sub"]))
    assert [(target / name).read_text() for name in ("a", "sub/b", "sub/c", "subway")] == ["2", "1", "1", "2"]


def test_a_file_too_large_to_be_recorded_is_said_not_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("restoration", "shadow_repository"):
        monkeypatch.setattr(f"orchestrator.snapshots.{module}.MOST_RECORDED_BYTES", 10)
    target, records, snapshots = begun(tmp_path)
    (target / "data").write_bytes(b"x" * 11)
    (target / "same").write_bytes(b"y" * 12)
    records.take(snapshots, "begin")
    (target / "data").write_bytes(b"z" * 13)
    (target / "new").write_bytes(b"n" * 14)
    records.take(snapshots, "end")
    back = restoration(records, snapshots)
    plan = back.plan()
    assert [(one.path, one.why) for one in plan.left] == [(b"data", NOT_RECORDED)]
    back.perform(plan)
    assert not (target / "new").exists()
    (target / "data").write_bytes(b"!" * 13)
    assert [one.why for one in back.plan().left] == [SINCE]


def test_what_is_not_certainly_the_sessions_is_left_alone(tmp_path: Path) -> None:
    target, records, snapshots = begun(tmp_path)
    records.take(snapshots, "begin")
    (target / "theirs").write_text("1")
    settled = (target / "theirs").stat().st_ctime_ns
    later = settled
    while later == settled:  # the clock of the file system moves on in steps
        (target / "later").write_text("2")
        later = (target / "later").stat().st_ctime_ns
    records.take(snapshots, "end", settled_ns=settled)
    back = restoration(records, snapshots)
    plan = back.plan()
    assert [step.path for step in plan.steps] == [b"theirs"]
    assert [(one.path, one.why) for one in plan.left] == [(b"later", NOT_CERTAIN)]
    back.certain = lambda path: False
    assert [one.why for one in back.plan().left] == [NOT_CERTAIN, NOT_CERTAIN]


def test_a_link_that_somebody_put_in_the_way_leads_nowhere(tmp_path: Path) -> None:
    target, records, snapshots = begun(tmp_path)
    (target / "sub").mkdir()
    (target / "sub" / "a").write_text("1")
    records.take(snapshots, "begin")
    (target / "sub" / "a").unlink()
    records.take(snapshots, "end")
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / "sub").rmdir()
    (target / "sub").symlink_to(outside)
    back = restoration(records, snapshots)
    back.perform(back.plan())
    assert list(outside.iterdir()) == []
    assert [one.path for one in back.problems] == [b"sub", b"sub/a"]


def test_a_file_that_has_gone_comes_back_when_it_is_named_whoever_deleted_it(tmp_path: Path) -> None:
    target, records, snapshots = begun(tmp_path)
    (target / "gone").write_text("1")
    (target / "changed").write_text("1")
    records.take(snapshots, "begin")
    (target / "gone").unlink()
    (target / "changed").write_text("2")
    records.take(snapshots, "end")
    back = restoration(records, snapshots)
    back.certain = lambda path: False
    assert back.plan().steps == ()
    plan = back.plan([b"gone", b"changed"])
    assert [step.path for step in plan.steps] == [b"gone"]
    back.perform(plan)
    assert (target / "gone").read_text() == "1"


def test_a_pipe_that_the_session_made_goes_and_one_that_was_there_stays(tmp_path: Path) -> None:
    target, records, snapshots = begun(tmp_path)
    os.mkfifo(target / "mine")
    records.take(snapshots, "begin")
    (target / "sub").mkdir()
    os.mkfifo(target / "sub" / "theirs")
    records.take(snapshots, "end")
    back = restoration(records, snapshots)
    back.perform(back.plan())
    assert [path.name for path in target.iterdir()] == ["mine"]
