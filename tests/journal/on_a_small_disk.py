"""Run on a small disk of its own by test_reserving: fills it, writes a journal there, and says what came of it."""

from __future__ import annotations

import errno
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from orchestrator.errors import JournalDamaged
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import Command, UserCommand

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ENTRY = UserCommand(Command.ANSWER, by="test", text="x" * 300)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def can_write(path: Path) -> bool:
    try:
        path.write_bytes(b"\0" * 8192)
    except OSError:
        return False
    return True


def reserve(folder: Path) -> dict[str, object]:
    with Journal(folder / "journal.jsonl") as journal:
        journal.append(ENTRY, NOW)
        fill(folder / "filler")
        before, others = journal.is_short, can_write(folder / "other")
        # Past the first half of the reserve it tries to make room again, and cannot.
        for _ in range(7):
            journal.append(UserCommand(Command.ANSWER, by="test", text="x" * 350_000), NOW)
        for _ in range(1000):
            journal.append(ENTRY, NOW)
        return {
            "short before": before,
            "others can write": others,
            "entries after the disk was full": journal.last - 8,
            "short after": journal.is_short,
            "entries written": journal.last,
            "entries read back": len(list(read_journal(journal.path))),
        }


def past(folder: Path) -> dict[str, object]:
    with Journal(folder / "journal.jsonl") as journal:
        fill(folder / "filler")
        hint = ""
        try:
            while True:
                journal.append(UserCommand(Command.ANSWER, by="test", text="x" * 100_000), NOW)
        except JournalDamaged as error:
            hint = error.hint or ""
        written, read = journal.last, len(list(read_journal(journal.path)))
        (folder / "filler").unlink()
        journal.append(ENTRY, NOW)
        return {
            "hint": hint,
            "entries written": written,
            "entries read back": read,
            "after room was made": "appended" if journal.last == written + 1 else "",
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"reserve": reserve, "past": past}[sys.argv[1]](Path(sys.argv[2]))))
