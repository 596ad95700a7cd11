"""What is written down of an attempt, and read back."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.workers import ExitRecord
from orchestrator.workers.attempts import AttemptFiles, drop_command, last_command, lost, read_record

SHIM = {"pid": 5, "start_ticks": 6, "boot_id": "b", "pid_namespace": 7}


def files(folder: Path) -> AttemptFiles:
    made = AttemptFiles(folder / "workers", folder / "control" / "w", WorkerId("w"), 2)
    made.prepare("prompt")
    return made


def test_an_attempt_without_a_file_was_never_begun(tmp_path: Path) -> None:
    assert read_record(files(tmp_path)) is None


def test_a_claimed_attempt_names_its_shim_already(tmp_path: Path) -> None:
    made = files(tmp_path)
    made.record.write_text(json.dumps({"shim": SHIM, "exit": None}))
    record = read_record(made)
    assert record is not None
    assert (record.shim, record.exit, record.child) == (ProcessIdentity(5, 6, "b", 7), None, None)


def test_an_exit_record_is_read_back_whole(tmp_path: Path) -> None:
    made = files(tmp_path)
    ended = {"code": 3, "proof": "empty pid namespace", "stdout_end": 9, "stderr_end": 1, "stopped_by": "stop"}
    made.record.write_text(json.dumps({"shim": SHIM, "exit": {**ended, "note": "n"}}))
    record = read_record(made)
    assert record is not None
    assert record.exit == ExitRecord(3, "empty pid namespace", 9, 1, "stop", "n")


def test_a_file_that_stays_torn_counts_as_none(tmp_path: Path) -> None:
    made = files(tmp_path)
    made.record.write_text('{"shim": {"pid"')
    assert read_record(made) is None


def test_a_shim_lost_before_it_reported_a_namespace_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("12345")
    made = files(tmp_path)
    made.record.write_text(json.dumps({"shim": SHIM, "exit": None}))
    assert lost(made, tmp_path / "out", tmp_path / "missing") == ExitRecord(
        None, "none", 5, 0, "shim lost", "its shim ended without an exit record"
    )


def test_a_shim_lost_before_it_claimed_its_attempt_has_started_nothing(tmp_path: Path) -> None:
    record = lost(files(tmp_path), tmp_path / "out", tmp_path / "missing")
    assert (record.proof, record.note) == ("nothing was started", "its shim ended before it had begun")


def test_commands_are_numbered_and_whole(tmp_path: Path) -> None:
    control = files(tmp_path).control
    assert last_command(control) == 0
    assert [drop_command(control, {"command": name}) for name in ("freeze", "stop")] == [1, 2]
    (control / "notes.json").write_text("")
    assert last_command(control) == 2
    assert json.loads((control / "0002.json").read_text()) == {"command": "stop"}
