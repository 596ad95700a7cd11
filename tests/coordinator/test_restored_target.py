from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.coordinator.restored_target import plan_undo, records_of
from orchestrator.errors import TargetBusy, UsageError
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.target_lock import hold_target
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import WorkerId
from orchestrator.session.state import Ending, Session
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.restoration import NOT_CERTAIN
from orchestrator.snapshots.writers import Writers
from tests.session.conftest import Play

CLAUDE = WorkerId("claude")


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "shop").mkdir()
    folder = SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")
    folder.path.mkdir(parents=True)
    folder.lock_file.touch()
    return folder


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Play("claude", target=tmp_path / "shop").session


def test_a_session_that_runs_is_not_undone(session: Session, folder: SessionFolder) -> None:
    with hold_session_lock(folder), pytest.raises(UsageError, match="is running"):
        plan_undo(folder, session)


def test_a_session_whose_end_nobody_saw_has_to_be_stopped_first(session: Session, folder: SessionFolder) -> None:
    with pytest.raises(UsageError, match="lost its coordinator"):
        plan_undo(folder, session)


def test_where_the_end_was_not_recorded_what_came_later_is_not_certain(
    session: Session, folder: SessionFolder, tmp_path: Path
) -> None:
    records = records_of(folder, session)
    records.take(Snapshots(folder.snapshots_dir, records.target), "begin")
    (tmp_path / "shop" / "theirs").write_text("1")
    closed = Ending(Outcome.INTERRUPTED, "x")
    hour = timedelta(hours=1)
    # The file's own time: the clock of the test may be another one.
    changed = datetime.fromtimestamp((tmp_path / "shop" / "theirs").stat().st_ctime, UTC)
    later = replace(session, closed=closed, now=changed + hour)
    assert [step.path for step in plan_undo(folder, later).plan.steps] == [b"theirs"]
    records.forget_end()
    earlier = replace(session, closed=closed, now=changed - hour)
    undo = plan_undo(folder, earlier)
    assert [(one.path, one.why) for one in undo.plan.left] == [(b"theirs", NOT_CERTAIN)]
    assert undo.is_contested
    assert undo.is_empty


def test_what_changed_while_no_worker_could_write_is_left_alone(
    session: Session, folder: SessionFolder, tmp_path: Path
) -> None:
    records, writers = records_of(folder, session), Writers()
    snapshots = Snapshots(folder.snapshots_dir, records.target, writers=writers)
    records.take(snapshots, "begin")
    (tmp_path / "shop" / "mine").write_text("1")
    snapshots.take("claude begins")
    writers.begins(CLAUDE)
    (tmp_path / "shop" / "theirs").write_text("1")
    writers.ends(CLAUDE)
    records.take(snapshots, "end")
    closed = replace(session, closed=Ending(Outcome.DONE, "x"))
    plan = plan_undo(folder, closed).plan
    assert [step.path for step in plan.steps] == [b"theirs"]
    assert [(one.path, one.why) for one in plan.left] == [(b"mine", NOT_CERTAIN)]
    shared = replace(closed, options=replace(session.options, share_target=True))
    assert plan_undo(folder, shared).plan.steps == ()


def test_nothing_is_put_back_where_another_session_works(
    session: Session, folder: SessionFolder, tmp_path: Path
) -> None:
    records = records_of(folder, session)
    snapshots = Snapshots(folder.snapshots_dir, records.target)
    records.take(snapshots, "begin")
    (tmp_path / "shop" / "new").write_text("1")
    records.take(snapshots, "end")
    undo = plan_undo(folder, replace(session, closed=Ending(Outcome.DONE, "x")))
    with hold_target(records.target, session="another", workspace=tmp_path), pytest.raises(TargetBusy):
        undo.perform()
    assert (tmp_path / "shop" / "new").exists()
