from __future__ import annotations

import json
import shutil
from pathlib import Path

from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import Outcome
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record, record_session, rederive
from tests.session.conftest import Play
from tests.store.conftest import FAILED, PASSED, closed, outcome

RECORDED = Path(__file__).resolve().parent.parent / "recordings" / "journals"


def kept(workspace: Path, number: int, played: Play, *, entries: int | None = None) -> SessionFolder:
    """The session as a coordinator would have left it in a workspace."""
    folder = SessionFolder(workspace / f"20261121-175811-{number:04x}")
    folder.path.mkdir(parents=True)
    with Journal(folder.journal_file) as journal:
        for entry in played.entries[:entries]:
            journal.append(entry.body, entry.at)
    return folder


def outcomes(log: OutcomeLog) -> list[RecordedOutcome]:
    return [record.body.outcome for record in log.read() if isinstance(record.body, SessionEnded)]


def test_a_session_that_ended_is_one_line_in_the_users_log(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert record_session(closed(PASSED).session, environ) is None
    (found,) = outcomes(OutcomeLog(tmp_path / "orchestrate"))
    assert found == outcome(PASSED, number=0x7F3A)


def test_a_session_that_runs_is_none_and_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert record_session(Play("claude").session, environ) is None
    assert not (tmp_path / "orchestrate").exists()
    (tmp_path / "orchestrate").write_text("no folder")
    said = record_session(closed(PASSED).session, environ)
    assert said is not None
    assert "rebuild --from-journals" in said


def test_what_is_derived_again_from_journals_is_what_was_recorded(tmp_path: Path, log: OutcomeLog) -> None:
    played = closed(PASSED)
    kept(tmp_path / "w", 0x7F3A, played)
    found = rederive(log, tmp_path / "w")
    assert (found.derived, found.added) == (1, ("20261121-175811-7f3a",))
    assert outcomes(log) == [outcome(PASSED, number=0x7F3A)]
    again = rederive(log, tmp_path / "w")
    assert (again.derived, again.added) == (1, ())
    assert len(outcomes(log)) == 1


def test_a_log_that_says_otherwise_than_the_journal_is_put_right(tmp_path: Path, log: OutcomeLog) -> None:
    kept(tmp_path / "w", 0x7F3A, closed(FAILED, outcome=Outcome.FAILED))
    log.append(as_record(outcome(PASSED, number=0x7F3A)))
    assert len(rederive(log, tmp_path / "w").added) == 1
    assert outcomes(log)[-1].result == "failure"


def test_sessions_that_run_are_damaged_or_gone_are_each_said(tmp_path: Path, log: OutcomeLog) -> None:
    workspace = tmp_path / "w"
    kept(workspace, 0x7F3A, closed(PASSED))
    running = kept(workspace, 1, closed(PASSED), entries=20)
    damaged = kept(workspace, 2, closed(PASSED))
    lines = damaged.journal_file.read_bytes().splitlines(keepends=True)
    damaged.journal_file.write_bytes(b"".join([*lines[:5], b"{}\n", *lines[6:]]))
    empty = SessionFolder(workspace / "20261121-175811-0003")
    empty.path.mkdir()
    log.append(as_record(outcome(PASSED, number=9)))
    found = rederive(log, workspace)
    assert found.running == (running.id,)
    assert [session for session, _ in found.unreadable] == [damaged.id, empty.id]
    assert found.gone == ("20261121-175811-0009",)
    assert len(outcomes(log)) == 2


def test_journals_of_older_formats_tell_what_they_can_and_are_no_success(tmp_path: Path, log: OutcomeLog) -> None:
    for number, name in enumerate(("format-1", "format-2", "format-2-team", "format-3-team", "format-3-pause")):
        folder = tmp_path / "w" / f"20261121-175811-{number:04x}"
        folder.mkdir(parents=True)
        shutil.copy(RECORDED / f"{name}.jsonl", folder / "journal.jsonl")
    found = rederive(log, tmp_path / "w")
    assert [session for session, _ in found.unreadable] == ["20261121-175811-0000"]  # hand-made, and cannot be folded
    assert found.derived == 4
    assert {one.result for one in outcomes(log)} <= {"unknown", "failure"}


def test_a_journal_that_says_anything_is_named_and_keeps_none_of_the_others(tmp_path: Path, log: OutcomeLog) -> None:
    """Whole entries that cannot have come from one session: twice opened, out of order, about nobody."""
    workspace = tmp_path / "w"
    lines = kept(workspace, 0, closed(PASSED)).journal_file.read_bytes().splitlines(keepends=True)
    for number, order in enumerate(([0, *range(20, len(lines))], [0, 0, -1], [0, *reversed(range(1, len(lines)))]), 1):
        entries = [json.loads(lines[index]) for index in order] + [json.loads(lines[-1])]
        text = "".join(json.dumps({**entry, "n": n}) + "\n" for n, entry in enumerate(entries, 1))
        kept(workspace, number, closed(PASSED)).journal_file.write_text(text)
    found = rederive(log, workspace)
    assert found.derived + len(found.unreadable) + len(found.running) == 4
    assert found.unreadable
    assert all("do not follow" in why for _, why in found.unreadable), found.unreadable
    assert outcomes(log)[0].result == "success"


def test_an_outcome_belongs_to_the_view_of_its_project() -> None:
    assert as_record(outcome(PASSED)).store == "/t/.orchestrator/compositions"
