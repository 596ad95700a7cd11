"""Show a session on a terminal: a row for each worker, and below it decisions, reviews, recoveries and questions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orchestrator.cli.decision_desk import DeskChange, DeskLine
from orchestrator.cli.picture import desk_text, picture, prompt_text, question_text
from orchestrator.cli.terminal_notices import terminal_notices
from orchestrator.models.entries import JournalEntry
from orchestrator.narration.formatting import one_line
from orchestrator.narration.notices import Notice, Weight
from orchestrator.session.open_questions import OpenQuestion
from orchestrator.session.state import Session

_REMEMBERED = 50


class LiveView:
    """Keeps the last state and redraws it when told the time; nothing is drawn by the observer itself.

    Args:
        console: On a terminal; usually standard error's.
        verbose: List normal notices too, not only the important ones.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._least = Weight.NORMAL if verbose else Weight.IMPORTANT
        self._session: Session | None = None
        self._log: deque[Notice] = deque(maxlen=_REMEMBERED)
        self._preparing = ""
        self._notice = ""
        self._live: Live | None = None
        self._asking = False
        self._prompt = Text()
        self._drawn: tuple[object, ...] = ()
        self._broken = False

    def observe(self, session: Session, entry: JournalEntry) -> None:
        self._session = session
        told = terminal_notices(entry, str(session.options.target))
        self._log.extend(notice for notice in told if notice.weight >= self._least)

    def progress(self, text: str) -> None:
        self._preparing = one_line(text, 300)

    def tell(self, text: str) -> None:
        self._notice = text
        if self._asking:
            self._beside_the_prompt(Text(text, style="yellow"))

    def announce(self, text: str) -> None:
        if self._asking:
            self._beside_the_prompt(Text(text))
        else:
            # Above the picture, where it stays; never wrapped, so that an address can be clicked.
            self._safely(lambda: self._console.print(Text(text), soft_wrap=True))

    def refresh(self, now: datetime) -> None:
        if self._asking or self._broken:
            return
        seen = (self._session, self._preparing, self._notice, int(now.timestamp()), self._console.size)
        if seen != self._drawn:
            self._drawn = seen
            self._safely(lambda: self._draw(now))

    def ask(self, question: OpenQuestion, change: DeskChange | None) -> None:
        self._asking = True
        self._safely(self._stop)
        self._prompt = prompt_text(question)
        self._safely(lambda: self._call_person(f"orchestrate: {question.id} waits for you"))
        text = question_text(question, change, now=datetime.now(UTC), height=self._console.size.height)
        self._safely(lambda: self._console.print(text, self._prompt, sep="", end=""))

    def show(self, lines: Sequence[DeskLine]) -> None:
        self._safely(lambda: self._console.print(desk_text(lines), soft_wrap=True, end=""))
        self._safely(lambda: self._console.print(self._prompt, end=""))

    def go_on(self, *, typed: bool) -> None:
        if not typed:
            self._safely(self._console.print)  # leaves the prompt's line
        self._asking = False
        self._drawn = ()
        self._safely(lambda: self._title("orchestrate"))

    def _call_person(self, title: str) -> None:
        """Ring, and say in the window's title that somebody is waited for."""
        self._console.bell()
        self._title(title)

    def _title(self, title: str) -> None:
        self._console.set_window_title(title)

    def close(self, now: datetime) -> None:
        self._asking = False
        if self._session is not None:
            self._safely(lambda: self._draw(now, last=True))
        self._safely(self._stop)
        self._safely(self._console.print)  # an empty line before whatever follows

    def _beside_the_prompt(self, text: Text) -> None:
        """Print lines above the prompt and show the prompt again, so that what is typed still answers it."""
        self._safely(lambda: self._console.print(Text("\n") + text, soft_wrap=True))
        self._safely(lambda: self._console.print(self._prompt, end=""))

    def _draw(self, now: datetime, *, last: bool = False) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
            self._live.start()
        width, height = self._console.size
        if self._session is None:
            self._live.update(Text(self._preparing or "starting", style="dim"), refresh=True)
            return
        shown = picture(
            self._session, tuple(self._log), now=now, width=width, height=height, banner="" if last else self._notice
        )
        self._live.update(shown, refresh=True)

    def _stop(self) -> None:
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def _safely(self, draw: Callable[[], None]) -> None:
        """Draw, and ignore that the terminal has gone: the session must survive it."""
        if self._broken:
            return
        try:
            draw()
        except OSError:
            self._broken = True
            with suppress(OSError):
                self._stop()
