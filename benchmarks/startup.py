"""What a start costs: ``--help`` and the look-ups of a small session beside a bare interpreter, taken in turns.

The goals are milliseconds; the CPU time beside them is what a busy machine can be judged by.

Run it with the project's own Python: ``python -m benchmarks.startup [rounds]``.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
GOAL_RATIO = 6.0
SESSION = CHECKOUT / "tests" / "recordings" / "journals" / "format-3-team.jsonl"
OPEN_SESSION = "20200101-000000-0000"
"""The same session without its end, of which nothing can be kept: ``show`` folds it each time."""
GOALS_MS = {
    **{"--help": 60.0, "sessions": 100.0, "show": 100.0, f"show {OPEN_SESSION}": 100.0},
    **{"logs": 100.0, "logs -n 50": 100.0, "replay": 100.0, "plan": 150.0},
}
LISTS = ("metrics", "teams", "compositions list")
"""Measured without a goal: what came after the goals were set."""


def measure(rounds: int, workspace: Path) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of every start, and of CPU in them, by name."""
    # A launcher whose environment is stale would make it: that is another benchmark.
    subprocess.run([CHECKOUT / "orchestrate", "--help"], check=True, capture_output=True)
    python = str(CHECKOUT / ".venv" / "bin" / "python")
    ways = {
        "bare interpreter: python -I -c pass": [python, "-I", "-c", "pass"],
        "python -I -m orchestrator --help": [python, "-I", "-m", "orchestrator", "--help"],
        "./orchestrate --help": [str(CHECKOUT / "orchestrate"), "--help"],
    }
    plan = ["plan", "Add a word to the readme", "--target", str(workspace.parent / "target")]
    for words in [*list(GOALS_MS)[1:], *LISTS]:
        given = plan if words == "plan" else words.split()
        where = [] if words in LISTS[1:] else ["--workspace", str(workspace)]
        ways[f"./orchestrate {words}"] = [str(CHECKOUT / "orchestrate"), *given, *where]
    # Where byte code may not be written every start compiles anew, which no user's machine does.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    took: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(rounds + 2):
        for way, argv in ways.items():
            began, before = time.perf_counter(), os.times()
            subprocess.run(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            after = os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            if number >= 2:
                took[way].append(((time.perf_counter() - began) * 1000, cpu * 1000))
    return took


def report(took: dict[str, list[tuple[float, float]]]) -> None:
    ground = statistics.median(whole for whole, _ in next(iter(took.values())))
    print(f"{'start':<38}{'p50 ms':>8}{'p90 ms':>8}{'best':>8}{'CPU ms':>8}{'ratio':>8}  goal")
    for way, both in took.items():
        times, cpu = [whole for whole, _ in both], statistics.median(cpu for _, cpu in both)
        middle, high = statistics.median(times), statistics.quantiles(times, n=10)[8]
        words = way.removeprefix("./orchestrate ") if way.startswith("./") else ""
        goal_ms = GOALS_MS.get(words)
        goal = ""
        if goal_ms is not None:
            reached = middle <= goal_ms and (words != "--help" or middle <= GOAL_RATIO * ground)
            limit = f" and {GOAL_RATIO:.0f}x" if words == "--help" else ""
            goal = f"{goal_ms:.0f} ms{limit}: {'reached' if reached else 'NOT reached'}"
        print(f"{way:<38}{middle:8.1f}{high:8.1f}{min(times):8.1f}{cpu:8.1f}{middle / ground:7.1f}x  {goal}")


def small_session(workspace: Path) -> None:
    """Lay a recorded session into a workspace, under the id that its first entry names, and one that has not ended."""
    name = json.loads(SESSION.open(encoding="utf-8").readline())["body"]["session"]
    (workspace / name).mkdir(parents=True)
    shutil.copy(SESSION, workspace / name / "journal.jsonl")
    (workspace / name / "session.lock").touch()
    (workspace / OPEN_SESSION).mkdir()
    *begun, _ = SESSION.read_text(encoding="utf-8").splitlines(keepends=True)
    (workspace / OPEN_SESSION / "journal.jsonl").write_text("".join(begun), encoding="utf-8")
    (workspace / OPEN_SESSION / "session.lock").touch()
    (workspace.parent / "target").mkdir()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as folder:
        small_session(Path(folder) / "workspace")
        report(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20, Path(folder) / "workspace"))
