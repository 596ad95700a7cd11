"""Show a session on a terminal's second screen, driven by keys; the first keeps a transcript of what mattered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from orchestrator.cli.decision_desk import DeskChange, DeskLine
from orchestrator.cli.key_reader import Wish
from orchestrator.cli.live_pages import agent_page, change_page, help_page, page, tree_page
from orchestrator.cli.notifier import Notifier
from orchestrator.cli.picture import (
    Scene,
    desk_text,
    keys_line,
    notice_text,
    phase_words,
    picture,
    prompt_text,
    question_text,
    shown_workers,
    total_usage,
)
from orchestrator.cli.screen import Screen
from orchestrator.cli.terminal_notices import terminal_notices
from orchestrator.models.entries import AgentOutput, JournalEntry
from orchestrator.models.events import ToolCalled, ToolReturned
from orchestrator.models.identity import WorkerId
from orchestrator.narration.formatting import duration, one_line
from orchestrator.narration.notices import Notice, Weight
from orchestrator.narration.short_paths import short_paths
from orchestrator.session.open_questions import OpenQuestion
from orchestrator.session.state import Session

_REMEMBERED = 50
_REMEMBERED_OF_ONE = 400
_NOTICE_STAYS: Final = timedelta(seconds=15)
_PACE_OVER: Final = timedelta(minutes=2)
_BACK: Final = ("Esc back · ↑ ↓ PgUp PgDn · ? keys", "Esc back · ? keys")


class Page(StrEnum):
    """What the whole screen shows."""

    ALL = "all"
    AGENT = "agent"
    TREE = "tree"
    CHANGE = "change"
    HELP = "help"


class LiveView:
    """Keeps the last state and redraws it when told the time; nothing is drawn by the observer itself.

    Args:
        console: On a terminal; usually standard error's.
        verbose: List normal notices too, not only the important ones.
        notifier: Calls the person when a question is put.
        in_front: Whether the terminal is ours: nothing is drawn over what a shell, or another program, shows in it.
    """

    def __init__(
        self,
        console: Console,
        *,
        verbose: bool = False,
        notifier: Notifier | None = None,
        in_front: Callable[[], bool] = lambda: True,
    ) -> None:
        self._console = console
        self._in_front = in_front
        self._screen = Screen(console)
        self._notifier = notifier or Notifier(console.file)
        self._least = Weight.NORMAL if verbose else Weight.IMPORTANT
        self._session: Session | None = None
        self._log: deque[Notice] = deque(maxlen=_REMEMBERED)
        self._sentences: deque[Notice] = deque(maxlen=_REMEMBERED)
        self._calls: deque[Notice] = deque(maxlen=_REMEMBERED)
        self._called: dict[tuple[str, str], str] = {}
        """Calls that have not returned, by worker and id."""
        self._of_worker: dict[str, deque[Notice]] = {}
        self._untold: list[tuple[Notice | None, Text]] = []
        """What the transcript on the first screen lacks as yet."""
        self._stays: list[str] = []
        self._preparing: deque[str] = deque(maxlen=8)
        self._begun: datetime | None = None
        self._notice = ""
        self._notice_since: datetime | None = None
        """When it was drawn first; what was said long ago is not true any more."""
        self._asking = False
        self._prompt = Text()
        self._drawn: tuple[object, ...] = ()
        self._broken = False
        self._page = Page.ALL
        self._followed: WorkerId | None = None
        self._above: int | None = None
        """Lines above what a page shows; ``None`` keeps its end, or its beginning, in view."""
        self._change: list[Text] | None = None
        self._is_recent = False
        """It is only what was changed since the last review."""
        self._used: deque[tuple[datetime, int]] = deque(maxlen=1_000)
        self.has_keys = False
        """Whether somebody reads keys for it, so that they are worth naming."""

    @property
    def takes_keys(self) -> bool:
        """A live view does."""
        return True

    @property
    def followed(self) -> WorkerId | None:
        """The agent that has the whole screen."""
        return self._followed if self._page is Page.AGENT else None

    def observe(self, session: Session, entry: JournalEntry) -> None:
        self._session = session
        for notice in self._named(entry, terminal_notices(entry, str(session.options.target))):
            if notice.worker is not None:
                kept = self._of_worker.setdefault(notice.worker, deque(maxlen=_REMEMBERED_OF_ONE))
                kept.append(notice)
                if _is_sentence(session, notice):
                    self._sentences.append(notice)
                elif notice.kind == "tool" and notice.weight is Weight.NORMAL:
                    self._calls.append(notice)
            if notice.weight >= self._least:
                self._log.append(notice)
                self._untold.append((notice, notice_text(notice, self._console.size.width, most_lines=12)))
        used = total_usage(session).total_tokens
        if used is not None and (not self._used or self._used[-1][1] != used):
            self._used.append((entry.at, used))

    def _named(self, entry: JournalEntry, told: Iterable[Notice]) -> Iterator[Notice]:
        """The notices, those of calls that failed with what was called."""
        failed: deque[str] = deque()
        if isinstance(entry.body, AgentOutput):
            for event in entry.body.events:
                match event.payload:
                    case ToolCalled(call_id=call, tool=tool, summary=summary):
                        self._called[entry.body.worker, call] = f"{tool}: {summary}"
                        if len(self._called) > _REMEMBERED_OF_ONE:
                            del self._called[next(iter(self._called))]
                    case ToolReturned(call_id=call, ok=ok):
                        called = self._called.pop((entry.body.worker, call), "")
                        if not ok:
                            failed.append(called)
        for notice in told:
            if notice.kind == "tool" and notice.text.startswith("failed") and failed and (called := failed.popleft()):
                how, _, words = notice.text.partition(": ")
                target = str(self._session.options.target) if self._session else ""
                what = one_line(short_paths(called, target), 150)
                yield replace(notice, text=f"{how}: {what}{f': {words}' if words else ''}")
            else:
                yield notice

    def progress(self, text: str) -> None:
        self._preparing.append(one_line(text, 300))

    def tell(self, text: str) -> None:
        self._notice, self._notice_since = text, None
        if self._asking:
            self._beside_the_prompt(Text(text, style="yellow"))

    def announce(self, text: str) -> None:
        self._stays.append(text)
        if self._asking:
            self._beside_the_prompt(Text(text))
        else:
            self._untold.append((None, Text(text)))

    def refresh(self, now: datetime) -> None:
        if self._asking or self._broken:
            return
        self._begun = self._begun or now
        self._notice_since = self._notice_since or now
        is_ending = self._session is not None and self._session.ending is not None
        if now - self._notice_since > _NOTICE_STAYS and not is_ending:
            self._notice = ""
        if not self._in_front():
            self.suspend()
            return
        seen = (
            *(self._session, self._session.n if self._session else 0, len(self._preparing), self._notice),
            *(int(now.timestamp()), self._console.size, self._page, self._followed, self._above),
            *(None if self._change is None else len(self._change), len(self._stays)),
        )
        if seen != self._drawn:
            self._drawn = seen
            self._safely(lambda: self._screen.draw(self.shown(now), self.foot()))

    def ask(self, question: OpenQuestion, change: DeskChange | None) -> None:
        self._asking = True
        # It stands below, with more of it.
        self._untold = [one for one in self._untold if one[0] is None or not _asks(one[0], question)]
        self._safely(self._leave_screen)
        self._prompt = prompt_text(question)
        self._safely(lambda: self._notifier.call(f"{question.id} waits for you", question.text))
        width, height = self._console.size
        text = question_text(question, change, now=datetime.now(UTC), width=width, height=height)
        self._safely(lambda: self._console.print(text, self._prompt, sep="", end=""))

    def show(self, lines: Sequence[DeskLine]) -> None:
        self._safely(lambda: self._console.print(desk_text(lines, self._console.size.width), soft_wrap=True, end=""))
        self._safely(lambda: self._console.print(self._prompt, end=""))

    def go_on(self, *, typed: bool) -> None:
        if not typed:
            self._safely(self._console.print)  # leaves the prompt's line
        self._asking = False
        self._notice = ""  # it was about the question
        self._drawn = ()
        self._safely(self._notifier.settled)

    def close(self, now: datetime) -> None:
        self._asking = False
        self._safely(self._leave_screen)
        with suppress(OSError):
            self._screen.close()
        self._safely(self._console.print)  # an empty line before whatever follows

    def press(self, key: str) -> Wish | None:
        """Take one key; what it asks of others is returned, what it asks of the view is done."""
        if key in ("up", "down", "page up", "page down", "k", "j", " "):
            self._scroll(key)
            return None
        if self._session is None:
            return Wish.LEAVE if key == "q" else None
        match key:
            case "p":
                return Wish.PAUSE
            case "r":
                return Wish.REVIEW
            case "q":
                return Wish.LEAVE
            case "a":
                return Wish.ANSWER
            case "d":
                return self._open_change()
            case "l":
                self._follow_next()
            case "t":
                self._open(Page.TREE)
            case "?" | "h":
                self._open(Page.HELP)
            case "escape":
                self._open(Page.ALL)
        return None

    def begin_transcript(self) -> None:
        """What was observed up to now lies before anybody looked, and is not written down."""
        self._untold = []

    def show_change(self, lines: Sequence[DeskLine]) -> None:
        """What was changed, for the page that a key has opened."""
        self._change = change_page(lines)

    def suspend(self) -> None:
        """Give the terminal back, because the shell is to have it."""
        self._safely(self._screen.leave)
        self._drawn = ()

    def _open(self, other: Page) -> None:
        """Open a page; the key of the one that is open closes it."""
        self._page = Page.ALL if other is self._page else other
        self._above = None

    def _open_change(self) -> Wish | None:
        """Show what was changed in all; on a second press since the last review; then no change any more."""
        self._above = None
        is_open = self._page is Page.CHANGE
        self._change, self._is_recent = None, is_open and not self._is_recent
        self._page = Page.CHANGE if not is_open or self._is_recent else Page.ALL
        if self._page is Page.ALL:
            return None
        return Wish.RECENT_CHANGE if self._is_recent else Wish.CHANGE

    def _follow_next(self) -> None:
        """From agent to agent, and behind the last one back to all of them."""
        assert self._session is not None
        workers = [worker.id for worker in shown_workers(self._session)]
        place = workers.index(self._followed) + 1 if self.followed in workers and self._followed else 0
        self._above = None
        self._page = Page.AGENT if place < len(workers) else Page.ALL
        self._followed = workers[place] if place < len(workers) else None

    def _scroll(self, key: str) -> None:
        if self._page is Page.ALL:
            return
        lines, room = len(self._lines(datetime.now(UTC))), max(self._console.size.height - 2, 1)
        last = max(lines - room, 0)
        above = self._above if self._above is not None else last if self._page is Page.AGENT else 0
        by = {"up": -1, "k": -1, "down": 1, "j": 1, "page up": -room, "page down": room, " ": room}[key]
        above = min(max(above + by, 0), last)
        self._above = None if self._page is Page.AGENT and above == last else above

    def shown(self, now: datetime) -> RenderableType:
        """What the screen shows."""
        width, height = self._console.size
        if self._session is None:
            return self._preparations(now)
        if self._page is not Page.ALL:
            lines = self._lines(now)
            last = max(len(lines) - max(height - 2, 1), 0)
            above = min(self._above, last) if self._above is not None else last if self._page is Page.AGENT else 0
            return page(self._title(), lines, above=above, width=width, height=height)
        scene = Scene(
            now=now,
            width=width,
            height=height,
            log=tuple(self._log),
            sentences=tuple(self._sentences),
            calls=() if self._least is Weight.NORMAL else tuple(self._calls),
            stays=tuple(self._stays),
            pace=self._pace(now),
            banner=self._notice,
            has_keys=self.has_keys,
        )
        return picture(self._session, scene)

    def foot(self) -> Text | None:
        """Which keys there are, where somebody reads them."""
        if not self.has_keys or self._session is None:
            return None
        if self._page is not Page.ALL:
            asked = "a answer · " if self._session.approvals.questions else ""
            feet = [f"{phase_words(self._session)} · {asked}{words}" for words in _BACK]
            fits = len(feet[0]) <= self._console.size.width
            return Text(feet[0] if fits else feet[1], style="dim", no_wrap=True)
        return keys_line(self._session, self._console.size.width)

    def _title(self) -> str:
        assert self._session is not None
        return {
            Page.AGENT: f"{self._session.id}: following {self._followed}; l for the next",
            Page.TREE: f"{self._session.id}: the plan",
            Page.CHANGE: f"{self._session.id}: what was changed; d: since the last review, or back",
            Page.HELP: "keys",
        }.get(self._page, "")

    def _lines(self, now: datetime) -> list[Text]:
        assert self._session is not None
        width = self._console.size.width
        if self._page is Page.AGENT and self._followed is not None:
            kept = tuple(self._of_worker.get(self._followed, ()))
            return agent_page(self._session, self._followed, kept, now, width)
        if self._page is Page.TREE:
            return tree_page(self._session, now, width)
        if self._page is Page.CHANGE:
            return [Text("looking at the target …", style="dim")] if self._change is None else self._change
        return help_page(width, self._stays)

    def _preparations(self, now: datetime) -> RenderableType:
        """What is done before there is a session, step by step, with a time that moves."""
        waited = duration(now - (self._begun or now))
        done = [Text(f"  {line}", style="dim", no_wrap=True) for line in list(self._preparing)[:-1]]
        current = self._preparing[-1] if self._preparing else "starting"
        lines = [*(Text(line) for line in self._stays), Text(f"starting  {waited}", style="bold"), *done]
        lines.append(Text(f"> {current}", no_wrap=True))
        return Text("\n").join(lines)

    def _pace(self, now: datetime) -> float | None:
        """Tokens a minute over the last two minutes; 0 where nobody has used any, ``None`` where it is too early."""
        while len(self._used) > 1 and now - self._used[1][0] > _PACE_OVER:
            self._used.popleft()
        if self._used and now - self._used[-1][0] > _PACE_OVER:
            return 0.0
        if len(self._used) < 2:
            return None
        (begin, before), (_, after) = self._used[0], self._used[-1]
        minutes = (now - begin).total_seconds() / 60
        return (after - before) / minutes if minutes > 0 and after > before else None

    def _leave_screen(self) -> None:
        """Back to the first screen, where what mattered since it was shown last is written down."""
        self._screen.leave()
        untold, self._untold = self._untold, []
        for notice, line in untold:
            # What is ours may be an address, which is not to be broken.
            self._console.print(line, soft_wrap=notice is None)

    def _beside_the_prompt(self, text: Text) -> None:
        """Print lines above the prompt and show the prompt again, so that what is typed still answers it."""
        self._safely(lambda: self._console.print(Text("\n") + text, soft_wrap=True))
        self._safely(lambda: self._console.print(self._prompt, end=""))

    def _safely(self, draw: Callable[[], None]) -> None:
        """Draw, and ignore that the terminal has gone: the session must survive it."""
        if self._broken:
            return
        try:
            draw()
        except OSError:
            self._broken = True
            with suppress(OSError):
                self._screen.leave()


def _asks(notice: Notice, question: OpenQuestion) -> bool:
    return notice.kind == "question" and notice.text.partition(":")[0] == question.id


def _is_sentence(session: Session, notice: Notice) -> bool:
    """Whether an agent of the plan says something to people, rather than to a program."""
    is_for_people = not notice.text.lstrip().startswith(("{", "[", "```", "<"))
    is_said = notice.kind == "said" and notice.source == "said" and is_for_people
    return is_said and notice.worker is not None and session.is_main(WorkerId(notice.worker))
