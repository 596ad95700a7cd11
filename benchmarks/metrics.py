"""Time ``orchestrate metrics`` over many sessions, cold and warm.

``python -m benchmarks.metrics [--sessions 1000] [--entries 300]`` makes journals of that many entries from a recorded
one, and starts the program anew for each figure.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECORDED = Path(__file__).resolve().parent.parent / "tests" / "recordings" / "journals" / "format-3-team.jsonl"


def journal_of(session: str, entries: int) -> bytes:
    """A journal of so many entries: the recorded one, with what its workers said repeated in the middle."""
    lines = RECORDED.read_bytes().splitlines(keepends=True)
    first = json.loads(lines[0])
    first["body"]["session"] = session
    first["body"]["options"]["rehearsal"] = None
    said = next(line for line in lines if line.rstrip().endswith(b'"kind":"agent_output"}}'))
    body = [json.dumps(first).encode() + b"\n", *lines[1:-1]]
    return b"".join([*body, *[said] * max(0, entries - len(lines)), lines[-1]])


def children_cpu_s() -> float:
    """What processes that have ended took of the processor, which a busy machine does not lengthen."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print three figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--entries", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orchestrate-metrics-") as made:
        workspace = Path(made) / "workspace"
        for number in range(options.sessions):
            session = f"20261121-{number // 3600 % 24:02d}{number // 60 % 60:02d}{number % 60:02d}-0000"
            folder = workspace / session
            folder.mkdir(parents=True)
            (folder / "journal.jsonl").write_bytes(journal_of(session, options.entries))
        command = [sys.executable, "-m", "orchestrator", "metrics", "--workspace", str(workspace), "--json"]
        environ = {**os.environ, "XDG_STATE_HOME": made}
        for name in ("cold", "warm", "warm again"):
            began, used = time.monotonic(), children_cpu_s()
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
            took, used = time.monotonic() - began, children_cpu_s() - used
            sessions = json.loads(done.stdout)["sessions"]
            print(f"{name}: {took:.2f} s, {used:.2f} s of the processor, over {sessions:,} sessions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
