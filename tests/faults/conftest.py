"""Drives a checkout of the program from outside, so that the same test runs on an older commit too.

A test here may use only what every version has: the command line, an agent's stream, files and HTTP.  It imports
nothing of ``orchestrator``.  ``ORCHESTRATE_CHECKOUT`` names the checkout that is tried; by default it is this one.
``python -m benchmarks.faults`` runs these tests on two commits and prints the results side by side.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

HERE = Path(__file__).resolve().parent.parent.parent
CHECKOUT = Path(os.environ.get("ORCHESTRATE_CHECKOUT", HERE)).resolve()
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RUN_TIME_S = 90.0
WORKERS_END_WITHIN_S = 30.0

VERSIONS = {"claude": "2.1.329 (Claude Code)", "codex": "codex-cli 0.169.0", "gemini": "0.61.0"}
KEYS = {"claude": "ANTHROPIC_API_KEY", "codex": "CODEX_API_KEY", "gemini": "GEMINI_API_KEY"}

_SESSION = '"session_id":"00000000-0000-4000-8000-000000000001"'
CLAUDE_SAYS = {
    "init": f'{{"type":"system","subtype":"init",{_SESSION},"tools":["Bash"],"model":"m"}}',
    "call": '{"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"tool_use","id":"t1",'
    f'"name":"Bash","input":{{"command":"true"}}}}]}},{_SESSION}}}',
    "returned": '{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t1","type":"tool_result",'
    f'"content":"ok"}}]}},{_SESSION}}}',
    "result": '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done.",'
    f'"total_cost_usd":0.001,"usage":{{"input_tokens":1,"output_tokens":1}},{_SESSION}}}',
}
"""The records that a short and successful turn of claude 2.1.329 writes, by a name of ours."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """How one call of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything a person saw."""
        return self.out + self.err

    def json(self) -> Any:
        """The one document that ``--json`` prints."""
        return json.loads(self.out)


@dataclass(slots=True)
class Program:
    """The program under test, with a home, a workspace and made-up agents of the test's own."""

    root: Path
    environ: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def target(self, name: str = "target", *, git: bool = True, files: Mapping[str, str] | None = None) -> Path:
        """A project; with ``git`` a repository, in which the files are committed."""
        folder = self.root / name
        folder.mkdir(parents=True)
        for path, text in (files or {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        if git:
            self.git(folder, "init", "-q", "-b", "main")
            self.commit(folder)
        return folder

    def git(self, folder: Path, *arguments: str) -> str:
        """What git says outside any sandbox, as the user would call it.

        Raises:
            CalledProcessError: it failed.
        """
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def commit(self, folder: Path, message: str = "x") -> None:
        """Commit all that lies in the folder; an empty commit where nothing does."""
        self.git(folder, "add", "-A")
        self.git(folder, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", message, "--allow-empty")

    def agent(self, name: str, stream: str) -> Path:
        """Install a made-up agent CLI: a shell script that writes the records of one turn, and does what it likes.

        Args:
            name: Which of the CLIs it plays.
            stream: What the script does after it has read its prompt.
        """
        path = self.root / "agents" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f'#!/bin/sh\ncase " $* " in *" --version "*) echo "{VERSIONS[name]}"; exit;; esac\n'
            f"cat >/dev/null\n{stream}\n"
        )
        path.chmod(0o755)
        self.environ[KEYS[name]] = "x"
        return path

    def claude(self, does: str, *, between: str = "") -> Path:
        """Install a made-up claude that does this in one successful tool call, then writes ``between`` and ends well.

        Args:
            does: A shell script; it runs in the target, as a worker would run it.
            between: Further records, one a line, written between the tool's return and the final record.
        """
        lines = "\n".join(
            (
                f"echo '{CLAUDE_SAYS['init']}'",
                f"echo '{CLAUDE_SAYS['call']}'",
                f"( {does}\n) >/dev/null 2>&1",
                f"echo '{CLAUDE_SAYS['returned']}'",
                *(f"echo '{line}'" for line in between.splitlines() if line.strip()),
                f"echo '{CLAUDE_SAYS['result']}'",
            )
        )
        return self.agent("claude", lines)

    def run(self, target: Path, *options: str, task: str = "do it", timeout_s: float = RUN_TIME_S) -> JobResult:
        """One headless run with the made-up claude as the only agent, on this target."""
        words = ("run", task, "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
        return self.orchestrate(*words, *options, timeout_s=timeout_s)

    def orchestrate(self, *arguments: str, stdin: str = "", timeout_s: float = RUN_TIME_S) -> JobResult:
        """Call the command line and wait for its end.

        Raises:
            TimeoutExpired: it did not end in time.
        """
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
        return JobResult(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Call the command line and go on; it is ended with the test at the latest."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.running.append(process)
        return process

    def command(self, *arguments: str) -> Sequence[str]:
        return (sys.executable, "-c", _ENTER, str(CHECKOUT), *arguments)

    def session(self) -> Path:
        """The folder of the newest session."""
        return max(path for path in self.workspace.iterdir() if (path / "session.json").exists())

    def report(self) -> Any:
        """The newest session's ``report.json``."""
        return json.loads((self.session() / "report.json").read_text(encoding="utf-8"))


_ENTER = "import sys; sys.path.insert(0, sys.argv.pop(1)); from orchestrator.cli.main import main; main()"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program under test, as somebody calls it who has nothing but a home of their own."""
    for name in ("home", "workspace", "agents"):
        (tmp_path / name).mkdir()
    environ = {
        "PATH": f"{tmp_path / 'agents'}:{Path(sys.executable).parent}:{SYSTEM_PATH}",
        "HOME": str(tmp_path / "home"),
        "ORCHESTRATOR_WORKSPACE": str(tmp_path / "workspace"),
        "LANG": "C.UTF-8",
    }
    program = Program(tmp_path, environ)
    yield program
    for process in program.running:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    if any(process.returncode == -signal.SIGKILL for process in program.running):
        _wait_for_workers(tmp_path)
    shutil.rmtree(tmp_path / "workspace", ignore_errors=True)


def _wait_for_workers(root: Path) -> None:
    """Let workers that outlived a killed coordinator end while their folders are there.

    What they wait for may lie in these folders: a worker whose target is gone never sees it.  One that does not end is
    found by the check of what a test leaves behind.
    """
    deadline = time.monotonic() + WORKERS_END_WITHIN_S
    while any(str(root) in " ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])):
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)
