from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.journal.reader import read_journal
from orchestrator.models import events
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, JournalEntry, Sampled, SessionClosed, UserCommand
from orchestrator.models.events import EventType
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.workers import Sample
from orchestrator.narration.notices import Topic
from orchestrator.server.rows import LONGEST_TEXT, rows_of
from tests.server.conftest import Stage

AT = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)


def test_the_eight_types_of_events_are_types_of_rows() -> None:
    assert {kind.value for kind in EventType} < {kind.value for kind in Topic}


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        pytest.param(events.Said("hello"), "hello", id="said"),
        pytest.param(events.Reasoned("why"), "thinks: why", id="reasoned"),
        pytest.param(events.ToolCalled("Write", "1", "a.py"), "Write: a.py", id="tool called"),
        pytest.param(events.ToolReturned("1", ok=False, exit_code=2), "failed (exit code 2)", id="tool failed"),
        pytest.param(events.Denied("not there"), "denied: not there", id="denied"),
        pytest.param(events.TurnEnded(ok=False, subtype="error"), "ended its turn with an error (error)", id="turn"),
        pytest.param(events.Reported("half", progress=50), "half [50 %]", id="reported"),
    ],
)
def test_every_payload_has_its_words(stage: Stage, payload: events.Payload, text: str) -> None:
    (row,) = rows_of(JournalEntry(5, AT, stage.record(payload)))
    assert (row.id, row.agent, row.worker, row.text) == ("5.0", "gemini", "gemini", text)


def test_usage_and_measurements_are_no_rows(stage: Stage) -> None:
    assert rows_of(JournalEntry(5, AT, stage.record(events.UsageReported(Usage(1, 2))))) == ()
    assert rows_of(JournalEntry(5, AT, Sampled(WorkerId("gemini"), Sample(1, 1, 1)))) == ()


def test_who_asked_for_what_is_a_row() -> None:
    (row,) = rows_of(JournalEntry(5, AT, UserCommand(Command.STOP, by="dashboard", worker=WorkerId("claude"))))
    assert (row.type, row.text, row.important) == (Topic.COMMAND, "stop (by dashboard)", True)


def test_a_long_text_is_cut(stage: Stage) -> None:
    (row,) = rows_of(JournalEntry(5, AT, stage.output("x" * 100_000)))
    assert len(row.text) == LONGEST_TEXT + 1


def test_the_end_is_a_row() -> None:
    (row,) = rows_of(JournalEntry(5, AT, SessionClosed(Outcome.NEEDS_PERSON, "a question is open")))
    assert row.text == "ended: needs a person (a question is open)"


def test_every_entry_of_a_real_journal_has_rows_or_none_and_never_raises(stage: Stage) -> None:
    stage.say("one", "two")
    entries = list(read_journal(stage.folder.journal_file))
    assert [row.text for entry in entries for row in rows_of(entry)][-2:] == ["one", "two"]
