from __future__ import annotations

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.models.events import EventType, ToolCalled, ToolReturned
from orchestrator.models.identity import WorkerId
from orchestrator.server import axis_sketch
from orchestrator.server.axis_sketch import sketch_axis
from tests.server.conftest import Stage


def worked(stage: Stage, calls: int) -> None:
    """Gemini has made that many calls, each of which said something, and the last of which failed."""
    for i in range(calls):
        stage.take(stage.record(ToolCalled("Bash", f"c{i}", f"call {i}")))
        stage.take(stage.record(ToolReturned(f"c{i}", ok=i < calls - 1)))
    stage.take(stage.output("half of it stands", kind=EventType.MILESTONE))
    stage.take(SessionClosed(Outcome.DONE, "all is done"))


def test_of_a_short_journal_every_entry_is_seen(stage: Stage) -> None:
    worked(stage, 3)
    sketch = sketch_axis(stage.folder.journal_file, {"gemini": "done"})
    calls = [(mark.text, mark.ok) for mark in sketch.marks if mark.what == "call"]
    assert calls == [("call 0", True), ("call 1", True), ("call 2", False)]
    assert [mark.text for mark in sketch.marks if mark.what == "milestone"] == ["half of it stands"]
    assert [str(state.status) for state in sketch.history[WorkerId("gemini")]] == ["running", "done"]
    assert sketch.rows[-1].text.startswith("ended: done")


def test_of_a_long_one_its_ends_and_places_in_between_are(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(axis_sketch, "END_BYTES", 24 * 1024)
    monkeypatch.setattr(axis_sketch, "PLACE_BYTES", 1024)
    monkeypatch.setattr(axis_sketch, "PLACES", 10)
    monkeypatch.setattr(axis_sketch, "ROWS", 1000)
    worked(stage, 300)
    sketch = sketch_axis(stage.folder.journal_file, {"gemini": "failed"})
    numbers = [int(mark.text.removeprefix("call ")) for mark in sketch.marks if mark.what == "call"]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1], len(numbers) < 100) == (0, 299, True)
    assert not any("call 0" in row.text for row in sketch.rows)
    monkeypatch.setattr(axis_sketch, "ROWS", 2)
    assert sketch_axis(stage.folder.journal_file, {}).rows == sketch.rows[-2:]
    # Each tenth of what lies between has been looked at.
    assert {number // 30 for number in numbers} == set(range(10))
    assert sketch.rows[-1].text.startswith("ended: done")


def test_a_journal_that_is_no_journal_gives_an_empty_sketch(stage: Stage) -> None:
    stage.folder.journal_file.write_bytes(b"\x00garbage\n" * 1000)
    assert sketch_axis(stage.folder.journal_file, {}).marks == ()
    stage.folder.journal_file.unlink()
    assert sketch_axis(stage.folder.journal_file, {}).rows == ()
