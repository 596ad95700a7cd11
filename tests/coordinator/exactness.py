"""What "nothing is lost and nothing is doubled" means, checked on a session's folder."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from orchestrator.agents.contract import Translation
from orchestrator.agents.registry import get_agent
from orchestrator.files.tailing import FileTail
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import AgentOutput, JournalEntry
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.session.replaying import replay
from orchestrator.session.state import Session
from orchestrator.wire.records import decode_line
from orchestrator.workers.attempts import AttemptFiles, read_record

Range = tuple[int, int]


def journalled(entries: Sequence[JournalEntry]) -> Mapping[tuple[WorkerId, int], list[Range]]:
    """Byte ranges of stdout records in the journal, by worker and attempt."""
    ranges: dict[tuple[WorkerId, int], list[Range]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry.body, AgentOutput) and entry.body.stream == "stdout":
            ranges[entry.body.worker, entry.body.attempt].append((entry.body.start, entry.body.end))
    return ranges


def written(folder: SessionFolder, worker: WorkerId, agent: AgentName, attempt: int) -> list[Range]:
    """Byte ranges of the records of one attempt that mean something, read from its raw file afresh."""
    record = read_record(AttemptFiles(folder.workers_dir, folder.control(worker), worker, attempt))
    if record is None:
        return []  # its shim never began
    assert record.exit is not None or record.stdout_start >= 0
    end = record.exit.stdout_end if record.exit is not None else folder.raw_stdout(worker).stat().st_size
    tail = FileTail(folder.raw_stdout(worker), record.stdout_start, end=end)
    state, found = Translation(), []
    for line in tail.finish():
        said = 0
        for decoded in decode_line(line.data or b"", "stdout", get_agent(agent).record_types):
            state, events = get_agent(agent).translate(state, decoded, datetime.now(UTC))
            said += len(events)
        if said:
            found.append((line.start, line.end))
    tail.close()
    return found


def assert_exact(path: Path) -> Session:
    """Every record is in the journal once, every decision is derived again, and no process is left.

    Returns:
        The session at its end.
    """
    folder = SessionFolder(path)
    entries = list(read_journal(folder.journal_file))
    result = replay(entries)
    assert result.unrecorded == ()
    ranges = journalled(entries)
    for worker in result.session.workers.values():
        for attempt in range(1, worker.attempt + 1):
            if worker.shim is None:
                continue
            got = ranges.get((worker.id, attempt), [])
            assert got == sorted(set(got)), f"{worker.id}.{attempt}: doubled or out of order"
            # What stands for no record of its own is the text of a message that was cut off.
            got = [(start, end) for start, end in got if start < end]
            assert got == written(folder, worker.id, worker.agent, attempt), f"{worker.id}.{attempt}: lost"
    assert leftovers(path) == []
    return result.session


def leftovers(path: Path) -> list[str]:
    """Processes that name the session's folder in their command line or working folder."""
    found = []
    for process in psutil.process_iter(["pid", "ppid", "create_time", "cmdline", "cwd", "status"]):
        info = process.info
        named = [*(info["cmdline"] or ()), info["cwd"] or ""]
        if info["status"] != psutil.STATUS_ZOMBIE and any(str(path) in word for word in named):
            age_s = time.time() - info["create_time"]
            words = " ".join(named)
            found.append(f"{info['pid']} of {info['ppid']}, {info['status']}, {age_s:.1f} s old: {words[:600]}")
    return found
