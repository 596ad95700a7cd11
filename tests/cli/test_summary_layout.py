from __future__ import annotations

from pathlib import Path

from orchestrator.cli.summary_layout import NextStepWords, SummaryWords, laid_out
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.session_outcome import Outcome

WORDS = SummaryWords(
    status="done",
    reason=": all well",
    outcome=Outcome.DONE,
    rows=(("task", "Add a word"), ("task", "and another one to see")),
    next_steps=(NextStepWords("next", "look", "orchestrate diff x"), NextStepWords("go on", command="orchestrate y")),
)


def test_where_the_record_lies_and_what_to_type_is_said_last(tmp_path: Path) -> None:
    lines = laid_out(WORDS, SessionFolder(tmp_path / "x")).splitlines()

    assert lines == [
        "done: all well",
        "task       Add a word",
        "           and another one to see",
        f"folder     {tmp_path / 'x'}",
        f"next       look: orchestrate diff x --workspace {tmp_path}",
        f"go on      orchestrate y --workspace {tmp_path}",
    ]


def test_a_report_is_named_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "report.md").touch()

    assert f"report     {tmp_path / 'report.md'}" in laid_out(WORDS, SessionFolder(tmp_path)).splitlines()


def test_colours_and_width_are_those_of_the_terminal_that_reads_it(tmp_path: Path) -> None:
    text = laid_out(WORDS, SessionFolder(tmp_path), colour=True, width=32)

    assert text.startswith("\x1b[1;32mdone\x1b[0m: all well\n")
    assert "\n           and another one to\n" in text
