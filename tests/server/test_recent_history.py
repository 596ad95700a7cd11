from __future__ import annotations

from orchestrator.journal.reader import read_journal
from orchestrator.models.identity import WorkerId
from orchestrator.server.recent_history import SAMPLES_KEPT, RecentHistory
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from tests.server.conftest import Stage


def test_the_last_measurements_and_every_change_of_state_are_kept(stage: Stage) -> None:
    for i in range(SAMPLES_KEPT + 10):
        stage.sample(float(i))
    memory = RecentHistory()
    session: Session | None = None
    for entry in read_journal(stage.folder.journal_file):
        before = session
        session, _ = step(before, entry)
        memory.note(entry, before, session)
    past = memory.of(WorkerId("gemini"))
    assert len(past.samples) == SAMPLES_KEPT
    assert past.samples[-1].cpu_percent == SAMPLES_KEPT + 9
    assert [str(change.status) for change in past.history][-2:] == ["starting", "running"]
    assert memory.of(WorkerId("nobody")).samples == ()
