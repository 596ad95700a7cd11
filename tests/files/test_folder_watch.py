"""The same facts for inotify and for watchfiles, with and without watches of the kernel's."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from orchestrator.files.folder_watch import FileChanges, InotifyChanges, file_changes
from orchestrator.files.polling_watch import WatchfilesChanges

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["inotify", "watchfiles"])
def watcher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    if request.param == "inotify" and sys.platform != "linux":
        pytest.skip("inotify is Linux's")
    monkeypatch.setenv("ORCHESTRATOR_WATCHER", request.param)
    return InotifyChanges if request.param == "inotify" else WatchfilesChanges


async def wait_until_told(changes: FileChanges, path: Path) -> None:
    with anyio.fail_after(60):
        async for names in changes:
            if names is None or path in names:
                return


async def next_names(changes: FileChanges) -> frozenset[Path]:
    names = await anext(changes)
    return frozenset() if names is None else names


async def wait_until_standing(changes: FileChanges, folder: Path) -> None:
    """Until a write of ours is told by name: from then on the watch surely stands."""
    probe = folder / "probe"
    with anyio.fail_after(60):
        while True:
            probe.write_text("probe")
            names = await anext(changes)
            if names is not None and probe in names:
                return


async def test_the_chosen_watcher_serves(watcher: type, tmp_path: Path) -> None:
    async with file_changes([tmp_path]) as changes:
        assert isinstance(changes, watcher)


async def test_a_write_is_told_by_its_path(watcher: type, tmp_path: Path) -> None:
    path = tmp_path / "claude.jsonl"
    path.write_text("")
    async with file_changes([tmp_path]) as changes:
        await wait_until_standing(changes, tmp_path)
        with path.open("a") as file:
            file.write("one\n")
            file.flush()
            with anyio.fail_after(60):
                while path not in (names := await next_names(changes)):
                    assert names <= {tmp_path / "probe"}


async def test_a_file_moved_in_is_told(watcher: type, tmp_path: Path) -> None:
    watched, elsewhere = tmp_path / "control", tmp_path / "elsewhere"
    watched.mkdir()
    elsewhere.write_text("{}")
    async with file_changes([watched]) as changes:
        await wait_until_standing(changes, watched)
        elsewhere.rename(watched / "0001.json")
        with anyio.fail_after(60):
            while watched / "0001.json" not in await next_names(changes):
                pass


async def test_nothing_written_while_nobody_listened_is_missed(watcher: type, tmp_path: Path) -> None:
    async with file_changes([tmp_path]) as changes:
        await wait_until_standing(changes, tmp_path)
        for n in range(50):
            (tmp_path / f"{n}.jsonl").write_text("x")
            await anyio.lowlevel.checkpoint()
        missing = {tmp_path / f"{n}.jsonl" for n in range(50)}
        with anyio.fail_after(60):
            while missing:
                names = await anext(changes)
                missing -= missing if names is None else names


async def test_what_is_written_before_the_first_look_is_told(watcher: type, tmp_path: Path) -> None:
    async with file_changes([tmp_path]) as changes:
        (tmp_path / "early").write_text("x")
        await wait_until_told(changes, tmp_path / "early")


async def test_a_folder_added_later_is_watched_too(watcher: type, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    async with file_changes([first]) as changes:
        await wait_until_standing(changes, first)
        second.mkdir()
        changes.add(second)
        await wait_until_standing(changes, second)
        (first / "still").write_text("x")
        await wait_until_told(changes, first / "still")


async def test_files_the_caller_writes_itself_wake_nobody(watcher: type, tmp_path: Path) -> None:
    async with file_changes([tmp_path], ignored=["journal.jsonl"]) as changes:
        await wait_until_standing(changes, tmp_path)
        (tmp_path / "journal.jsonl").write_text("x")
        (tmp_path / "claude.jsonl").write_text("x")
        seen: set[Path] = set()
        with anyio.fail_after(60):
            while tmp_path / "claude.jsonl" not in seen:
                seen |= await next_names(changes)
        assert tmp_path / "journal.jsonl" not in seen


async def test_a_folder_that_does_not_exist_is_an_error(watcher: type, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with file_changes([tmp_path / "missing"]):
            pass


async def test_waiting_can_be_given_up_and_taken_up_again(watcher: type, tmp_path: Path) -> None:
    async with file_changes([tmp_path]) as changes:
        await wait_until_standing(changes, tmp_path)
        with anyio.move_on_after(0.05):
            while True:
                await anext(changes)
        (tmp_path / "later").write_text("x")
        await wait_until_told(changes, tmp_path / "later")


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
async def test_what_is_written_while_nobody_waits_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    async with file_changes([tmp_path]) as changes:
        await wait_until_standing(changes, tmp_path)
        with path.open("ab", buffering=0) as file:
            for _ in range(100):
                file.write(b"line\n")
                await anyio.lowlevel.checkpoint()
        with anyio.fail_after(60):
            while path not in await next_names(changes):
                pass
        with anyio.move_on_after(0.05) as waiting:
            await anext(changes)
        assert waiting.cancelled_caught


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
async def test_more_events_than_the_kernel_keeps_mean_everything(tmp_path: Path) -> None:
    kept = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    paths = [tmp_path / "a", tmp_path / "b"]
    async with file_changes([tmp_path]) as changes:
        files = [path.open("w") for path in paths]
        for n in range(kept + 10):
            # By turns, since equal events in a row are one.
            files[n % 2].write("x")
            files[n % 2].flush()
        for file in files:
            file.close()
        with anyio.fail_after(60):
            while await anext(changes) is not None:
                pass
