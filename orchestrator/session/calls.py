"""Record what became of a worker's tool calls: the evidence that it worked, and what it left undone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal, TypeAlias

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import BackgroundEnded, BackgroundStarted, Denied, ToolCalled, ToolReturned
from orchestrator.value_class import changed, value_class

MOST_LISTED = 20
"""Failed and denied calls that are kept in words; all of them are counted."""
MOST_OPEN = 100
"""Calls that may wait for their return at a time; one beyond that counts neither as work nor as left open."""
WORDS_CHARS = 200
_REFUSED = late_pattern(
    r"^[^\n]*(?:(?:^|: )(?:Permission denied|Operation not permitted|Read-only file system)\b"
    r"|\bE(?:ACCES|PERM|ROFS)\b)[^\n]*",
    re.MULTILINE,
)
"""The line in which a program tells that the system, and so perhaps the sandbox, refused it something."""


OfCalls: TypeAlias = ToolCalled | ToolReturned | BackgroundStarted | BackgroundEnded | Denied
OF_CALLS = (ToolCalled, ToolReturned, BackgroundStarted, BackgroundEnded, Denied)
"""The events that say something about a call."""


@value_class
class Background:
    """A task that runs beside the conversation."""

    words: str
    call_id: str
    how: Literal["completed", "failed", "stopped", "ended"] | None = None
    """How it ended; ``None`` while it has not."""


@value_class
class Calls:
    """A worker's tool calls.  Figures are of all its attempts, ``open`` and ``background`` of the one that runs."""

    returned: int = 0
    """Calls that returned well, and background tasks that were completed."""
    failed: int = 0
    denied: int = 0
    denied_returned: int = 0
    """Denials whose call has come back since."""
    failures: tuple[str, ...] = ()
    """What failed and how, in words."""
    denials: tuple[str, ...] = ()
    refused: int = 0
    """Calls in whose output the system refused something, however they returned."""
    refusals: tuple[str, ...] = ()
    """What was tried and what the answer was, in words."""
    open: Mapping[str, str] = field(default_factory=dict)
    """In words, by the call's id."""
    background: Mapping[str, Background] = field(default_factory=dict)
    """By the CLI's id of the task."""

    def for_next_attempt(self) -> Calls:
        """Keep the figures for the worker's next attempt; calls that were cut off with this one are dropped."""
        return changed(self, open={}, background={})

    def heard(self, payload: OfCalls) -> Calls:
        """Take in one event about a call."""
        match payload:
            case ToolCalled():
                return self.called(payload)
            case ToolReturned():
                return self.came_back(payload)
            case BackgroundStarted():
                return self.began_beside(payload)
            case BackgroundEnded():
                return self.ended_beside(payload)
            case Denied():
                return self.was_denied(payload)

    def called(self, call: ToolCalled) -> Calls:
        """Take in that a call began."""
        if call.parent is not None or call.call_id in self.open or len(self.open) >= MOST_OPEN:
            return self
        return changed(self, open={**self.open, call.call_id: _cut(f"{call.tool}: {call.summary}")})

    def came_back(self, returned: ToolReturned) -> Calls:
        """Take in that a call ended.  The return of one nobody made says nothing."""
        words = self.open.get(returned.call_id)
        if words is None:
            return self
        still = {name: said for name, said in self.open.items() if name != returned.call_id}
        is_counted = returned.ok and not any(task.call_id == returned.call_id for task in self.background.values())
        left = changed(self, open=still, returned=self.returned + is_counted)
        refused = _REFUSED.search(returned.text)
        if refused is not None:
            said = _cut(f"{words}: {_one_line(refused[0])}")
            left = changed(left, refused=left.refused + 1, refusals=(*left.refusals, said)[:MOST_LISTED])
        if not returned.ok:
            if returned.text == "denied" and self.denied_returned < self.denied:
                return changed(left, denied_returned=self.denied_returned + 1)
            return left._with_failure(words, returned.text)
        return left

    def began_beside(self, started: BackgroundStarted) -> Calls:
        """Take in that a task runs on beside the conversation."""
        if started.task in self.background or len(self.background) >= MOST_OPEN:
            return self
        words = self.open.get(started.call_id) or _cut(started.summary)
        task = Background(words, started.call_id)
        return changed(self, background={**self.background, started.task: task})

    def ended_beside(self, ended: BackgroundEnded) -> Calls:
        """Take in that such a task is over; only the first word about it counts."""
        task = self.background.get(ended.task)
        if task is None or task.how is not None:
            return self
        known = changed(self, background={**self.background, ended.task: replace(task, how=ended.how)})
        if ended.how == "failed":
            return known._with_failure(task.words, ended.text)
        return replace(known, returned=known.returned + 1) if ended.how == "completed" else known

    def was_denied(self, denied: Denied) -> Calls:
        """Take in that the CLI refused something."""
        words = _cut(f"{denied.tool}: {denied.text}" if denied.tool else denied.text)
        return changed(self, denied=self.denied + 1, denials=(*self.denials, words)[:MOST_LISTED])

    def unfinished(self) -> tuple[str, ...]:
        """The calls and background tasks that began and never ended."""
        beside = [
            f"{task.words} ({'stopped' if task.how else 'never ended'})"
            for task in self.background.values()
            if task.how in (None, "stopped")
        ]
        running = {task.call_id for task in self.background.values()}
        return (
            *beside,
            *(f"{words} (never returned)" for name, words in self.open.items() if name not in running),
        )[:MOST_LISTED]

    def _with_failure(self, words: str, text: str) -> Calls:
        said = _cut(f"{words}: {_one_line(text)}" if text.strip() else words)
        return changed(self, failed=self.failed + 1, failures=(*self.failures, said)[:MOST_LISTED])


def _one_line(text: str) -> str:
    return " ".join(text[: 4 * WORDS_CHARS].split())


def _cut(text: str) -> str:
    text = _one_line(text)
    return text if len(text) <= WORDS_CHARS else text[: WORDS_CHARS - 1] + "…"
