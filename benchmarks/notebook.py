"""Sessions from a real Jupyter kernel: ``python -m benchmarks.notebook``.

Makes an environment with IPython's kernel that is thrown away, starts the kernel, and runs cells in it as a notebook
does: strategies that are awaited, gathered, run in a thread, interrupted, and left behind by a kernel that is killed.
Ends with 1 unless each cell says what it should, and no process is left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
WITHIN_S: Final = 300.0
SET_UP: Final = """
import asyncio, logging, threading
from pathlib import Path
from orchestrator import MetaOrchestrator, get_strategy, get_template
Path("target").mkdir()
Path("target/a.py").write_text("x = 1\\n")
agents = [get_template("code_reviewer"), get_template("security_auditor")]
context = {"path": "target", "workspace": "sessions", "task": "Look at a.py", "rehearse": "stand-ins"}
def run(strategy, **more):
    return get_strategy(strategy).execute(agents, {**context, **more})
def told(result):
    return [result.success, *(each.agent_id for each in result.outputs)]
class Begun(logging.Handler):
    def emit(self, record):
        if "works" in record.getMessage() or "start" in record.getMessage():
            print("begun", flush=True)
"""
BEGIN: Final = """
log = logging.getLogger("orchestrator.orchestration")
log.setLevel(logging.DEBUG)
log.addHandler(Begun())
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is run, and what it should print."""

    name: str
    code: str
    expected: str


BOTH: Final = "[True, 'code_reviewer', 'security_auditor']"
CELLS: Final[Sequence[Cell]] = (
    Cell("set up", SET_UP, ""),
    Cell("plan", 'print(MetaOrchestrator().orchestrate("Review the login").strategy.value)', "parallel"),
    Cell("await", 'print(told(await run("sequential")))', BOTH),
    Cell("gather", 'print(*map(told, await asyncio.gather(run("parallel"), run("debate"))))', f"{BOTH} {BOTH}"),
    Cell(
        "task beside other cells",
        'task = asyncio.create_task(run("parallel"))\nawait asyncio.sleep(0)\nprint(task.done())',
        "False",
    ),
    Cell("the task's end", "print(told(await task))", BOTH),
    Cell("thread", 'print(told(await asyncio.to_thread(lambda: asyncio.run(run("parallel")))))', BOTH),
    Cell(
        "time-out",
        'try:\n    await run("parallel", timeout_seconds=0.5)\nexcept TimeoutError:\n    print("out of time")',
        "out of time",
    ),
    Cell(
        "wrong value",
        'try:\n    await run("parallel", x={1})\nexcept ValueError as error:\n    print("refused")',
        "refused",
    ),
    Cell("set up to be interrupted", BEGIN, ""),
)
LONG: Final = 'await run("sequential")'


def main() -> int:
    """Set the kernel up, and have its own Python run the cells."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-notebook-") as folder:
        python = Path(folder) / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements.lock"], check=True)
        subprocess.run([*pip, "ipykernel", "jupyter-client"], check=True)
        home = Path(folder) / "home"
        home.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
        done = subprocess.run([python, "-m", "benchmarks.notebook", "cells"], cwd=home, env=environment)
        return done.returncode


def run_cells(folder: Path) -> int:
    """Run every cell in one kernel, whose current folder this is; how many did not say what they should."""
    manager, client = import_module("jupyter_client.manager").start_new_kernel(cwd=str(folder))
    wrong = 0
    try:
        for cell in CELLS:
            wrong += not _judged(cell.name, _said(client, cell.code), cell.expected)
        said = _said(client, LONG, begun=manager.interrupt_kernel)
        wrong += not _judged("interrupted", said, "CancelledError")
        wrong += not _judged("what the interrupted cell left", " ".join(_left(folder)), "")
        wrong += not _judged("a cell after that", _said(client, f"print(told({LONG}))").replace("begun\n", ""), BOTH)
        at_work: list[str] = []

        def kill() -> None:
            at_work.extend(_named(folder))
            manager.shutdown_kernel(now=True)

        _said(client, LONG, begun=kill, ends=False)
        wrong += not _judged("at work when the kernel is killed", str(len(at_work) > 0), "True")
    finally:
        manager.shutdown_kernel(now=True)
    wrong += not _judged("what a killed kernel left", " ".join(_left(folder)), "")
    return wrong


def _judged(name: str, said: str, expected: str) -> bool:
    is_right = said.strip() == expected
    print(f"{name:<36}{'as it should be' if is_right else f'WRONG: {said!r}, not {expected!r}'}", flush=True)
    return is_right


def _said(client: Any, code: str, *, begun: Callable[[], object] | None = None, ends: bool = True) -> str:
    """What a cell prints, or the name of its error.

    Args:
        begun: Called once, when the cell says that its session has begun.
        ends: The cell is waited for; otherwise only its beginning is.
    """
    told: list[str] = []
    acted = threading.Event()

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        text = content.get("text", "")
        if begun is not None and "begun" in text:
            if not acted.is_set():
                acted.set()
                begun()
            return
        told.append(content["ename"] if message["msg_type"] == "error" else text)

    if ends:
        client.execute_interactive(code, output_hook=hear, timeout=WITHIN_S)
        return "".join(told)
    client.execute(code)
    until = time.monotonic() + WITHIN_S
    while not acted.is_set() and time.monotonic() < until:
        hear(client.get_iopub_msg(timeout=WITHIN_S))
    return ""


def _left(folder: Path) -> Sequence[str]:
    """The processes that still name the folder once those that are ending have had their time."""
    until = time.monotonic() + 60.0
    while True:
        found = _named(folder)
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.1)


def _named(folder: Path) -> Sequence[str]:
    """The processes whose command line names the folder of the sessions."""
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if _names(path, folder)]


def _names(command_line: Path, folder: Path) -> bool:
    try:
        return f"{folder}/sessions".encode() in command_line.read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(run_cells(Path.cwd()) > 0 if sys.argv[1:] == ["cells"] else main())
