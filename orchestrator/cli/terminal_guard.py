"""Give a terminal its first screen back where the program is killed while the second one is shown."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import IO, Final

_LEFT: Final = "orchestrate was killed; this is the terminal as it was"
_SCRIPT: Final = rf"""shown=0
while read -r line; do shown=$line; done
[ "$shown" = 1 ] && printf '\033[?1049l\033[?25h\r\n%s\r\n' '{_LEFT}'
"""
"""Its input ends when the program does, however that comes about."""
_END_S: Final = 5.0


class TerminalGuard:
    """A shell of a megabyte that waits for the end of the program, for ``kill -9`` leaves a program no time to tidy up.

    Args:
        terminal: Where the screens are; of anything else there is no guard.
    """

    def __init__(self, terminal: IO[str]) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        with suppress(OSError, ValueError):
            if terminal.isatty():
                self._shell = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT],
                    stdin=subprocess.PIPE,
                    stdout=terminal.fileno(),
                    stderr=subprocess.DEVNULL,
                    # Ctrl-C, Ctrl-Z and the terminal's end are not for it, and it may write from the background.
                    start_new_session=True,
                )

    def say(self, *, is_second: bool) -> None:
        """Tell it which screen is shown from now on."""
        if self._shell is not None and self._shell.stdin is not None:
            with suppress(OSError, ValueError):
                self._shell.stdin.write(b"1\n" if is_second else b"0\n")
                self._shell.stdin.flush()

    def close(self) -> None:
        """Let it go, with the first screen shown."""
        shell, self._shell = self._shell, None
        if shell is None or shell.stdin is None:
            return
        with suppress(OSError, ValueError):
            shell.stdin.write(b"0\n")
        with suppress(OSError, ValueError):
            shell.stdin.close()
        try:
            shell.wait(_END_S)
        except subprocess.TimeoutExpired:
            shell.kill()
            shell.wait()
