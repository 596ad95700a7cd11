"""Lay out what is told of a session: what holds wherever it lies, and then where its record is and what to type."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.cli.labelled_rows import labelled_lines
from orchestrator.cli.session_lookup import workspace_words
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.session_outcome import Outcome
from orchestrator.quotation import quoted_name
from orchestrator.value_class import value_class

_COLOURS = {
    Outcome.DONE: "\x1b[1;32m",
    Outcome.FAILED: "\x1b[1;31m",
    Outcome.NEEDS_PERSON: "\x1b[1;33m",
    # A person stopped it: that is no warning.
    Outcome.INTERRUPTED: "\x1b[1m",
}


@value_class
class NextStepWords:
    """One thing that can be done now."""

    label: str
    words: str = ""
    command: str = ""
    """Empty where it is not done by a command of ours."""


@value_class
class SummaryWords:
    """A session in words, before they are laid out for a terminal."""

    status: str
    reason: str
    outcome: Outcome | None
    """``None`` while it has not been closed."""
    rows: tuple[tuple[str, str], ...]
    """A label and a text each."""
    next_steps: tuple[NextStepWords, ...]


def laid_out(words: SummaryWords, folder: SessionFolder, *, colour: bool = False, width: int | None = None) -> str:
    """The whole text, one fact a line.

    Args:
        width: Of the terminal, where lines are to be broken between words; ``None`` leaves them whole.
    """
    status = f"{_COLOURS[words.outcome]}{words.status}\x1b[0m" if colour and words.outcome is not None else words.status
    rows = [*words.rows, _record(folder), *_next_rows(words, folder)]
    return "\n".join([f"{status}{words.reason}", *labelled_lines(rows, width=width)])


def _record(folder: SessionFolder) -> tuple[str, str]:
    if folder.report_text_file.exists():
        return "report", quoted_name(str(folder.report_text_file))
    return "folder", quoted_name(str(folder.path))


def _next_rows(words: SummaryWords, folder: SessionFolder) -> Iterator[tuple[str, str]]:
    where = workspace_words(folder.workspace)
    for step in words.next_steps:
        command = f"{step.command}{where}" if step.command else ""
        yield step.label, ": ".join(part for part in (step.words, command) if part)
