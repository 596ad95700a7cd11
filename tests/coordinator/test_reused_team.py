"""A team that has proven itself is taken again, by the command line, with a real session behind it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.journal.folder import SessionFolder, all_sessions
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import SessionOpened
from orchestrator.models.identity import SessionId
from orchestrator.settings.user_places import state_folder
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record

if TYPE_CHECKING:
    from orchestrator.models.recorded_outcomes import RecordedOutcome
    from tests.coordinator.conftest import Stage

TESTS = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"


def run(stage: Stage) -> SessionOpened:
    """Run the task once, and return how its session began."""
    act = "open('new.py', 'a').write('x = 1\\n')\ntool('Write', {'file_path': 'new.py'}, 'written')"
    command = stage.command_line(act, "--team", "auto", "--timeout", "100")
    subprocess.run(command, env=stage.environ, capture_output=True, check=False, timeout=300)
    newest: SessionFolder = all_sessions(stage.workspace)[0]
    first = next(read_journal(newest.journal_file)).body
    assert isinstance(first, SessionOpened)
    return first


@pytest.mark.slow
def test_the_next_run_takes_the_team_that_gates_have_proven(stage: Stage) -> None:
    (stage.target / "test_it.py").write_text(TESTS)
    stage.variables["XDG_STATE_HOME"] = str(stage.root / "state")
    assert run(stage).options.reuses == ""
    log = OutcomeLog(state_folder(stage.variables))
    (told,) = (record.body.outcome for record in log.read() if isinstance(record.body, SessionEnded))
    assert (told.result, told.rehearsal) == ("success", False), (told.because, told.gates, told.ended)

    def won(number: int) -> RecordedOutcome:
        return replace(told, session=SessionId(f"20251121-175811-{number:04x}"), result="success", quality_score=100.0)

    log.append(*(as_record(won(number)) for number in range(12)))
    opened = run(stage)
    assert opened.options.reuses == as_record(told).configuration
    assert opened.options.team_because.startswith("proven on ")
    assert opened.options.agents == ("claude",)
    assert os.fspath(stage.target) == told.project
