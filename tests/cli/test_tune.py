"""``orchestrate tune`` as a user sees it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.settings.user_places import state_folder
from orchestrator.store.tuning_log import TuningLog, result_from_journal
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.trial import SPREADS
from orchestrator.tuning.tuning_events import Assigned, Claimed, Proposed, Resulted, SessionResult
from tests.cli.conftest import JobResult
from tests.store.conftest import PASSED, closed
from tests.store.test_recorder import kept

Call = Callable[..., JobResult]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def log() -> TuningLog:
    return TuningLog(state_folder(os.environ))


def told(result: SessionResult) -> None:
    log().act(lambda tuning: [Resulted(result)])


def tried(workspace: Path) -> str:
    """A trial of two sessions with journals, and one decision of the program's own."""
    pair = [kept(workspace, 0x7F3A + number, closed(PASSED)) for number in range(2)]
    proposed = Proposed(
        "trial-1", 1, "max_restarts", 3, 4, "workers are lost", ("failures",), 0.02, dict(SPREADS), 0.7, 1, 800, "old"
    )
    arms = ("candidate", "incumbent")
    log().act(
        lambda tuning: [
            proposed,
            *(
                Assigned(name, dict(BASELINE), "trial-1", arm, 1, str(folder.path))  # type: ignore[arg-type]  # of a table
                for name, arm, folder in zip("ab", arms, pair, strict=True)
            ),
        ]
    )
    return "trial-1"


def test_it_is_off_until_it_is_switched_on(orchestrate: Call) -> None:
    assert orchestrate("tune").out.startswith("tuning is off; 0 sessions, 0 steps tried\n")
    assert not log().is_there()
    assert orchestrate("tune", "on").code == 0
    assert orchestrate("tune", "on").code == 0
    assert len(list(log().events())) == 1, "it was on already"
    shown = orchestrate("tune", "status")
    assert shown.out.startswith("tuning is on")
    assert "max_review_rounds        3 rounds" in shown.out
    assert orchestrate("tune", "freeze").code == 0
    assert json.loads(orchestrate("tune", "--json").out)["state"] == "frozen"
    assert orchestrate("tune", "off").code == 0
    assert [one["words"] for one in json.loads(orchestrate("tune", "history", "--json").out)] == [
        "switched on by a person",
        "switched frozen by a person",
        "switched off by a person",
    ]


def test_a_change_in_force_is_taken_back_by_its_name_and_all_by_reset(orchestrate: Call) -> None:
    orchestrate("tune", "on")
    log().act(
        lambda tuning: [
            Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, ""),
            Claimed("trial-2", "silence_s", 900, 600, 60.0, 52.0, 60, ""),
        ]
    )
    assert "max_restarts             4 restarts (default 3; trial-1)" in orchestrate("tune").out
    refused = orchestrate("tune", "rollback", "trial-7")
    assert refused.code == 2
    assert "in force: trial-1, trial-2" in refused.err
    assert orchestrate("tune", "rollback", "trial-1").code == 0
    assert log().tuning().values == {**BASELINE, "silence_s": 600}
    assert orchestrate("tune", "reset").code == 0
    assert log().tuning().values == BASELINE
    told = orchestrate("tune", "history").out
    assert "trial-1 taken back by person: max_restarts 4 → 3" in told
    assert "it was silence_s 600" in told


def test_a_decision_is_derived_again_from_the_journals(orchestrate: Call, workspace: Path) -> None:
    orchestrate("tune", "on")
    name = tried(workspace)
    for session, folder in ((one.session, one.folder) for one in log().events() if isinstance(one, Assigned)):
        found = result_from_journal(Path(folder))
        assert found is not None
        told(replace(found, session=session))
    shown = orchestrate("tune", "explain", name)
    # Both journals name one session; the log was told of them by the names of their folders.
    assert "trial-1 tries max_restarts 3 → 4" in shown.out
    assert "2 of them derived again from their journals" in shown.out
    assert "the rules are others now" in shown.out
    assert "stopped: 1 pairs have not decided it" in shown.out
    assert orchestrate("tune", "explain", "trial-9").code == 2


def test_a_log_that_somebody_has_changed_is_found_by_its_journals(orchestrate: Call, workspace: Path) -> None:
    orchestrate("tune", "on")
    name = tried(workspace)
    assigned = [one for one in log().events() if isinstance(one, Assigned)]
    for one in assigned:
        better = SessionResult(one.session, True, 0.001, None, 0.0, 0.0, 1.0)
        told(better)
    shown = orchestrate("tune", "explain", name)
    assert shown.code == 1
    assert "DIFFERS" in shown.out


def test_a_damaged_log_is_said(orchestrate: Call) -> None:
    orchestrate("tune", "on")
    with log().path.open("ab") as file:
        file.write(b"nonsense\n")
    shown = orchestrate("tune")
    assert shown.code != 0
    assert "cannot be followed: line 2" in shown.err
