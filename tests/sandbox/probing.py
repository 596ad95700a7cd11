"""Runs inside a sandbox: tries what its arguments name and says ``name: yes`` or the error."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path


def attempt(name: str, words: list[str]) -> str:
    match name:
        case "read":
            return "yes" if Path(words.pop(0)).read_bytes() else "empty"
        case "list":
            return ",".join(sorted(entry.name for entry in Path(words.pop(0)).iterdir())) or "empty"
        case "write":
            Path(words.pop(0)).write_text("written")
            return "yes"
        case "processes":
            return str(sum(entry.name.isdecimal() for entry in Path("/proc").iterdir()))
        case "capabilities":
            lines = Path("/proc/self/status").read_text().splitlines()
            return ",".join(line.split()[1].lstrip("0") or "0" for line in lines if line.startswith("Cap"))
        case "uid":
            return str(os.getuid())
        case "signal":
            os.kill(int(words.pop(0)), 0)
            return "yes"
        case "remount":
            path = words.pop(0).encode()
            done = ctypes.CDLL(None, use_errno=True).mount(None, path, None, 32 | 4096, None)  # MS_REMOUNT | MS_BIND
            return "yes" if done == 0 else os.strerror(ctypes.get_errno())
        case _:
            return "unknown"


def main(words: list[str]) -> None:
    while words:
        name = words.pop(0)
        place = words[0] if words else ""
        try:
            said = attempt(name, words)
        except OSError as problem:
            said = problem.strerror or "error"
        os.write(1, f"{name} {place}: {said}\n".encode())


main(sys.argv[1:])
