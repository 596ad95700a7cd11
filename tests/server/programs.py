"""The program as people start it: what it says, the dashboard's address among it, and its end."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
LONG_S = 60.0


class Program:
    """One start of the program, what it says, and its end."""

    def __init__(self, *arguments: str, environ: dict[str, str], cwd: Path) -> None:
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd=cwd,
            start_new_session=True,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def dashboard(self) -> str:
        """The address it has printed."""
        deadline = time.monotonic() + LONG_S
        while not (found := re.search(r"^dashboard: (\S+)$", self.said, re.M)):
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.02)
        return found[1]

    def end(self) -> int:
        code = self.process.wait(timeout=LONG_S)
        self._reader.join()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=LONG_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
