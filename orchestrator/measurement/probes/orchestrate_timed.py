"""Runs a command some times and measures each run; prints one JSON object.

``python orchestrate_timed.py TIMES COMMAND [ARGUMENT]...``.  Memory is the largest of any process of the run that was
waited for, in MiB.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Run it, and stop at the first run that fails."""
    times, *command = sys.argv[1:]
    runs = []
    for _ in range(int(times)):
        runs.append(measured(command))
        if runs[-1]["code"]:
            break
    json.dump({"runs": runs}, sys.stdout)


def measured(command: list[str]) -> dict[str, float]:
    """One run in a process of its own, whose output goes nowhere but to standard error."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(2, 1)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - began
    per_mib = 2**20 if sys.platform == "darwin" else 2**10
    return {"code": os.waitstatus_to_exitcode(status), "seconds": seconds, "memory_mib": used.ru_maxrss / per_mib}


if __name__ == "__main__":
    main()
