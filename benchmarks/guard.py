"""How long the command guard looks at a shell command, beside the standard library's shlex and beside parsing alone.

Run it with ``python -m benchmarks.guard`` from the checkout.  It takes the corpus of the tests.
"""

from __future__ import annotations

import shlex
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from orchestrator.safety import CommandFilter
from orchestrator.safety.path_scope import WorkerPaths
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.safety.shell.simple_commands import parse, read

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "safety" / "corpus.toml"
GOAL_US = 50.0
ROUNDS = 15
AROUND = WorkerPaths(
    cwd="/project", home="/session/homes/w", own=("/session/scratch/w", "/session/homes/w"), roots=("/project",)
)


def main() -> None:
    groups = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["group"]
    commands = [command for group in groups for command in group["commands"]]
    harmless = [command for group in groups if group["says"] == "allow" for command in group["commands"]]
    guard = CommandFilter.of(load_sandbox_policy("default"), AROUND)
    print(f"{len(commands)} commands of the corpus, {len(harmless)} of them harmless; best of {ROUNDS}; us a command\n")
    print(f"{'figure':<34} {'median':>8} {'mean':>8} {'harmless':>9} {'p99':>8} {'goal, median':>13}")
    figures: tuple[tuple[str, Callable[[str], object], float | None], ...] = (
        ("tree-sitter alone", parse, None),
        ("read: the commands it would run", read, None),
        ("judge: the verdict", guard.judge, GOAL_US),
        ("shlex.split, no verdict", split, None),
    )
    for name, act, goal in figures:
        shown = f"{goal:>13.0f}" if goal is not None else ""
        times = sorted(each_us(act, commands))
        middle, mean, last = times[len(times) // 2], sum(times) / len(times), times[len(times) * 99 // 100]
        calm = sorted(each_us(act, harmless))[len(harmless) // 2]
        print(f"{name:<34} {middle:>8.1f} {mean:>8.1f} {calm:>9.1f} {last:>8.1f} {shown}")


def split(command: str) -> object:
    try:
        return list(shlex.shlex(command, posix=True, punctuation_chars=True))
    except ValueError:
        return None


def each_us(act: Callable[[str], object], commands: list[str]) -> list[float]:
    """What each command takes at best, in CPU time: what else the machine does is not counted."""
    best = [float("inf")] * len(commands)
    for _ in range(ROUNDS):
        for number, command in enumerate(commands):
            begin = time.thread_time_ns()
            act(command)
            best[number] = min(best[number], (time.thread_time_ns() - begin) / 1000)
    return best


if __name__ == "__main__":
    main()
