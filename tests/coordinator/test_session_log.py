from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.coordinator.session_log import SessionLog, plain_fields
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.effects import EffectId
from orchestrator.models.entries import JournalEntry, Told
from orchestrator.models.facts import DecisionMade, Warned
from orchestrator.models.identity import WorkerId
from orchestrator.narration.notices import notices

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

JOURNALS = Path(__file__).parents[1] / "recordings" / "journals"


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def logged(tmp_path: Path, entries: list[JournalEntry], level: str) -> list[dict[str, Any]]:
    commentary = SessionLog(tmp_path / "log", level)
    for entry in entries:
        commentary(None, entry)  # type: ignore[arg-type]  # it looks at the entry alone
    return lines_of(tmp_path / "log")


@pytest.mark.slow
async def test_the_log_tells_a_session_from_its_opening_to_its_close(stage: Stage) -> None:
    result = await stage.run("default")
    log = SessionFolder(result.folder).log_file
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    lines = lines_of(log)
    events = [line["event"] for line in lines]
    assert events[0] == "session_opened"
    assert events[-1] == "session_closed"
    assert {"worker_started", "worker_exited", "record_recovery", "announce", "warn"} <= set(events)
    assert [line["n"] for line in lines] == sorted(line["n"] for line in lines)


@pytest.mark.parametrize("path", sorted(JOURNALS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_entry_leaves_a_line_and_every_notice_its_words(tmp_path: Path, path: Path) -> None:
    entries = list(read_journal(path))
    lines = logged(tmp_path, entries, "DEBUG")
    assert {line["n"] for line in lines} == {entry.n for entry in entries}
    told = [(entry.n, notice.source, notice.text[:2000]) for entry in entries for notice in notices(entry)]
    assert [(line["n"], line["event"], line["said"]) for line in lines if "said" in line] == told


def test_a_line_has_the_figures_that_programs_want_beside_the_words(tmp_path: Path) -> None:
    [exited] = [
        line
        for line in logged(tmp_path, list(read_journal(JOURNALS / "format-2.jsonl")), "INFO")
        if line["event"] == "worker_exited"
    ][:1]
    assert exited["level"] == "info"
    assert {"worker", "attempt", "code", "proof", "said"} <= exited.keys()


def test_what_agents_say_is_only_in_the_log_when_everything_is(tmp_path: Path) -> None:
    entries = list(read_journal(JOURNALS / "format-2.jsonl"))
    said = {entry.n for entry in entries if entry.body.kind == "agent_output"}
    assert said
    assert not said & {line["n"] for line in logged(tmp_path, entries, "INFO")}


def test_a_warning_has_the_level_of_one(tmp_path: Path) -> None:
    warned = JournalEntry(
        3, datetime(2026, 11, 30, tzinfo=UTC), Told(EffectId(2, 0), Warned("look", WorkerId("claude")))
    )
    [line] = logged(tmp_path, [warned], "WARNING")
    assert (line["event"], line["level"], line["said"], line["worker"]) == ("warn", "warning", "look", "claude")


def test_the_fields_of_a_record_within_are_told_and_those_further_down_are_not() -> None:
    decision = OrchestratorDecision(Action.CONTINUE, "all approved", "standard", None, None)
    known = plain_fields(DecisionMade(decision))
    assert (known["action"], known["rule"]) == (Action.CONTINUE, "all approved")
    assert plain_fields("no record") == {}
