from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.journal import kept_summary
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.kept_summary import Unusable, keep, kept, stamp_of

TOLD = {"words": {"rows": [["file", "odd \udcff name"]]}, "summary": {"cost": 0.1}}


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "journal.jsonl").write_text('{"n":1}\n')
    return SessionFolder(tmp_path)


def stamp(folder: SessionFolder) -> dict[str, object]:
    found = stamp_of(folder)
    assert found is not None
    return found


def test_what_was_kept_is_had_again(folder: SessionFolder) -> None:
    assert kept(folder, stamp=stamp(folder)) is None

    keep(folder, TOLD, stamp=stamp(folder))

    assert kept(folder, stamp=stamp(folder)) == TOLD
    assert folder.kept_summary_file.stat().st_mode & 0o777 == 0o600


def test_a_journal_that_has_grown_or_changed_has_none(folder: SessionFolder) -> None:
    keep(folder, TOLD, stamp=stamp(folder))
    with folder.journal_file.open("a") as journal:
        journal.write('{"n":2}\n')

    assert kept(folder, stamp=stamp(folder)) is None

    keep(folder, TOLD, stamp=stamp(folder))
    os.utime(folder.journal_file, ns=(1, 1))

    assert kept(folder, stamp=stamp(folder)) is None


@contextmanager
def zone(name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as inner:
        inner.setenv("TZ", name)
        time.tzset()
        try:
            yield
        finally:
            inner.undo()
            time.tzset()


def test_times_are_told_in_another_zone_anew(folder: SessionFolder) -> None:
    with zone("America/St_Johns"):
        keep(folder, TOLD, stamp=stamp(folder))
        assert kept(folder, stamp=stamp(folder)) is not None
    with zone("Asia/Tokyo"):
        assert kept(folder, stamp=stamp(folder)) is None


def test_another_program_made_it(folder: SessionFolder) -> None:
    keep(folder, TOLD, stamp=stamp(folder))

    found = kept(folder, stamp={**stamp(folder), "program": ["0.0.1", 1]})

    assert found == Unusable("is of another version of the program")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: whole[:-9], id="cut"),
        pytest.param(lambda whole: whole.replace(b"0.1", b"0.2"), id="changed"),
        pytest.param(lambda whole: whole.partition(b"\n")[2], id="without its first line"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"\xff\x00\n{}", id="no text"),
        pytest.param(lambda _: b"[1]\n{}", id="another shape"),
        pytest.param(lambda _: b"[" * 200_000, id="nested deeply"),
    ],
)
def test_a_damaged_one_does_not_count(folder: SessionFolder, damage: Any) -> None:
    keep(folder, TOLD, stamp=stamp(folder))
    folder.kept_summary_file.write_bytes(damage(folder.kept_summary_file.read_bytes()))

    assert kept(folder, stamp=stamp(folder)) == Unusable("is damaged")


def test_a_link_or_a_pipe_in_its_place_is_not_read(folder: SessionFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}\n{}\n")
    folder.kept_summary_file.symlink_to(tmp_path / "elsewhere")

    assert isinstance(kept(folder, stamp=stamp(folder)), Unusable)

    folder.kept_summary_file.unlink()
    os.mkfifo(folder.kept_summary_file)

    assert isinstance(kept(folder, stamp=stamp(folder)), Unusable)


def test_where_nothing_can_be_written_nothing_is_kept(ordinary_folder: Path) -> None:
    folder = SessionFolder(ordinary_folder)
    folder.journal_file.write_text('{"n":1}\n')
    ordinary_folder.chmod(0o500)

    keep(folder, TOLD, stamp=stamp(folder))

    assert not folder.kept_summary_file.exists()


def test_without_a_journal_there_is_no_stamp(tmp_path: Path) -> None:
    assert stamp_of(SessionFolder(tmp_path)) is None


def test_one_that_has_grown_within_a_tick_of_the_clock_has_none(folder: SessionFolder) -> None:
    keep(folder, TOLD, stamp=stamp(folder))
    at = folder.journal_file.stat().st_mtime_ns
    with folder.journal_file.open("a") as journal:
        journal.write('{"n":2}\n')
    os.utime(folder.journal_file, ns=(at, at))

    assert kept(folder, stamp=stamp(folder)) is None


def test_a_source_that_has_changed_is_another_program(folder: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder.path / "package"
    (package / "inner").mkdir(parents=True)
    (source := package / "inner" / "one.py").touch()
    monkeypatch.setattr(kept_summary, "_PACKAGE", package)
    keep(folder, TOLD, stamp=stamp(folder))
    os.utime(source, ns=(1, 2**62))

    assert kept(folder, stamp=stamp(folder)) == Unusable("is of another version of the program")
