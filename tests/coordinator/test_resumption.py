from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import resume_session
from orchestrator.coordinator.recovered_state import inherit
from orchestrator.coordinator.resumption import check_resumable
from orchestrator.errors import ExitCode, SessionBusy, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.entries import CoordinatorResumed, WorkerExited, WorkerStarted
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.shim.processes import read_process, send_signal
from orchestrator.workers.attempts import AttemptFiles, read_record
from orchestrator.workers.worker_process import is_same
from tests.coordinator.exactness import assert_exact
from tests.coordinator.killing import lines, resume, run
from tests.workers.conftest import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.models.identity import ProcessIdentity
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
        "told announce -",
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
    # The provoked relaunch, and nothing but restarts of workers that the model did not answer.
    again = sum(w.attempt - 1 - session.details[w.id].restarts for w in session.workers.values() if w.attempt)
    assert again == 1, (session.recoveries, session.warnings)


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
    assert session.details[claude.id].current.conversation_asked is not None


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
    killing.real, killing.agents = True, (agent,)
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
    killing.real, killing.agents = real, (agent,)
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


@pytest.fixture
def unclaimed(killing: Killing) -> Iterator[tuple[Path, ProcessIdentity]]:
    """A session whose coordinator died when its first shim had been started, and had not yet claimed its attempt."""
    slow = killing.stage.root / "python"
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *--standby*) exit 1 ;; *shim.py*) kill -STOP $$ ;; esac\nexec {sys.executable} "$@"\n'
    )
    slow.chmod(0o755)
    killing.interpreter, killing.agents = str(slow), ("claude",)
    folder = killing.until("worker_started claude", scenario="plain")
    [started] = [e.body for e in read_journal(folder / "journal.jsonl") if isinstance(e.body, WorkerStarted)]
    until(lambda: (process := read_process(started.shim.pid)) is not None and process.state == "T")
    assert not (folder / "workers" / "claude.1.json").exists()
    yield folder, started.shim
    send_signal(started.shim.pid, started.shim.start_ticks, signal.SIGKILL)


def one_tree_ran(folder: Path) -> bool:
    """Whether claude began once, in its first attempt, and whatever was started for it is gone."""
    worker = assert_exact(folder).workers[WorkerId("claude")]
    records = [json.loads(line) for line in (folder / "claude.jsonl").read_text().splitlines()]
    begins = [record for record in records if record.get("subtype") == "init"]
    return (worker.attempt, worker.status, len(begins)) == (1, WorkerStatus.DONE, 1)


def test_a_shim_that_had_not_claimed_its_attempt_is_adopted(unclaimed: tuple[Path, ProcessIdentity]) -> None:
    folder, shim = unclaimed
    with run("resume", folder) as process:
        for line in lines(process):
            if line.endswith("coordinator_resumed -"):
                send_signal(shim.pid, shim.start_ticks, signal.SIGCONT)
        assert line.startswith("ended done")
    assert one_tree_ran(folder)
    assert is_same(read_shim(folder)) is False
    assert read_shim(folder) == shim


def test_a_shim_nobody_wrote_down_finds_its_attempt_claimed_by_another(unclaimed: tuple[Path, ProcessIdentity]) -> None:
    folder, shim = unclaimed
    cut_before(folder, b'"worker_started"')
    assert resume(folder).startswith("ended done")
    send_signal(shim.pid, shim.start_ticks, signal.SIGCONT)
    until(lambda: not is_same(shim))
    assert one_tree_ran(folder)
    assert read_shim(folder) != shim


def test_a_shim_that_was_killed_before_it_claimed_its_attempt_is_lost_and_the_next_one_runs(
    unclaimed: tuple[Path, ProcessIdentity],
) -> None:
    folder, shim = unclaimed
    send_signal(shim.pid, shim.start_ticks, signal.SIGKILL)
    until(lambda: not is_same(shim))
    assert resume(folder).startswith("ended done")
    exits = [e.body for e in read_journal(folder / "journal.jsonl") if isinstance(e.body, WorkerExited)]
    assert [(body.attempt, body.exit.stopped_by) for body in exits] == [(1, "shim lost"), (2, "itself")]
    assert exits[0].exit.proof != "none"
    assert_exact(folder)


def read_shim(folder: Path) -> ProcessIdentity:
    """The one that has the first attempt."""
    record = read_record(AttemptFiles(folder / "workers", folder / "control", WorkerId("claude"), 1))
    assert record is not None
    return record.shim


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


def test_an_end_that_was_only_intended_does_not_come_when_the_session_is_resumed(killing: Killing) -> None:
    folder = killing.until("effect close_session -", scenario="pause")
    cut_before(folder, b'"session_closed"')
    assert resume(folder, "keep it for 14 days").startswith("ended done")
    session = assert_exact(folder)
    assert session.approvals.answers == (("q1", "keep it for 14 days"),)


def cut_before(folder: Path, word: bytes) -> None:
    """Take the journal's entries away from the first that says the word on, if the coordinator got as far."""
    journal = folder / "journal.jsonl"
    entries = journal.read_bytes().splitlines(keepends=True)
    end = next((index for index, entry in enumerate(entries) if word in entry), len(entries))
    journal.write_bytes(b"".join(entries[:end]))


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
    assert done.state.details[claude.id].current.conversation_asked == claude.conversation


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
