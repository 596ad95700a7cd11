"""Turn the requests that guards leave as files into journal inputs, and put the answers where they look.

A request is a file in a folder that the worker can write; an answer is a file in one that it can only read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder, Listing, Unread
from orchestrator.files.tailing import FileChanges
from orchestrator.journal.folder import SessionFolder, make_private_folder
from orchestrator.late_pattern import late_pattern
from orchestrator.models.effects import AnswerGuard
from orchestrator.models.entries import GuardAsked, Input
from orchestrator.models.identity import WorkerId
from orchestrator.sandbox.guards import REPLIES, REQUESTS

MOST_BYTES: Final = 1_000_000
"""Of one request; a longer one is never answered, which is a refusal."""
MOST_OPEN: Final = 1_000
"""Requests of one worker; what comes after them is not read."""
MOST_LISTED: Final = 10_000
MOST_PROCESSES: Final = 64
"""Of those above a process that asks; what stands higher up is not looked at."""
_PROCESS = late_pattern(r"\d{1,10}:\d{1,20}")
_NAME = late_pattern(r"[A-Za-z0-9-]{1,64}")


@dataclass(slots=True)
class GuardDesk:
    """The requests of all workers of one session."""

    folder: SessionFolder
    take: Callable[[Input], None]
    _workers: dict[Path, WorkerId] = field(default_factory=dict)
    _seen: set[tuple[WorkerId, str]] = field(default_factory=set)

    def open(self, worker: WorkerId) -> Path:
        """Make a worker's two folders; returns the one to watch."""
        requests = self.folder.scratch(worker) / REQUESTS
        for path in (self.folder.path / REPLIES, self.folder.path / REPLIES / worker, self.folder.scratch(worker)):
            make_private_folder(path)
        # What the worker may have put in its place is left alone: nothing is heard there then, and all is refused.
        with suppress(OSError):
            ForeignFolder(self.folder.scratch(worker)).make_folder(REQUESTS)
        self._workers[requests] = worker
        return requests

    def watch(self, worker: WorkerId, changes: FileChanges) -> None:
        """Make a worker's two folders, be told of what is left there from now on, and look at what is there."""
        changes.add(self.open(worker))
        self.hear(None)

    def hear(self, paths: frozenset[Path] | None) -> None:
        """Take in whole requests that are new; ``None`` stands for all files there are."""
        told = None if paths is None else {path.parent for path in paths}
        for requests, worker in list(self._workers.items()):
            if told is None or requests in told:
                listed = ForeignFolder(self.folder.scratch(worker)).entries(REQUESTS, most=MOST_LISTED)
                entries = listed.entries if isinstance(listed, Listing) else ()
                asked = [entry.name for entry in entries if entry.name.endswith(".ask")]
                for name in asked[:MOST_OPEN]:
                    self._hear_one(worker, name)

    def answer(self, effect: AnswerGuard) -> None:
        """Leave the answer where the guard looks for it."""
        folder = self.folder.path / REPLIES / effect.worker
        if effect.code is not None:
            # The guard looks for the answer itself, so that comes last.
            write_atomically(folder / f"{effect.request}.out", effect.stdout)
            write_atomically(folder / f"{effect.request}.err", effect.stderr)
            write_atomically(folder / effect.request, f"done\n{effect.code}\n")
            return
        reason = " ".join(effect.reason.split())
        write_atomically(folder / effect.request, f"{'run' if effect.run else 'refuse'}\n{reason}\n")

    def _hear_one(self, worker: WorkerId, name: str) -> None:
        request = name.rpartition("/")[2].removesuffix(".ask")
        if (worker, request) in self._seen or not _NAME.fullmatch(request):
            return
        if (self.folder.path / REPLIES / worker / request).exists():
            self._seen.add((worker, request))
            return
        asked = _read(worker, request, ForeignFolder(self.folder.scratch(worker)), name)
        if asked is not None:
            self._seen.add((worker, request))
            self.take(asked)


def _read(worker: WorkerId, request: str, scratch: ForeignFolder, name: str) -> GuardAsked | None:
    """The request if it is whole."""
    text = scratch.read_text(name, most_bytes=MOST_BYTES)
    if isinstance(text, Unread):
        return None
    parts = text.split("\0")
    source, *processes = parts[0].split()[: 1 + MOST_PROCESSES] or [""]
    if len(parts) < 5 or parts[-2:] != ["end", ""] or source not in ("executable", "hook"):
        return None
    cwd, given = parts[1], parts[2:-2]
    if source == "executable":
        above = tuple(each for each in processes if _PROCESS.fullmatch(each))
        return GuardAsked(worker, request, "executable", tuple(given), cwd, above)
    return GuardAsked(worker, request, "hook", (_command_of(given[0]),), cwd)


def _command_of(text: str) -> str:
    """The shell command in what a CLI tells its hook; empty where there is none."""
    try:
        told = json.loads(text)
        command = told["tool_input"]["command"]
    except (ValueError, KeyError, TypeError):
        return ""
    return command if isinstance(command, str) else ""
