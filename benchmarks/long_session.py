"""What it costs to look at a session of a million entries, and to derive it again, with the command line.

The session is a recorded one that goes on: one of its workers says, calls and is told a million things more.  Times
are of CPU, since the machine may be busy; the limit beside them is reading and checking every entry.
Run it from the checkout: ``python -m benchmarks.long_session [entries]``.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from benchmarks.floods import run_command_line
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import AgentOutput, WorkerExited
from orchestrator.models.events import AgentEvent, EventType, Said, ToolCalled, ToolReturned
from orchestrator.models.identity import AgentName, WorkerId

ENTRIES = 1_000_000
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
RECORDED = Path(__file__).resolve().parent.parent / "tests" / "recordings" / "journals" / "format-3-team.jsonl"
PORTION = 1_000
GOALS_S = {"show": 0.5, "logs -n 50": 0.3}
REPLAY_GOAL = 150_000
END_TO_END_GOAL_S = 1.5
MESSAGES = "for n in range(20_000): text(f'step {n} is done, and the next one is begun')"


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
        folder = session_of(Path(name) / "workspace", entries)
        size = folder.journal_file.stat().st_size / 1024**2
        print(f"a session of {entries:,} entries that has not ended ({size:.0f} MiB), seconds of CPU\n")
        print(f"{'what':<34}{'CPU s':>8}{'entries/s':>12}  goal")
        began = time.process_time()
        count = sum(1 for _ in read_journal(folder.journal_file))
        took = time.process_time() - began
        print(f"{'limit: read alone':<34}{took:>8.2f}{count / took:>12,.0f}")
        # The first look may keep something for the second.
        for words in ("show", "show", "logs -n 50"):
            took = command_s(folder, *words.split())
            goal = GOALS_S[words]
            print(f"{words:<34}{took:>8.2f}{'':>12}  {goal} s: {'reached' if took <= goal else 'NOT reached'}")
        took = command_s(folder, "replay", folder.id)
        reached = "reached" if count / took >= REPLAY_GOAL else "NOT reached"
        print(f"{'replay':<34}{took:>8.2f}{count / took:>12,.0f}  {REPLAY_GOAL:,}/s: {reached}")
    end_to_end()


def session_of(workspace: Path, entries: int) -> SessionFolder:
    """Lay a session into the workspace whose last worker is still at work."""
    name = json.loads(RECORDED.open(encoding="utf-8").readline())["body"]["session"]
    (workspace / name).mkdir(parents=True)
    folder = SessionFolder(workspace / name)
    shutil.copy(RECORDED, folder.journal_file)
    begun = list(takewhile(lambda one: not isinstance(one.body, WorkerExited), read_journal(folder.journal_file)))
    lines = folder.journal_file.read_bytes().splitlines(keepends=True)[: len(begun)]
    folder.journal_file.write_bytes(b"".join(lines))
    target = json.loads(lines[0])["body"]["options"]["target"]
    output = next(entry.body for entry in reversed(begun) if isinstance(entry.body, AgentOutput))
    with Journal(folder.journal_file) as journal:
        for start in range(len(begun), entries, PORTION):
            numbers = range(start, min(start + PORTION, entries))
            bodies = [said(n, output.worker, output.attempt, target) for n in numbers]
            journal.append_many(bodies, AT)
    folder.path.joinpath("session.lock").touch()
    return folder


def said(n: int, worker: WorkerId, attempt: int, target: str) -> AgentOutput:
    payload = (
        Said(f"step {n} is done, and the next one is begun"),
        ToolCalled("Read", f"t{n // 3}", f"{target}/part.py", path=f"{target}/part.py"),
        ToolReturned(f"t{n // 3}", ok=True, text="def part() -> int:\n    return 1\n"),
    )[n % 3]
    event = AgentEvent(EventType.PROGRESS, AgentName("claude"), AT, payload)
    return AgentOutput(worker, attempt, "stdout", n * 400, n * 400 + 400, (event,))


def command_s(folder: SessionFolder, *words: str) -> float:
    """Seconds of CPU of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    argv = [sys.executable, "-m", "orchestrator", *words, "--workspace", str(folder.workspace)]
    # The key of its checkpoints is not to lie among the user's own things.
    environ = {**os.environ, "NO_COLOR": "1", "XDG_STATE_HOME": str(folder.workspace.parent / "state")}
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environ)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def end_to_end() -> None:
    """A whole run of the command line whose worker writes 20,000 records, and the same with hardly any."""
    took = []
    for act in ("text('done')", MESSAGES):
        with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run_command_line(Path(name), act)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print("\n20,000 records end to end, seconds of CPU of the coordinator and all that it started\n")
    reached = "reached" if took[1] <= END_TO_END_GOAL_S else "NOT reached"
    print(f"{'a run of one record':<34}{took[0]:>8.2f}")
    print(f"{'a run of 20,000 records':<34}{took[1]:>8.2f}{'':>12}  {END_TO_END_GOAL_S} s: {reached}")


if __name__ == "__main__":
    main()
