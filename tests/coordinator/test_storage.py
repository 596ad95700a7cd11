from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from orchestrator.coordinator import run_session
from orchestrator.coordinator.storage import Storage, raw_bytes
from orchestrator.errors import JournalDamaged
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder, newest_session
from orchestrator.journal.reading import read_journal
from orchestrator.journal.writing import Journal
from orchestrator.models.effects import FreezeWorker, Outcome
from orchestrator.models.entries import Command, EffectIntended, StorageShort, UserCommand, WorkerExited
from orchestrator.session.replaying import replay

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
        if session.storage_question is not None and session.storage_question not in answered:
            answered.append(session.storage_question)
            command = UserCommand(Command.ANSWER, by="test", text="go on", question=session.storage_question)
            drop_command(SessionFolder(session.options.session_dir), command)

    stage.watch = answer
    result = await stage.run_claude(FLOOD.format(mib=30), limits={"max_session_bytes": 20 * MIB}, interactive=True)
    assert result.outcome is Outcome.DONE
    assert len(answered) >= 1


@pytest.mark.slow
async def test_when_the_journal_cannot_be_written_every_worker_is_stopped_with_proof(stage: Stage) -> None:
    def break_it(session: Session, entry: JournalEntry) -> None:
        if entry.n == 12:
            raise JournalDamaged("cannot write the journal: No space left on device")

    stage.watch = break_it
    request = stage.stage_claude("import time\nfor n in range(3000): text(str(n)); time.sleep(0.02)")
    with pytest.raises(BaseExceptionGroup) as caught:
        await run_session(request, environ=stage.environ, observe=stage.watch)
    assert caught.value.subgroup(JournalDamaged) is not None
    folder = newest_session(stage.workspace, live_only=False)
    assert folder is not None
    records = [path.read_text() for path in folder.workers_dir.glob("claude.*.json")]
    assert records
    assert all('"proof": "empty' in record for record in records)


def run_on_a_small_disk(stage: Stage, act: str, not_proven: Callable[[str], NoReturn], *options: str) -> str:
    """What the command line says when the workspace lies on a disk of 24 MiB of its own, and then replay."""
    if shutil.which("unshare") is None:
        not_proven("no unshare(1), so no small disk to fill")
    request = stage.stage_claude(act)
    stage.workspace.mkdir()
    kept = stage.root / "kept"
    script = (
        f'mount -t tmpfs -o size=24m none "{stage.workspace}" || exit 99\n'
        f'"$@"; echo "exit code $?"\n'
        f'cp -r "{stage.workspace}" "{kept}"'
    )
    words = ["run", "task", "--agents", "claude", "--sandbox", "open", "--no-interactive", "--no-dashboard", *options]
    folders = ["--target", str(request.target), "--workspace", str(request.workspace)]
    command = ["unshare", "-Urm", "sh", "-c", script, "sh", sys.executable, "-m", "orchestrator", *words, *folders]
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
