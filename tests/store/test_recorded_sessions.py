from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.journal.folder import SessionFolder
from orchestrator.store import recorded_sessions as module
from orchestrator.store.recorded_sessions import CACHE_NAME, judged_offline, recorded_sessions, sessions_again
from orchestrator.store.tuning_log import TuningLog
from orchestrator.store.tuning_views import decisions_of, explained, status_of
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.predictions import CANNOT_SHOW, Prediction
from orchestrator.tuning.tuner import BARRED_FOR, JUDGED_FOR, LEAST_HISTORY, Tuning, apply, fold, judgement_due, on_open
from orchestrator.tuning.tuning_events import Assigned, Proposed, Redecided, Resulted, SessionResult, Switched
from tests.store.conftest import PASSED, closed
from tests.store.test_recorded_reviews import played
from tests.store.test_recorder import kept


def due() -> Tuning:
    """Tuning that would try to have others asked less often: people are asked often, and agents wait."""
    results = [SessionResult(f"h{number}", True, 0.5, 1.0, 2.0, 0.0, 0.3) for number in range(LEAST_HISTORY + 11)]
    return fold(
        [
            Switched("on", "test", "seed"),
            *(event for one in results for event in (Assigned(one.session, BASELINE), Resulted(one))),
        ]
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    kept(tmp_path, 0x7F3A, played())
    return tmp_path


def judged(tuning: Tuning, workspace: Path) -> Redecided:
    (found,) = judged_offline(tuning, workspace, fixed={}, without=())
    return found


def test_known_journals_are_not_read_again_and_changed_ones_are(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recorded_sessions(workspace)
    assert len(first) == 1
    (workspace / CACHE_NAME).chmod(0o400)
    folder = SessionFolder(workspace / "20261121-175811-7f3a")
    os.utime(folder.journal_file, ns=(1, 1))
    assert recorded_sessions(workspace) == first
    cached = (workspace / CACHE_NAME).stat().st_mtime_ns
    assert recorded_sessions(workspace) == first
    assert (workspace / CACHE_NAME).stat().st_mtime_ns == cached, "nothing was read, so nothing is written"
    kept(workspace, 0x7F3B, closed(PASSED))
    monkeypatch.setattr(module, "MOST_READ_BYTES", 10)
    assert recorded_sessions(workspace) == first, "what is too much at once waits"


def test_a_copied_session_counts_by_its_folder(workspace: Path) -> None:
    kept(workspace, 0x7F3B, played())
    found = judged(due(), workspace)
    assert [name for name, _ in found.journals] == ["20261121-175811-7f3b", "20261121-175811-7f3a"]
    assert sessions_again(workspace, found.journals)[1:] == ([], [])


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"version": 0, "sessions": {}}', b"\xff"])
def test_a_damaged_cache_is_none(workspace: Path, content: bytes) -> None:
    first = recorded_sessions(workspace)
    (workspace / CACHE_NAME).write_bytes(content)
    assert recorded_sessions(workspace) == first


def test_journals_that_cannot_be_read_or_have_not_ended_are_passed_over(workspace: Path) -> None:
    first = recorded_sessions(workspace)
    kept(workspace, 0x7F3C, played(), entries=9)
    damaged = kept(workspace, 0x7F3D, played())
    damaged.journal_file.write_bytes(b"{}\n" + damaged.journal_file.read_bytes())
    assert recorded_sessions(workspace) == first


def test_a_step_is_judged_once_and_then_begins(workspace: Path) -> None:
    tuning = due()
    step = judgement_due(tuning)
    assert step is not None
    assert (step.parameter, step.after) == ("consensus_frequency", "timeboxed")
    found = judged(tuning, workspace)
    assert found.prediction == Prediction(reviews=4, fewer=2)
    apply(tuning, found)
    assert judged_offline(tuning, workspace, fixed={}, without=()) == ()
    begins = on_open(tuning, "next")[0]
    assert isinstance(begins, Proposed)
    assert begins.after == "timeboxed"
    tuning.begun += JUDGED_FOR
    assert judgement_due(tuning) is not None, "in time it is asked again"


def test_a_step_that_would_have_let_a_blocker_pass_is_dropped(workspace: Path) -> None:
    tuning = due()
    found = judged(tuning, workspace)
    harmful = replace(found, prediction=Prediction(4, 2, missed_blockers=1, sessions=("s",)))
    apply(tuning, harmful)
    assert tuning.barred["consensus_frequency", "timeboxed"] == tuning.begun + BARRED_FOR
    begins = on_open(tuning, "next")[0]
    assert not (isinstance(begins, Proposed) and begins.parameter == "consensus_frequency")
    assert any(line.startswith("offline-1 dropped consensus_frequency") for line in status_of(tuning).lines)


def test_nothing_is_judged_while_it_is_off_or_where_no_journal_tells(workspace: Path, tmp_path: Path) -> None:
    tuning = due()
    assert judged_offline(tuning, tmp_path / "none", fixed={}, without=()) == ()
    assert judged_offline(tuning, workspace, fixed={"silence_s": 600}, without=()) == ()
    assert judged_offline(tuning, workspace, fixed={}, without=tuple(CANNOT_SHOW)) == ()
    assert judged_offline(Tuning(), workspace, fixed={}, without=()) == ()


def test_a_judgement_is_shown_and_derived_again_from_its_journals(workspace: Path) -> None:
    log = TuningLog(workspace / "state")
    tuning = due()
    found = judged(tuning, workspace)
    log.act(lambda _: [Switched("on", "test", "seed"), found])
    (decision,) = [one for one in decisions_of(log.read()) if one.kind == "redecided"]
    assert decision.words == f"offline-1 judged {'consensus_frequency every_change → timeboxed'} from 1 journal: " + (
        found.prediction.in_words()
    )
    told = explained(log.events(), "offline-1")
    assert told.differs == ()
    assert "  derived again, from 1 journal" in told.lines
    assert any("it cannot show what reviews that were not held would have said" in line for line in told.lines)
    apply(tuning, found)
    proposed = on_open(tuning, "next")[0]
    apply(tuning, proposed)
    assert any("from 1 journal at no tokens" in line for line in status_of(tuning).lines)
    with_trial = explained([found, proposed], "trial-1")
    assert "  derived again, from 1 journal" in with_trial.lines

    forged = replace(found, prediction=Prediction(4, 1))
    assert "its journals say" in explained([forged], "offline-1").differs[0]
    journal = workspace / "20261121-175811-7f3a" / SessionFolder(workspace).journal_file.name
    journal.write_bytes(journal.read_bytes() + b"\n")
    assert "is not the one" in explained([found], "offline-1").differs[0]
    journal.unlink()
    assert explained([found], "offline-1").gone == ("20261121-175811-7f3a",)
    later = explained([found, proposed], "trial-1")
    assert (later.sessions, later.gone) == (0, ()), "no session of the trial itself is gone"
    assert "  1 journal gone or changed since: the log is taken at its word" in later.lines
    assert sessions_again(workspace, [("20261121-175811-7f3a", "d")])[1] == ["20261121-175811-7f3a"]
