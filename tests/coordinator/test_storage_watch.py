from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from orchestrator.coordinator.storage_watch import Storage, raw_bytes
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder, newest_session
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import FreezeWorker, Outcome
from orchestrator.models.entries import Command, EffectIntended, StorageShort, UserCommand, WorkerExited
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.replaying import replay
from tests.coordinator.exactness import assert_exact
from tests.workers.conftest import until

if TYPE_CHECKING:
    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.coordinator.conftest import Stage

MIB = 1024**2
FLOOD = """
import time
line = b"x" * 65_000 + b"\\n"
for _ in range({mib} * 16):
    out(line)
    time.sleep(0.002)
"""
"""At about 30 MiB a second."""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "reviews").mkdir()
    with Journal(tmp_path / "journal.jsonl", reserve_bytes=0) as journal:
        return Storage(SessionFolder(tmp_path), journal)


def test_the_reserve_is_real_room_on_the_disk(storage: Storage) -> None:
    storage.restore()
    assert storage.reserve_file.stat().st_blocks * 512 >= MIB
    storage.restore()
    storage.give_up_reserve()
    storage.give_up_reserve()
    assert not storage.reserve_file.exists()


def test_what_lies_in_the_folder_is_counted_by_its_blocks_and_links_are_not_followed(
    storage: Storage, tmp_path: Path
) -> None:
    before = raw_bytes(SessionFolder(tmp_path))
    (tmp_path / "claude.jsonl").write_bytes(b"x" * MIB)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1024 * MIB)
    (tmp_path / "reviews" / "link").symlink_to(sys.executable)
    assert MIB <= raw_bytes(SessionFolder(tmp_path)) - before < 2 * MIB


@pytest.mark.slow
async def test_a_session_past_its_size_is_frozen_and_ends_needing_a_person(stage: Stage) -> None:
    result = await stage.run_claude(FLOOD.format(mib=200), limits={"max_session_bytes": 8 * MIB})
    assert result.outcome is Outcome.NEEDS_PERSON
    assert "8 MiB is the most" in result.reason
    entries = stage.journal(result)
    assert any(isinstance(entry.body, StorageShort) and entry.body.what == "size" for entry in entries)
    assert any(
        isinstance(entry.body, EffectIntended) and isinstance(entry.body.effect, FreezeWorker) for entry in entries
    )
    assert SessionFolder(result.folder).raw_stdout(next(iter(result.state.workers))).stat().st_size < 150 * MIB


@pytest.mark.slow
async def test_an_answer_lets_a_session_past_its_size_run_on_to_its_end(stage: Stage) -> None:
    answered: list[str] = []

    def answer(session: Session, entry: JournalEntry) -> None:
        if session.storage.question is not None and session.storage.question not in answered:
            answered.append(session.storage.question)
            command = UserCommand(Command.ANSWER, by="test", text="go on", question=session.storage.question)
            drop_command(SessionFolder(session.options.session_dir), command)

    stage.watch = answer
    result = await stage.run_claude(FLOOD.format(mib=30), limits={"max_session_bytes": 20 * MIB}, interactive=True)
    assert result.outcome is Outcome.DONE
    assert len(answered) >= 1


@pytest.mark.slow
def test_a_journal_that_the_system_refuses_to_write_ends_the_run_clearly_and_it_can_be_resumed(stage: Stage) -> None:
    """The coordinator, and nobody else, is no longer allowed files as long as its journal has become."""
    act = """
    import time
    if "--resume" not in sys.argv:
        for n in range(3000):
            text(str(n))
            time.sleep(0.02)
    """
    with subprocess.Popen(
        stage.command_line(act, "--agents", "claude"),
        env=dict(stage.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        until(lambda: '"said"' in journal_text(stage))
        _, hard = resource.prlimit(running.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (len(journal_text(stage)) + 10, hard))
        said = running.communicate(timeout=30)[0]
    assert running.returncode == 1, said
    assert "the file may not grow further" in said
    assert "Traceback" not in said
    folder = newest_session(stage.workspace, live_only=False)
    assert folder is not None
    assert folder.journal_file.read_bytes().endswith(b"}\n")
    assert replay(read_journal(folder.journal_file)).session.closed is None
    record = json.loads((folder.workers_dir / "claude.1.json").read_text())
    assert record["exit"]["proof"] in ("empty sub-reaper walk", "cgroup empty")
    again = [sys.executable, "-m", "orchestrator", "resume", "--workspace", str(stage.workspace)]
    resumed = subprocess.run(again, env=dict(stage.environ), capture_output=True, text=True, timeout=30, check=False)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert_exact(folder.path)


def journal_text(stage: Stage) -> str:
    """The journal of the newest session, empty while there is none."""
    folder = newest_session(stage.workspace, live_only=False) if stage.workspace.exists() else None
    return folder.journal_file.read_text() if folder is not None and folder.journal_file.exists() else ""


def run_on_a_small_disk(stage: Stage, act: str, not_proven: Callable[[str], NoReturn], *options: str) -> str:
    """What the command line says when the workspace lies on a disk of 24 MiB of its own, and then replay."""
    if shutil.which("unshare") is None:
        not_proven("no unshare(1), so no small disk to fill")
    words = stage.command_line(act, "--agents", "claude", *options)
    stage.workspace.mkdir()
    kept = stage.root / "kept"
    script = (
        f'mount -t tmpfs -o size=24m none "{stage.workspace}" || exit 99\n'
        f'"$@"; echo "exit code $?"\n'
        f'cp -r "{stage.workspace}" "{kept}"'
    )
    command = ["unshare", "-Urm", "sh", "-c", script, "sh", *words]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, env=dict(stage.environ), stdin=-3
    )
    if ran.returncode == 99 or "unshare:" in ran.stderr:
        not_proven("a file system cannot be mounted in a user namespace here")
    return ran.stdout + ran.stderr


@pytest.mark.slow
def test_a_disk_that_runs_low_freezes_the_workers_before_it_is_full(
    stage: Stage, not_proven: Callable[[str], NoReturn]
) -> None:
    said = run_on_a_small_disk(stage, FLOOD.format(mib=200), not_proven, "--min-free", "14M")
    assert "exit code 3" in said, said
    assert "the disk has" in said
    folder = newest_session(stage.root / "kept", live_only=False)
    assert folder is not None
    replayed = replay(read_journal(folder.journal_file))
    assert replayed.session.closed is not None
    assert replayed.session.closed.outcome is Outcome.NEEDS_PERSON
    assert folder.report_text_file.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "fill",
    [
        pytest.param("for _ in range(99): out(b'x' * 1024 * 1024)\nimport time\ntime.sleep(60)", id="and then waits"),
        pytest.param("while True: out(b'x' * 65536)", id="and never ceases"),
    ],
)
def test_a_disk_that_is_filled_at_once_costs_only_what_could_not_be_written(
    stage: Stage, not_proven: Callable[[str], NoReturn], fill: str
) -> None:
    said = run_on_a_small_disk(stage, fill, not_proven, "--min-free", "1M")
    assert "exit code 3" in said, said
    assert "lost output: the disk was full" in said
    assert "Traceback" not in said
    folder = newest_session(stage.root / "kept", live_only=False)
    assert folder is not None
    entries = list(read_journal(folder.journal_file))
    assert replay(entries).session.closed is not None
    exits = [entry.body.exit for entry in entries if isinstance(entry.body, WorkerExited)]
    assert [record.proof for record in exits] == ["empty sub-reaper walk"]
    assert folder.report_text_file.stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "greedy",
    [
        pytest.param("room.joinpath(f'{number}').write_bytes(b'x' * 65536)", id="in long files"),
        pytest.param("room.joinpath(f'{number}').touch()", id="in empty files"),
        pytest.param("out(b'x' * 65536)", id="in its output"),
    ],
)
async def test_a_worker_that_takes_more_than_its_share_of_the_disk_is_stopped_by_name(
    stage: Stage, greedy: str
) -> None:
    act = f"""
    import os, pathlib, time
    room = pathlib.Path(os.environ["HOME"]) / "room"
    room.mkdir()
    for number in range(4000):
        {greedy}
        time.sleep(0.001)
    time.sleep(600)
    """
    sandbox = load_sandbox_policy("open")
    sandbox = replace(sandbox, limits=replace(sandbox.limits, disk_mib=8))
    result = await stage.run_claude(act, sandbox=sandbox)
    assert result.outcome is Outcome.FAILED
    assert "8 MiB is the most for one worker" in result.reason
    assert result.state.storage.question is None
