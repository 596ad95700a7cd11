from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import resume_session
from orchestrator.coordinator.resuming import check_resumable, inherit
from orchestrator.errors import ExitCode, SessionBusy, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.locking import hold_session_lock
from orchestrator.journal.reading import read_journal
from orchestrator.models.entries import CoordinatorResumed, WorkerExited
from tests.coordinator.conftest import SCENARIOS
from tests.coordinator.exactness import assert_exact

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("coordinating.py")
ROOT = PROGRAM.parent.parent.parent


def run(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.strip()


@pytest.fixture
def serve(stage: Stage) -> Iterator[Callable[[str], str]]:
    """Starts a model server that outlives coordinators, and returns its URL."""
    with ExitStack() as servers:

        def start(scenario: str) -> str:
            process = servers.enter_context(
                subprocess.Popen(
                    [sys.executable, str(PROGRAM.with_name("serving.py")), scenario, str(stage.workspace)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                )
            )
            assert process.stdout is not None
            return process.stdout.readline().strip()

        yield start


@dataclass(slots=True)
class Killing:
    """Runs sessions whose coordinators are killed."""

    stage: Stage
    serve: Callable[[str], str]
    real: bool = False

    def until(self, moment: str, *, scenario: str = "default", grace_s: float = 30.0) -> Path:
        """Run, and SIGKILL the coordinator the instant it has taken the entry that matches; the session's folder."""
        path = SCENARIOS / f"{scenario}.toml"
        with run("run", self.stage.root, path, grace_s, self.serve(str(path)), *["real"] * self.real) as process:
            return killed_at(process, moment)


@pytest.fixture
def killing(stage: Stage, serve: Callable[[str], str]) -> Killing:
    return Killing(stage, serve)


def killed_at(process: subprocess.Popen[str], moment: str) -> Path:
    folder = None
    for line in lines(process):
        if line.startswith("session "):
            folder = Path(line.removeprefix("session "))
        if line.split(" ", 2)[-1] == moment:
            break
    else:
        pytest.fail(f"the session ended before {moment!r}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert folder is not None
    return folder


def resume(folder: Path) -> str:
    """Resume in another process and return its last word."""
    with run("resume", folder) as process:
        last = [line for line in lines(process) if line][-1]
    return last


@pytest.mark.parametrize(
    "moment",
    [
        "effect start_worker gemini",
        "worker_started gemini",
        "agent_output gemini",
        "effect stop_worker gemini",
        "worker_exited gemini",
        "agent_output claude",
        "effect freeze_worker claude",
        "effect take_snapshot -",
        "effect start_worker review-001-codex",
        "worker_exited review-001-codex",
        "effect announce -",
        "effect thaw_worker claude",
        "effect measure_work claude",
        "agent_output codex",
        "effect close_session -",
    ],
)
def test_a_coordinator_killed_at_any_moment_is_replaced_without_loss(killing: Killing, moment: str) -> None:
    folder = killing.until(moment)
    assert resume(folder).startswith("ended done")
    session = assert_exact(folder)
    assert session.closed is not None
    assert len([w for w in session.workers.values() if w.attempt > 1]) == 1, "only the provoked relaunch"


def test_workers_that_outlive_the_grace_are_ended_and_their_conversation_goes_on(killing: Killing) -> None:
    folder = killing.until("agent_output claude", scenario="pause", grace_s=0.0)
    record = folder / "workers" / "claude.1.json"
    for _ in range(400):
        if "exit" in json.loads(record.read_text()) and json.loads(record.read_text())["exit"]:
            break
        signal.sigtimedwait([], 0.05)
    else:
        pytest.fail("the shim did not end its tree")
    entries = SessionFolder(folder).journal_file
    assert not any(isinstance(e.body, WorkerExited) and e.body.worker == "claude" for e in read_journal(entries))
    last = resume(folder)
    assert last.startswith(("ended done", "ended needs_person")), last
    session = assert_exact(folder)
    claude = next(worker for worker in session.workers.values() if worker.id == "claude")
    assert claude.attempt >= 2
    assert session.details[claude.id].conversation_asked is not None


def test_a_coordinator_killed_twice_is_replaced_twice(killing: Killing) -> None:
    folder = killing.until("agent_output gemini")
    with run("resume", folder) as process:
        for line in lines(process):
            if line.endswith("agent_output claude"):
                process.send_signal(signal.SIGKILL)
                break
    assert resume(folder).startswith("ended done")
    assert_exact(folder)
    resumed = [e for e in read_journal(SessionFolder(folder).journal_file) if isinstance(e.body, CoordinatorResumed)]
    assert len(resumed) == 2


async def test_a_session_that_waits_for_an_answer_goes_on_with_it(stage: Stage) -> None:
    waiting = await stage.run("pause")
    assert waiting.exit_code is ExitCode.NEEDS_PERSON
    folder = SessionFolder(waiting.folder)
    with pytest.raises(UsageError, match="waits for an answer"):
        await resume_session(folder, environ=stage.environ)
    done = await resume_session(folder, environ=stage.environ, answer="keep it for 14 days")
    assert done.exit_code is ExitCode.DONE
    assert_exact(waiting.folder)
    claude = next(worker for worker in done.state.workers.values() if worker.attempt == 2)
    assert done.state.details[claude.id].conversation_asked == claude.conversation


async def test_a_finished_session_is_not_run_again(stage: Stage) -> None:
    result = await stage.run("plain")
    with pytest.raises(UsageError, match="is done"):
        await resume_session(SessionFolder(result.folder), environ=stage.environ)
    check_resumable(inherit(stage.journal(result)[:20]).session, answer=None, interactive=False)


async def test_two_coordinators_on_one_session_are_one_too_many(stage: Stage) -> None:
    result = await stage.run("pause")
    folder = SessionFolder(result.folder)
    with hold_session_lock(folder), pytest.raises(SessionBusy) as caught:
        await resume_session(folder, environ=stage.environ, answer="yes")
    assert caught.value.pid == os.getpid()


def test_an_empty_journal_cannot_be_inherited() -> None:
    with pytest.raises(UsageError, match="never opened"):
        inherit([])
