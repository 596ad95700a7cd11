"""What a start costs: ``./orchestrate --help`` with a fresh environment beside a bare interpreter, taken in turns.

Run it with the project's own Python: ``python -m benchmarks.startup [rounds]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
GOAL_MS = 60.0
GOAL_RATIO = 6.0


def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every start, by name."""
    # A launcher whose environment is stale would make it: that is another benchmark.
    subprocess.run([CHECKOUT / "orchestrate", "--help"], check=True, capture_output=True)
    python = str(CHECKOUT / ".venv" / "bin" / "python")
    ways = {
        "bare interpreter: python -I -c pass": [python, "-I", "-c", "pass"],
        "python -I -m orchestrator --help": [python, "-I", "-m", "orchestrator", "--help"],
        "./orchestrate --help": [str(CHECKOUT / "orchestrate"), "--help"],
        "./orchestrate sessions": [str(CHECKOUT / "orchestrate"), "sessions", "--workspace", "/nonexistent"],
    }
    # Where byte code may not be written every start compiles anew, which no user's machine does.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    took: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 2):
        for way, argv in ways.items():
            began = time.perf_counter()
            subprocess.run(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if number >= 2:
                took[way].append((time.perf_counter() - began) * 1000)
    return took


def report(took: dict[str, list[float]]) -> None:
    ground = statistics.median(next(iter(took.values())))
    print(f"{'start':<38}{'p50 ms':>8}{'p90 ms':>8}{'best':>8}{'ratio':>8}  goal")
    for way, times in took.items():
        middle, high = statistics.median(times), statistics.quantiles(times, n=10)[8]
        goal = ""
        if way == "./orchestrate --help":
            reached = middle <= GOAL_MS and middle <= GOAL_RATIO * ground
            goal = f"{GOAL_MS:.0f} ms and {GOAL_RATIO:.0f}x: {'reached' if reached else 'NOT reached'}"
        print(f"{way:<38}{middle:8.1f}{high:8.1f}{min(times):8.1f}{middle / ground:7.1f}x  {goal}")


if __name__ == "__main__":
    report(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
