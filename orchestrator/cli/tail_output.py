"""Print the lines of a growing file as they come, until the session ends."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from pathlib import Path

import anyio

from orchestrator.agents.registry import AGENTS
from orchestrator.cli.log_lines import LogWriter, is_meant
from orchestrator.errors import JournalDamaged, UsageError
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.tailing import FileTail, file_changes
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import decode_entry
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import SessionClosed
from orchestrator.models.identity import WorkerId
from orchestrator.quotation import visible_lines

_LOOK_FOR_HOLDER_S = 1.0
"""A coordinator that is killed writes nothing that would wake us."""


def require_worker(folder: SessionFolder, agent: str) -> None:
    """Make sure that somebody in this session can be meant by ``agent``.

    Raises:
        UsageError: Nobody can, and who is there instead.
    """
    names = sorted({*AGENTS, *_with_raw_output(folder)})
    if not any(is_meant(name, agent) for name in names):
        raise UsageError(f"session {folder.id} has no worker {agent!r}", hint=f"there are: {', '.join(names)}")


async def follow_journal(folder: SessionFolder, writer: LogWriter, *, follow: bool) -> None:
    """Print what ``writer`` makes of the journal, and of what comes until the session ends.

    Raises:
        JournalDamaged: It cannot be read to its end.
    """
    tail = FileTail(folder.journal_file)
    count = 0

    def drain() -> bool:
        nonlocal count
        closed = False
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

    await _drain_until_end(folder, folder.path, drain=drain, follow=follow)
    fault = tail.fault()
    if fault is not None:
        raise JournalDamaged(f"cannot read {folder.journal_file}: {fault.text}")


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
