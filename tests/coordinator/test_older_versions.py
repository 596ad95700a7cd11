"""A session and a shim that an older version left running are taken over by this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.journal.reader import read_journal
from orchestrator.session.replaying import replay

pytestmark = [pytest.mark.slow, pytest.mark.source, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
OLDER = "b00069d"
"""Its journals are of format 2."""
HANG_S = 60.0
SLOW = """
name = "slow"
about = "One agent that takes its time."

[[turn]]
role = "implementer"
repeat = true

[[turn.step]]
say = "I look around first."

[[turn.step]]
pause_s = 5.0

[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }

[[turn.step]]
say = "hello.txt stands."
"""


class Program:
    """One version of the program, and the workspace in which its sessions lie."""

    def __init__(self, checkout: Path, root: Path) -> None:
        self.checkout, self.root = checkout, root
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": str(checkout)}

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *words, "--workspace", str(self.root / "workspace")],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def orchestrate(self, *words: str) -> tuple[int, str]:
        process = self.begin(*words)
        try:
            said, _ = process.communicate(timeout=HANG_S)
        finally:
            process.kill()
        return process.returncode, said


def bodies(root: Path) -> list[dict[str, Any]]:
    """What stands in the journal of the one session, whole lines only."""
    for path in (root / "workspace").glob("2*/journal.jsonl"):
        return [json.loads(line)["body"] for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return []


def wait_for_entry(root: Path, kind: str) -> None:
    until = time.monotonic() + HANG_S
    while not any(body["kind"] == kind for body in bodies(root)):
        assert time.monotonic() < until, f"no {kind}"
        time.sleep(0.05)


@pytest.fixture
def left_running(tmp_path: Path) -> Iterator[Path]:
    """A folder in whose workspace the older version began a session; its coordinator was killed, its shim was not."""
    older = tmp_path / "older"
    older.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", OLDER], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(older)], input=archive.stdout, check=True)
    target = tmp_path / "target"
    target.mkdir()
    (target / "app.py").write_text("x = 1\n")
    (tmp_path / "slow.toml").write_text(SLOW)
    options = ["--target", str(target), "--agents", "claude", "--stand-ins", "--no-dashboard"]
    process = Program(older, tmp_path).begin("Add a file", *options, "--scenario", str(tmp_path / "slow.toml"))
    try:
        wait_for_entry(tmp_path, "agent_output")
    finally:
        process.kill()
        process.communicate()
    assert "worker_exited" not in kinds(tmp_path)
    yield tmp_path
    Program(ROOT, tmp_path).orchestrate("stop")


def kinds(root: Path) -> Sequence[str]:
    return [body["kind"] for body in bodies(root)]


def test_a_worker_of_an_older_version_is_adopted_and_goes_on_to_its_end(left_running: Path) -> None:
    code, said = Program(ROOT, left_running).orchestrate("resume", "--no-dashboard")
    assert code == 0, said
    (resumed,) = (body for body in bodies(left_running) if body["kind"] == "coordinator_resumed")
    assert resumed["alive"] == ["claude"]
    assert kinds(left_running).count("worker_started") == 1
    (exited,) = (body["exit"] for body in bodies(left_running) if body["kind"] == "worker_exited")
    assert (exited["code"], exited["stopped_by"]) == (0, "itself")
    assert "told" not in kinds(left_running), "a session goes on in the format it was begun in"
    (journal,) = (left_running / "workspace").glob("2*/journal.jsonl")
    result = replay(read_journal(journal))
    assert result.session.format == 2
    assert result.unrecorded == ()


def test_a_worker_of_an_older_version_can_be_stopped(left_running: Path) -> None:
    code, said = Program(ROOT, left_running).orchestrate("stop")
    assert code == 0, said
    # Nobody coordinates it, so that the journal stays as it was; how it ended stands in its shim's own record.
    (record,) = (left_running / "workspace").glob("2*/workers/claude.1.json")
    ended = json.loads(record.read_text())["exit"]
    assert (ended["proof"] != "none", ended["stopped_by"]) == (True, "stop")
