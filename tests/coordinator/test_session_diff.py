from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.coordinator.restored_target import records_of
from orchestrator.coordinator.session_diff import session_diff
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerState
from orchestrator.session.state import Session
from orchestrator.snapshots.recorded_trees import Snapshots, review_label
from orchestrator.snapshots.writers import Writers
from tests.session.conftest import Play


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "shop").mkdir()
    return SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Play("claude", target=tmp_path / "shop").session


def test_a_running_session_is_compared_with_its_target_as_it_stands(
    session: Session, folder: SessionFolder, tmp_path: Path
) -> None:
    with pytest.raises(EnvironmentUnfit):
        session_diff(folder, session)
    records = records_of(folder, session)
    snapshots = Snapshots(folder.snapshots_dir, records.target)
    records.take(snapshots, "begin")
    (tmp_path / "shop" / "a").write_text("1\n")
    snapshots.take(review_label("001-milestone"))
    (tmp_path / "shop" / "b").write_text("1\n")
    found = session_diff(folder, session)
    assert (found.files, found.is_live) == ((("a", 1, 0), ("b", 1, 0)), True)
    for named in ("1", "001", "001-milestone"):
        assert session_diff(folder, session, since=named).files == (("b", 1, 0),)
    records.take(snapshots, "end")
    (tmp_path / "shop" / "c").write_text("1\n")
    found = session_diff(folder, session)
    assert ([name for name, _, _ in found.files], found.is_live) == (["a", "b"], False)
    with pytest.raises(UsageError):
        session_diff(folder, session, worker="nobody")


def test_a_workers_change_holds_no_file_that_only_somebody_else_changed(
    session: Session, folder: SessionFolder, tmp_path: Path
) -> None:
    session = replace(
        session, workers={WorkerId("claude"): WorkerState(WorkerId("claude"), AgentName("claude"), Role.IMPLEMENTER)}
    )
    records, writers, shop = records_of(folder, session), Writers(), tmp_path / "shop"
    snapshots = Snapshots(folder.snapshots_dir, records.target, writers=writers)
    (shop / "both").write_text("0\n")
    records.take(snapshots, "begin")
    writers.begins(WorkerId("claude"))
    (shop / "a").write_text("1\n")
    (shop / "both").write_text("1\n")
    writers.ends(WorkerId("claude"))
    snapshots.record("measured")
    (shop / "mine \udcff").write_text("the user's own\n")
    (shop / "both").write_text("2\n")
    records.take(snapshots, "end")
    whole = session_diff(folder, session)
    assert len(whole.files) == 3
    assert whole.uncertain == ()
    found = session_diff(folder, session, worker="claude")
    assert [name for name, _, _ in found.files] == ["a", "both"]
    assert b"the user's own" not in found.patch.content
    assert found.uncertain == ("both",)
