from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator.coordinator.delivered_change import plan_application, target_of
from orchestrator.coordinator.restored_target import records_of
from orchestrator.journal.folder import SessionFolder
from orchestrator.snapshots.recorded_trees import Snapshots
from tests.session.conftest import Play


def test_a_copys_change_goes_to_the_project_it_is_a_copy_of(tmp_path: Path) -> None:
    for name in ("project", "copy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("1\n")
    folder = SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")
    folder.path.mkdir(parents=True)
    folder.lock_file.touch()
    session = Play("claude", target=tmp_path / "copy", source=tmp_path / "project").session
    records = records_of(folder, session)
    snapshots = Snapshots(folder.snapshots_dir, records.target)
    records.take(snapshots, "begin")
    (tmp_path / "copy" / "a").write_text("2\n")
    (tmp_path / "copy" / "b").write_text("b\n")
    records.take(snapshots, "end")
    (tmp_path / "project" / "b").write_text("mine\n")
    application = plan_application(folder, session, target_of(session, None))
    application.perform()
    assert application.target == tmp_path / "project"
    assert [one.path for one in application.done] == [b"a"]
    assert [one.path for one in application.conflicts] == [b"b"]
    assert (tmp_path / "project" / "a").read_text() == "2\n"
    assert (tmp_path / "project" / "b").read_text() == "mine\n"
    whole = plan_application(folder, replace(session), tmp_path / "copy")
    assert (whole.done, whole.conflicts) == ((), ())
