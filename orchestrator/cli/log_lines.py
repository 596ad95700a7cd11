"""Choose among the notices of a session, and write each as lines for people or as JSON for programs."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from orchestrator.cli.agent_colours import agent_colour
from orchestrator.cli.terminal_notices import for_terminal, label
from orchestrator.late_pattern import late_pattern
from orchestrator.models.entries import JournalEntry, SessionOpened
from orchestrator.narration.formatting import duration
from orchestrator.narration.notices import Notice, Topic, Weight, notices
from orchestrator.value_class import value_class

_KIND_COLOURS = {
    "review": "blue",
    "decision": "bright_white",
    "recovery": "magenta",
    "warning": "yellow",
    "question": "bright_yellow",
}
_THOUGHT = "reasoned"
_TROUBLE = late_pattern(r"error|fail|denied|refused|cannot|not found|invalid|panic|exception|traceback", re.IGNORECASE)


def is_meant(worker: str, agent: str) -> bool:
    """Whether ``agent``, as a person writes it, means this worker: its id, or the agent it is named after."""
    return worker == agent or worker.startswith(f"{agent}-") or worker.endswith(f"-{agent}")


@value_class
class LogChoice:
    """Which notices are shown; what is left at its default leaves nothing out but thoughts."""

    agent: str | None = None
    least: Weight = Weight.DETAIL
    topics: frozenset[Topic] = frozenset(Topic)
    pattern: re.Pattern[str] | None = None
    """Looked for in the text and the lines that belong to it."""
    since: datetime | None = None
    thoughts: bool = False

    def of(self, entry: JournalEntry) -> Iterator[Notice]:
        """The notices of one entry that are to be shown."""
        return (notice for notice in notices(entry) if self._admits(notice))

    def _admits(self, notice: Notice) -> bool:
        return (
            notice.weight >= self.least
            and notice.topic in self.topics
            and (self.agent is None or (notice.worker is not None and is_meant(notice.worker, self.agent)))
            and (self.thoughts or notice.source != _THOUGHT)
            and (self.since is None or notice.at >= self.since)
            and (self.pattern is None or any(map(self.pattern.search, (notice.text, *notice.more))))
        )


@value_class
class LogFormat:
    """How a notice is written."""

    as_json: bool = False
    """One object a line, with the whole text."""
    colours: bool = False
    since_start: bool = False
    """Times count from the session's start."""

    def lines(self, notice: Notice, started: datetime, target: str = "") -> Iterable[str]:
        """The lines of one notice; paths in ``target`` are relative."""
        if self.as_json:
            return (json.dumps(_as_object(notice), ensure_ascii=False),)
        shown = for_terminal(notice, target)
        time = f"{duration(shown.at - started):>8}" if self.since_start else f"{shown.at.astimezone():%H:%M:%S}"
        who, what = f"{shown.worker or '-':<10}", label(shown)
        if self.colours:
            from click import style

            time = style(time, dim=True)
            who = style(who, fg=agent_colour(shown.worker), bold=True) if shown.worker else who
            what = style(what, fg=_KIND_COLOURS.get(shown.kind)) if what else what
        return (f"{time} {who} {what}{shown.text}", *(f"{'':19} {line}" for line in shown.more))


class LogWriter:
    """Collects the chosen notices of a journal, entry by entry, as lines that are taken away to be printed.

    Args:
        last: How many notices of what is there already are wanted; ``None`` for all.
    """

    def __init__(self, choice: LogChoice, format_: LogFormat, last: int | None = None) -> None:
        self._choice = choice
        self._format = format_
        self.last = last
        self._waiting: deque[Notice] = deque(maxlen=last)
        self._started: datetime | None = None
        self._target = ""

    def begin(self, first: JournalEntry) -> None:
        """Learn from the journal's first entry what the lines of all others refer to."""
        self._started = first.at
        if isinstance(first.body, SessionOpened):
            self._target = str(first.body.options.target)

    def take(self, entry: JournalEntry) -> None:
        """Choose among what one entry says."""
        if self._started is None:
            self.begin(entry)
        self._waiting.extend(self._choice.of(entry))

    def count(self, entry: JournalEntry) -> int:
        """How many notices of one entry would be chosen."""
        return sum(1 for _ in self._choice.of(entry))

    def lines(self) -> Iterator[str]:
        """The lines of what was taken since the last call; from now on none is left out for being too many."""
        waiting, self._waiting = self._waiting, deque()
        for notice in waiting if self._format.as_json else folded(waiting):
            yield from self._format.lines(notice, self._started or notice.at, self._target)


def folded(told: Iterable[Notice]) -> Iterator[Notice]:
    """The notices, with the banners that a CLI prints beside its records, line upon line, told in one line."""
    run: list[Notice] = []
    for notice in told:
        if run and not (_is_banner(notice) and notice.worker == run[0].worker):
            yield from _fold(run)
            run = []
        if _is_banner(notice):
            run.append(notice)
        else:
            yield notice
    yield from _fold(run)


def _fold(run: list[Notice]) -> Iterator[Notice]:
    if len(run) < 2:
        yield from run
        return
    more = f"{len(run) - 1} more lines that are no records" if len(run) > 2 else "one more line that is no record"
    yield replace(run[0], text=f"{run[0].text} … and {more} (orchestrate logs --raw)")


def _is_banner(notice: Notice) -> bool:
    """Whether a line is of what CLIs print at their start; one that may be of a failure is not."""
    return notice.source == "unrecognised" and notice.weight == Weight.DETAIL and not _TROUBLE.search(notice.text)


def _as_object(notice: Notice) -> dict[str, object]:
    return {
        "at": notice.at.isoformat(),
        "type": str(notice.topic),
        "kind": notice.kind,
        "weight": notice.weight.name.lower(),
        "worker": notice.worker,
        "agent": notice.agent,
        "text": notice.text,
        "more": list(notice.more),
        "source": notice.source,
    }
