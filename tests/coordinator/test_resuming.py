from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import resume_session
from orchestrator.coordinator.inheriting import inherit
from orchestrator.coordinator.resuming import check_resumable
from orchestrator.errors import ExitCode, SessionBusy, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.locking import hold_session_lock
from orchestrator.journal.reading import read_journal
from orchestrator.models.entries import CoordinatorResumed, WorkerExited
from tests.coordinator.exactness import assert_exact
from tests.coordinator.killing import lines, resume, run
from tests.workers.conftest import until

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage
    from tests.coordinator.killing import Killing

pytestmark = pytest.mark.slow
AGAIN = """
name = "again"
about = "However often it is asked, each does its part, with a pause in the middle of its turn."

[[turn]]
role = "designer"
repeat = true

[[turn.step]]
say = "I look around first."

[[turn.step]]
pause_s = 1.5

[[turn.step]]
say = "One new file, hello.txt, with one line in it."

[[turn]]
role = "implementer"
repeat = true

[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }

[[turn.step]]
pause_s = 1.5

[[turn.step]]
say = "hello.txt stands."

[[turn]]
role = "reviewer"
repeat = true

[[turn.step]]
pause_s = 1.5

[[turn.step]]
reply = { verdict = "approved", summary = "The file stands.", points = [] }
"""


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


@pytest.mark.real
@pytest.mark.parametrize("agent", ["gemini", "claude", "codex"])
def test_a_coordinator_killed_in_a_turn_of_a_real_cli_is_replaced(killing: Killing, agent: str) -> None:
    killing.real = True
    folder = killing.until(f"agent_output {agent}", scenario=AGAIN)
    assert resume(folder).startswith("ended done")
    assert_exact(folder)


@pytest.mark.real
@pytest.mark.parametrize("agent", ["gemini", "claude", "codex"])
def test_a_real_cli_that_outlived_the_grace_is_ended_and_its_session_finished(killing: Killing, agent: str) -> None:
    killing.real = True
    folder = killing.until(f"agent_output {agent}", scenario=AGAIN, grace_s=0.0)
    until(lambda: json.loads((folder / "workers" / f"{agent}.1.json").read_text())["exit"], 20)
    assert to_the_end(folder, "").startswith("ended done")
    assert_exact(folder)


@pytest.mark.parametrize("agent", ["gemini", "claude", "codex"])
@pytest.mark.parametrize(
    "real", [pytest.param(True, id="real", marks=pytest.mark.real), pytest.param(False, id="fake")]
)
def test_a_worker_killed_in_its_turn_does_not_keep_the_session_from_its_end(
    killing: Killing, agent: str, *, real: bool
) -> None:
    killing.real = real
    folder, last = killing.worker_at(f"agent_output {agent}", agent, scenario=AGAIN)
    assert to_the_end(folder, last).startswith("ended done")
    assert_exact(folder)


def to_the_end(folder: Path, last: str) -> str:
    """Resume, with an answer where one is asked for, as a person would."""
    for _ in range(4):
        if last.startswith("ended done"):
            break
        last = resume(folder, *["go on"] * last.startswith("ended needs_person"))
    return last


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
