"""Let a session go on that nobody runs: start a coordinator for it, which outlives the dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
import anyio.to_thread

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.control import written_words
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import PersonsWords
from orchestrator.quotation import clean
from orchestrator.server.problems import Refusal

LOG_NAME = "resumed.log"
"""In the session's folder: what the coordinators that a dashboard started had to say."""
START_TIME_S = 60.0
_LOOK_S = 0.05
_MOST_LOG_BYTES = 64 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[2]
# -I: nothing of the folder we are started in may stand in for a module of ours.
_PROGRAM = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from orchestrator.cli.main import main; main()"


async def let_go_on(folder: SessionFolder, words: PersonsWords | None = None) -> None:
    """Start a coordinator and return once it has taken the session over; its questions wait for whoever looks.

    Args:
        words: What the person says to the stop: it is on record with the takeover, or, where that is refused, nowhere.

    Raises:
        Refusal: The session cannot go on, in the words of the coordinator.
    """
    log = folder.path / LOG_NAME
    before, written = _size(folder, LOG_NAME), _size(folder, folder.journal_file.name)
    try:
        process = await anyio.to_thread.run_sync(_start, folder, log, words)
    except OSError as error:
        raise Refusal(409, f"session {folder.id} cannot go on: {error.strerror}") from error
    with anyio.move_on_after(START_TIME_S):
        # It holds the session before it has looked whether that can go on; what it writes first says that it can.
        while session_holder(folder) is None or _size(folder, folder.journal_file.name) == written:
            if process.poll() is not None:
                raise Refusal(409, f"session {folder.id} does not go on: {_words(folder, before)}")
            await anyio.sleep(_LOOK_S)
        return
    raise Refusal(409, f"session {folder.id} has not begun to go on", hint=f"{log} says how far it has come")


def _start(folder: SessionFolder, log: Path, words: PersonsWords | None) -> subprocess.Popen[bytes]:
    arguments = ["resume", folder.id, "--workspace", str(folder.workspace), "--interactive", "--no-dashboard", "-q"]
    if words is not None:
        arguments.append("--words-on-stdin")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        # Not as an argument: everybody may read those.
        with tempfile.TemporaryFile() as given:
            given.write(written_words(words) if words is not None else b"")
            given.seek(0)
            return subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, *arguments],
                stdin=given,
                stdout=descriptor,
                stderr=descriptor,
                cwd=folder.path,
                # The end of the dashboard, and Ctrl-C in its terminal, are not the end of the session.
                start_new_session=True,
            )
    finally:
        os.close(descriptor)


def _size(folder: SessionFolder, name: str) -> int:
    try:
        return (folder.path / name).lstat().st_size
    except OSError:
        return 0


def _words(folder: SessionFolder, before: int) -> str:
    """What the coordinator said before it ended."""
    text = ForeignFolder(folder.path).read(LOG_NAME, most_bytes=_MOST_LOG_BYTES)
    if isinstance(text, Unread):
        return f"{folder.path / LOG_NAME} says why"
    return clean(" ".join(text[before:].decode("utf-8", "replace").split()))[:2000] or "it said nothing"
