"""What whole sessions hold in memory while a worker floods them, and whether all of it is on record.

Run it with ``python -m benchmarks.floods`` from the checkout; on a quiet machine of two cores it takes two minutes.
Each row is a run of the command line with a made-up ``claude``; memory is the coordinator's own peak.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.journal.folder import SessionFolder, newest_session
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import StreamFault, StreamRead
from orchestrator.models.identity import WorkerId

MIB = 1024**2
FAKES = Path(__file__).parents[1] / "tests" / "coordinator" / "fakes"
FLOODS = {
    "nothing": "pass",
    "200 MiB of lines of 16 KB, no JSON": "for _ in range(12_800): out(b'x' * 16_383 + b'\\n')",
    "100,000 lines of 100 bytes, no JSON": "out((b'x' * 99 + b'\\n') * 100_000)",
    "100 MiB on stderr, lines of 16 KB": "for _ in range(6_400): out(b'x' * 16_383 + b'\\n', to=2)",
    "20,000 messages of 3 KB": "for n in range(20_000): text(f'{n} ' + 'x' * 3000)",
    "a million writes of one byte": "for _ in range(10_000): [os.write(1, b'x') for _ in range(100)]; out(b'\\n')",
    "one message of 60 MiB": "text('x' * 60 * 1024 * 1024)",
    "one line of 300 MiB": "for _ in range(300): out(b'x' * 1024 * 1024)\nout(b'\\n')",
}


@dataclass(frozen=True, slots=True)
class Flood:
    """What came of one run."""

    seconds: float
    peak_mib: float
    raw_mib: float
    is_on_record: bool
    """The last hash in the journal is that of the raw file."""
    faults: str


def main() -> None:
    print(f"{'flood':<38} {'raw MiB':>8} {'s':>6} {'peak MiB':>9} {'more':>6}  on record   faults\n")
    least = 0.0
    for name, act in FLOODS.items():
        with tempfile.TemporaryDirectory(prefix="floods-") as folder:
            flood = run(Path(folder), act)
        least = least or flood.peak_mib
        print(
            f"{name:<38} {flood.raw_mib:>8.1f} {flood.seconds:>6.1f} {flood.peak_mib:>9.0f} "
            f"{flood.peak_mib - least:>+6.0f}  {'yes' if flood.is_on_record else 'NO':<11} {flood.faults}",
            flush=True,
        )


def run(root: Path, act: str) -> Flood:
    begun = time.monotonic()
    peak = run_command_line(root, act)
    seconds = time.monotonic() - begun
    folder = newest_session(root / "workspace", live_only=False)
    assert folder is not None
    return judged(folder, seconds, peak)


def judged(folder: SessionFolder, seconds: float, peak: int) -> Flood:
    worker = WorkerId("claude")
    last: dict[str, StreamRead] = {}
    faults = []
    for entry in read_journal(folder.journal_file):
        if isinstance(entry.body, StreamRead):
            last[entry.body.stream] = entry.body
        elif isinstance(entry.body, StreamFault):
            faults.append(entry.body.fault)
    files = {"stdout": folder.raw_stdout(worker), "stderr": folder.raw_stderr(worker)}
    raw = {name: path for name, path in files.items() if path.stat().st_size}
    same = all(name in last and last[name].sha256 == digest(path) for name, path in raw.items())
    size = sum(path.stat().st_size for path in raw.values())
    return Flood(seconds, peak / MIB, size / MIB, same, ", ".join(faults) or "none")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_command_line(root: Path, act: str) -> int:
    """The coordinator's peak, in bytes."""
    programs, target, workspace = root / "programs", root / "target", root / "workspace"
    programs.mkdir()
    target.mkdir()
    script = programs / "claude"
    beginning = f"#!{sys.executable} -I\nimport os, sys\nsys.path.insert(0, {str(FAKES)!r})\nfrom talking import *\n"
    script.write_text(f"{beginning}\ndef act():\n{textwrap.indent(act, '    ')}\n\nwork(act)\n")
    script.chmod(0o755)
    words = ["run", "task", "--agents", "claude", "--sandbox", "open", "--quiet", "--no-interactive", "--no-dashboard"]
    environ = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(root),
        "ANTHROPIC_API_KEY": "no-key-is-needed-here",
    }
    with Path(os.devnull).open("r+b", buffering=0) as null:
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "orchestrator", *words, "--target", str(target), "--workspace", str(workspace)],
            environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, null.fileno(), number) for number in (0, 1, 2)],
        )
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"the run ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
