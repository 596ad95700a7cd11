from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.abandoned import REASON, report_abandoned
from orchestrator.coordinator.orphans import Leftover
from orchestrator.errors import JournalDamaged
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import ExitRecord, WorkerStatus
from orchestrator.snapshots.recorded_trees import BASELINE, Snapshots
from tests.session.conftest import Play

if TYPE_CHECKING:
    from pathlib import Path

CLAUDE = WorkerId("claude")


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    folder = SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")
    folder.path.mkdir(parents=True)
    os.close(os.open(folder.lock_file, os.O_CREAT, 0o600))
    return folder


def test_the_report_tells_of_the_end_and_of_the_half_written_file(folder: SessionFolder, tmp_path: Path) -> None:
    target = tmp_path / "shop"
    target.mkdir()
    p = Play("claude", target=target)
    p.start("claude")
    with Journal(folder.journal_file) as journal:
        for entry in p.entries:
            journal.append(entry.body, entry.at)
    before = folder.journal_file.read_bytes()
    Snapshots(folder.snapshots_dir, target).take(BASELINE)
    (target / "half.txt").write_text("half a sent")
    gone = Leftover(folder.id, CLAUDE, 1, ExitRecord(None, "empty pid namespace", stopped_by="shim lost"))
    session = report_abandoned(folder, (gone,), by="test", now=p.at + timedelta(seconds=5))
    assert session.workers[CLAUDE].status is WorkerStatus.STOPPED
    assert session.closed is not None
    assert session.closed.outcome is Outcome.INTERRUPTED
    report = folder.report_text_file.read_text()
    assert REASON in report
    assert "- `half.txt`" in report
    assert json.loads(folder.report_data_file.read_text())["change"]["files"] == ["half.txt"]
    assert folder.journal_file.read_bytes() == before, "whoever resumes it finds it as it was"


def test_a_session_that_never_began_has_no_report(folder: SessionFolder) -> None:
    folder.journal_file.touch()
    with pytest.raises(JournalDamaged):
        report_abandoned(folder, (), by="test", now=Play("claude").at)
