"""Show a session as plain lines for pipes, logs and ``--quiet``: no colours, no control characters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from orchestrator.cli.decision_desk import DeskChange, DeskLine, desk_lines, prompt_keys, wrapped
from orchestrator.cli.key_reader import Wish
from orchestrator.cli.line_reader import how_to_answer
from orchestrator.cli.notifier import Notifier
from orchestrator.cli.session_lookup import terminal_width
from orchestrator.cli.terminal_notices import label, terminal_notices
from orchestrator.coordinator.session_request import Phase
from orchestrator.models.entries import JournalEntry
from orchestrator.models.identity import WorkerId
from orchestrator.narration.formatting import one_line
from orchestrator.narration.notices import Notice, Weight
from orchestrator.session.open_questions import OpenQuestion
from orchestrator.session.state import Session


def plain_lines(notice: Notice) -> list[str]:
    """The notice as lines of text, the first with the local time and the worker."""
    who = notice.worker or "-"
    head = f"{notice.at.astimezone():%H:%M:%S} {who:<10} {label(notice)}{notice.text}"
    return [head, *(f"{'':19} {line}" for line in notice.more)]


class PlainView:
    """Writes a line for each notice of enough weight.

    Args:
        out: Usually standard error.  When it breaks, nothing more is written and the session goes on.
        least: The least weight that is shown.
        notifier: Calls the person when a question is put; ``None`` where nobody sits at it.
    """

    def __init__(self, out: TextIO, least: Weight = Weight.NORMAL, notifier: Notifier | None = None) -> None:
        self._out = out
        self._least = least
        self._broken = False
        self._notifier = notifier
        self.has_keys = False

    @property
    def takes_keys(self) -> bool:
        """Lines are not driven."""
        return False

    @property
    def followed(self) -> WorkerId | None:
        """Nobody has the whole screen."""
        return None

    def press(self, key: str) -> Wish | None:
        """There is nothing to drive."""
        return None

    def show_change(self, lines: Sequence[DeskLine]) -> None:
        self.show(lines)

    def suspend(self) -> None:
        """Nothing is drawn over."""

    def begin_transcript(self) -> None:
        """What was written stays."""

    def observe(self, session: Session, entry: JournalEntry) -> None:
        for notice in terminal_notices(entry, str(session.options.target)):
            if notice.weight >= self._least:
                self._write("\n".join(plain_lines(notice)))

    def progress(self, text: str) -> None:
        if self._least <= (Weight.DETAIL if isinstance(text, Phase) else Weight.NORMAL):
            self._write(one_line(text, 300))

    def tell(self, text: str) -> None:
        self._write(text)

    def announce(self, text: str) -> None:
        self._write(text)

    def refresh(self, now: datetime) -> None:
        """Do nothing: lines are written as they come."""

    def ask(self, question: OpenQuestion, change: DeskChange | None) -> None:
        if self._notifier is not None and not self._broken:
            with suppress(OSError, ValueError):
                self._notifier.call(f"{question.id} waits for you", question.text)
        lines = [*desk_lines(question, change, now=datetime.now(UTC)), *prompt_keys(question, change)]
        self.show(lines)
        self._write(f"answer {question.id} {how_to_answer(question)}:")

    def show(self, lines: Sequence[DeskLine]) -> None:
        width = terminal_width(self._out)
        parts = (wrapped(line, width) if width else [line.text] for line in lines)
        self._write("\n".join(part for each in parts for part in each))

    def go_on(self, *, typed: bool) -> None:
        """Lines go on during a prompt; only the title has to say that nobody is waited for."""
        if self._notifier is not None and not self._broken:
            with suppress(OSError, ValueError):
                self._notifier.settled()

    def close(self, now: datetime) -> None:
        """Do nothing: no resource is held."""

    def _write(self, text: str) -> None:
        if self._broken:
            return
        try:
            print(text, file=self._out, flush=True)
        except (OSError, ValueError):  # the terminal or the pipe's reader has gone; the session has not
            self._broken = True
