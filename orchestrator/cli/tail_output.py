"""Print the lines of a growing file as they come, until the session ends."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from pathlib import Path

from orchestrator.cli.log_lines import LogWriter, is_meant
from orchestrator.errors import JournalDamaged, UsageError
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import decode_entry, entries_from_end, read_journal
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import JournalEntry, SessionClosed
from orchestrator.models.identity import WorkerId
from orchestrator.quotation import visible_lines

_LOOK_FOR_HOLDER_S = 1.0
"""A coordinator that is killed writes nothing that would wake us."""


def require_worker(folder: SessionFolder, agent: str) -> None:
    """Make sure that somebody in this session can be meant by ``agent``.

    Raises:
        UsageError: Nobody can, and who is there instead.
    """
    from orchestrator.agents.registry import AGENTS

    names = sorted({*AGENTS, *_with_raw_output(folder)})
    if not any(is_meant(name, agent) for name in names):
        raise UsageError(f"session {folder.id} has no worker {agent!r}", hint=f"there are: {', '.join(names)}")


def print_journal(folder: SessionFolder, writer: LogWriter) -> None:
    """Print what ``writer`` makes of the journal as far as it is written.

    Raises:
        JournalDamaged: It cannot be read to its end.
    """
    if _take_last(folder, writer)[1] is None:
        for entry in read_journal(folder.journal_file):
            writer.take(entry)
    for text in writer.lines():
        print(text)


async def follow_journal(folder: SessionFolder, writer: LogWriter) -> None:
    """Print what ``writer`` makes of the journal, and of what comes until the session ends.

    Raises:
        JournalDamaged: It cannot be read to its end.
    """
    from orchestrator.files.tailing import FileTail

    offset, last = _take_last(folder, writer)
    count = 0 if last is None else last.n
    closed = last is not None and isinstance(last.body, SessionClosed)
    tail = FileTail(folder.journal_file, offset)

    def drain() -> bool:
        nonlocal count, closed
        while lines := tail.read():
            for line in lines:
                count += 1
                entry = decode_entry(line.data or b"", count, path=folder.journal_file, offset=line.start)
                closed = isinstance(entry.body, SessionClosed)
                writer.take(entry)
        for text in writer.lines():
            print(text)
        sys.stdout.flush()
        return closed

    await _drain_until_end(folder, folder.path, drain=drain, follow=True)
    fault = tail.fault()
    if fault is not None:
        raise JournalDamaged(f"cannot read {folder.journal_file}: {fault.text}")


def _take_last(folder: SessionFolder, writer: LogWriter) -> tuple[int, JournalEntry | None]:
    """Take the last entries that hold as many notices as are wanted, read from the journal's end.

    Returns:
        Where what was taken ends, and its last entry; ``None`` where all of the journal is wanted, or it has none.
    """
    first = next(read_journal(folder.journal_file), None)
    if writer.last is None or first is None:
        return 0, None
    writer.begin(first)
    taken: list[JournalEntry] = []
    wanted, offset = writer.last, 0
    for entry, end in entries_from_end(folder.journal_file):
        offset = offset or end
        count = writer.count(entry)
        if count or not taken:
            taken.append(entry)
        wanted -= count
        if wanted <= 0:
            break
    for entry in reversed(taken):
        writer.take(entry)
    return offset, taken[0]


async def follow_raw(folder: SessionFolder, path: Path, *, follow: bool) -> None:
    """Copy a raw file to standard output: byte for byte, but a terminal is not steered by it."""
    decode = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode if sys.stdout.isatty() else None
    with ForeignFolder(path.parent).opened(path.name) as found:
        if isinstance(found, Unread):
            raise UsageError(f"the raw output {found}")
        descriptor = found.descriptor

        def drain() -> bool:
            while chunk := os.read(descriptor, 1 << 20):
                shown = visible_lines(decode(chunk)).encode(errors="backslashreplace") if decode else chunk
                sys.stdout.buffer.write(shown)
            sys.stdout.buffer.flush()
            return False

        await _drain_until_end(folder, path.parent, drain=drain, follow=follow)


def raw_file(folder: SessionFolder, agent: str | None) -> Path:
    """The raw output of one worker.

    Raises:
        UsageError: No worker is named, or none of that name has any.
    """
    names = _with_raw_output(folder)
    hint = f"raw output is there of: {', '.join(names) or 'nobody yet'}"
    if agent is None:
        raise UsageError("--raw needs the name of a worker", hint=hint)
    if agent not in names:
        raise UsageError(f"session {folder.id} has no raw output of {agent!r}", hint=hint)
    return folder.raw_stdout(WorkerId(agent))


def _with_raw_output(folder: SessionFolder) -> list[str]:
    there = sorted(path for place in (folder.path, folder.reviews_dir) for path in place.glob("*.jsonl"))
    return [path.stem for path in there if path != folder.journal_file]


async def _drain_until_end(folder: SessionFolder, place: Path, *, drain: Callable[[], bool], follow: bool) -> None:
    """Drain now and, when following, at every change until the session is closed or nobody runs it."""
    if not follow or session_holder(folder) is None:
        drain()
        if follow:
            print(f"session {folder.id} is not running", file=sys.stderr)
        return
    import anyio

    from orchestrator.files.tailing import file_changes

    async with anyio.create_task_group() as tasks:

        async def stop_without_holder() -> None:
            while session_holder(folder) is not None:  # noqa: ASYNC110 - a lock that is let go wakes nobody
                await anyio.sleep(_LOOK_FOR_HOLDER_S)
            tasks.cancel_scope.cancel()

        async with file_changes([place]) as changes:
            tasks.start_soon(stop_without_holder)
            if drain():
                tasks.cancel_scope.cancel()
            async for _ in changes:
                if drain():
                    break
            tasks.cancel_scope.cancel()
    drain()
