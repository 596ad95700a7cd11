"""Sessions whose coordinators, or workers, are killed at a moment of the test's choice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.rehearsal.scenario import SCENARIOS
from orchestrator.shim.processes import descendants, process_table, send_signal

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

PROGRAM = Path(__file__).with_name("coordinating.py")
ROOT = PROGRAM.parent.parent.parent


def run(*words: object, interpreter: str = sys.executable) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "INTERPRETER": interpreter},
    )


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.strip()


@dataclass(slots=True)
class Killing:
    """Runs sessions whose coordinators are killed."""

    stage: Stage
    serve: Callable[[str], str]
    real: bool = False
    agents: tuple[str, ...] = ()
    """Those alone, if any are named."""
    interpreter: str = sys.executable
    """What the first coordinator starts its shims with."""

    @property
    def words(self) -> list[str]:
        return [*["real"] * self.real, *self.agents]

    def until(self, moment: str, *, scenario: str = "default", grace_s: float = 30.0) -> Path:
        """Run, and SIGKILL the coordinator the instant it has taken the entry that matches; the session's folder."""
        path = self.scenario(scenario)
        words = (self.stage.root, path, grace_s, self.serve(str(path)), *self.words)
        with run("run", *words, interpreter=self.interpreter) as process:
            return killed_at(process, moment)

    def scenario(self, scenario: str) -> Path:
        """One that ships with the program, or the test's own text."""
        if "\n" not in scenario:
            return SCENARIOS / f"{scenario}.toml"
        path = self.stage.root / "scenario.toml"
        path.write_text(scenario)
        return path

    def worker_at(self, moment: str, worker: str, *, scenario: str) -> tuple[Path, str]:
        """Run, and SIGKILL the worker's whole tree at the moment; the session's folder and the run's last word."""
        path, folder, last = self.scenario(scenario), None, ""
        with run("run", self.stage.root, path, 30.0, self.serve(str(path)), *self.words) as process:
            for line in lines(process):
                last = line or last
                if line.startswith("session "):
                    folder = Path(line.removeprefix("session "))
                if folder is not None and line.split(" ", 2)[-1] == moment:
                    shim = json.loads((folder / "workers" / f"{worker}.1.json").read_text())["shim"]["pid"]
                    for row in descendants(shim, process_table()):
                        send_signal(row.pid, row.start_ticks, signal.SIGKILL)
        assert folder is not None
        return folder, last


@contextmanager
def serving(workspace: Path) -> Iterator[Callable[[str], str]]:
    """Starts model servers that outlive coordinators: a scenario's file in, a URL out."""
    with ExitStack() as servers:

        def start(scenario: str) -> str:
            process = servers.enter_context(
                subprocess.Popen(
                    [sys.executable, str(PROGRAM.with_name("serving.py")), scenario, str(workspace)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                )
            )
            assert process.stdout is not None
            return process.stdout.readline().strip()

        yield start


def killed_at(process: subprocess.Popen[str], moment: str) -> Path:
    folder = Path()
    for line in lines(process):
        if line.startswith("session "):
            folder = Path(line.removeprefix("session "))
        if line.split(" ", 2)[-1] == moment:
            break
    else:
        pytest.fail(f"the session ended before {moment!r}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    return folder


def resume(folder: Path, *answer: str) -> str:
    """Resume in another process and return its last word."""
    with run("resume", folder, *answer) as process:
        last = [line for line in lines(process) if line][-1]
    return last
