"""Call a person when a question waits: by the terminal's bell and title, and by a note on the desktop."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Final

from orchestrator.quotation import one_line

_USUAL_TITLE: Final = "orchestrate"
_NOTE_S: Final = 10.0


class Notifier:
    """The one place that calls for a person in front of a terminal.

    Args:
        terminal: Where the bell and the title go.
        environ: Says whether there is a desktop, and what the terminal is.
    """

    def __init__(self, terminal: IO[str], environ: Mapping[str, str] = os.environ) -> None:
        self._terminal = terminal
        self._environ = environ

    def call(self, what: str, text: str = "") -> None:
        """Ring, say in the window's title what is waited for, and leave a note on the desktop.

        Args:
            what: ``q1 waits for you``.
            text: More of it, for the note.
        """
        self._terminal.write("\a")
        self._title(f"{_USUAL_TITLE}: {what}")
        self._terminal.flush()
        self._note(f"{_USUAL_TITLE}: {what}", text)

    def settled(self) -> None:
        """Nobody is waited for any more."""
        self._title(_USUAL_TITLE)
        self._terminal.flush()

    def _title(self, title: str) -> None:
        if self._environ.get("TERM", "dumb") not in ("", "dumb"):
            self._terminal.write(f"\x1b]0;{one_line(title, 200)}\x07")

    def _note(self, title: str, text: str) -> None:
        """An extra: without a desktop, or without notify-send, there is none."""
        has_desktop = self._environ.get("DISPLAY") or self._environ.get("WAYLAND_DISPLAY")
        program = shutil.which("notify-send", path=self._environ.get("PATH"))
        if not has_desktop or program is None:
            return
        words = [program, "--app-name", _USUAL_TITLE, "--", one_line(title, 200), one_line(text, 300)]
        # A desktop that hangs holds nobody up, and not even the end of the program.
        threading.Thread(target=_run, args=(words,), daemon=True).start()


def _run(words: Sequence[str]) -> None:
    with suppress(OSError, subprocess.SubprocessError):
        quiet = subprocess.DEVNULL
        subprocess.run(words, stdin=quiet, stdout=quiet, stderr=quiet, timeout=_NOTE_S, check=False)
