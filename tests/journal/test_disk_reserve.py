from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.journal.disk_reserve import Reserve
from orchestrator.journal.writer import Journal

ON_A_SMALL_DISK = Path(__file__).with_name("on_a_small_disk.py")
MIB = 1024**2


def on_a_small_disk(what: str, folder: Path, not_proven: Callable[[str], NoReturn]) -> dict[str, object]:
    """What the script said after it ran with ``folder`` on a disk of 16 MiB of its own."""
    if shutil.which("unshare") is None:
        not_proven("no unshare(1), so no small disk to fill")
    mount = f'mount -t tmpfs -o size=16m none "{folder}" && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", mount, "sh", sys.executable, str(ON_A_SMALL_DISK), what, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode != 0 and ("unshare:" in ran.stderr or "mount:" in ran.stderr):
        not_proven("a file system cannot be mounted in a user namespace here")
    assert ran.returncode == 0, ran.stderr
    said: dict[str, object] = json.loads(ran.stdout)
    return said


@pytest.fixture
def reserve_works(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> None:
    with (tmp_path / "probe").open("wb") as file:
        reserve = Reserve(file.fileno(), size=4096)
        reserve.keep_ahead_of(0)
        if not reserve.until:
            not_proven("the file system here cannot keep room behind a file's end (fallocate)")


@pytest.mark.usefixtures("reserve_works")
def test_the_room_is_kept_on_the_disk_and_the_file_is_no_longer_for_it(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        Reserve(file.fileno(), size=MIB).keep_ahead_of(0)
        status = os.fstat(file.fileno())
        assert status.st_size == 0
        assert status.st_blocks * 512 >= MIB


@pytest.mark.usefixtures("reserve_works")
def test_room_is_made_again_only_when_half_is_used(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        reserve = Reserve(file.fileno(), size=MIB)
        reserve.keep_ahead_of(0)
        reserve.keep_ahead_of(MIB // 4)
        assert reserve.until == MIB
        reserve.keep_ahead_of(MIB // 2)
        assert reserve.until == MIB + MIB // 2


@pytest.mark.usefixtures("reserve_works")
def test_a_journal_that_is_closed_gives_the_room_back(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl", reserve_bytes=MIB) as journal:
        assert journal.path.stat().st_blocks * 512 >= MIB
    assert journal.path.stat().st_blocks == 0


def test_where_there_can_be_no_reserve_nothing_else_changes(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        reserve = Reserve(writing)
        reserve.keep_ahead_of(0)
        assert (reserve.until, reserve.is_short) == (0, False)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.slow
def test_on_a_full_disk_the_journal_writes_on_into_its_reserve_and_says_so(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    said = on_a_small_disk("reserve", tmp_path, not_proven)
    assert said["others can write"] is False
    assert said["entries after the disk was full"] == 1000
    assert said["short before"] is False
    assert said["short after"] is True
    assert said["entries read back"] == said["entries written"]


@pytest.mark.slow
def test_past_its_reserve_nothing_half_written_is_left_and_room_lets_it_go_on(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    said = on_a_small_disk("past", tmp_path, not_proven)
    assert "the disk is full" in str(said["hint"])
    assert said["entries read back"] == said["entries written"]
    assert said["after room was made"] == "appended"
