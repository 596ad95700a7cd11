"""These models tell, as values and in words, what happened in a target that a diff does not show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from orchestrator.value_class import value_class

MOST_NAMED = 200
"""Names that are kept of each kind; the figures are whole."""
_MOST_SAID = 20
"""Names in one sentence."""
_MOST_NEW = 3


@value_class
class HiddenFile:
    """A file that counts, and that ``git status`` does not show because of a rule that was not there before."""

    path: str
    rule: str
    """Where the rule stands: ``.gitignore:2``."""


@value_class
class IgnoredChange:
    """An ignored file that is not what it was.  Nobody has looked at its content."""

    path: str
    what: Literal["went", "changed", "new"]
    size: int
    """In bytes: now, or what it was where it went."""
    size_before: int | None = None
    modified_at: datetime | None = None
    """When its content was last written, as the file system says."""


@value_class
class Unshown:
    """Everything that a reader of the diff has to know and cannot see in it."""

    hidden: tuple[HiddenFile, ...] = ()
    hidden_count: int = 0
    ignored: tuple[IgnoredChange, ...] = ()
    """Those that went come first, then those that changed, then new ones."""
    went: int = 0
    changed: int = 0
    new: int = 0
    is_cut: bool = False
    """There were more ignored files than are looked at, so some may have changed unseen."""
    nameless: tuple[str, ...] = ()
    """New names that git cannot hold (``.GIT``, a repository inside): no commit and no ``git status`` shows them."""
    nameless_count: int = 0
    doubts: tuple[str, ...] = ()
    """What could not be told; the message says why."""

    def lines(self) -> tuple[str, ...]:
        """The same in sentences, without full stops; empty where there is nothing to say."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.hidden_count:
            names = _listed([f"{file.path} ({file.rule})" for file in self.hidden], self.hidden_count)
            yield f"new ignore rules hide {_counted(self.hidden_count, 'file')} from git status: {names}"
        for what, count, verb in (
            ("went", self.went, "went"),
            ("changed", self.changed, "changed"),
            ("new", self.new, "are new" if self.new != 1 else "is new"),
        ):
            if count:
                # New ones are mostly caches: their number says enough.
                told = [_told(change) for change in self.ignored if change.what == what]
                names = _listed(told[:_MOST_NEW] if what == "new" else told, count)
                yield f"{_counted(count, 'ignored file')} {verb}: {names}"
        if self.is_cut:
            yield "there are more ignored files than are looked at: some of them may have changed unseen"
        if self.nameless_count:
            names = _listed(list(self.nameless), self.nameless_count)
            yield f"{_counted(self.nameless_count, 'name')} could not be recorded by git: {names}"
        yield from (f"could not tell: {doubt}" for doubt in self.doubts)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _listed(names: list[str], count: int) -> str:
    shown = names[:_MOST_SAID]
    more = count - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _told(change: IgnoredChange) -> str:
    size = f"{change.size:,} bytes"
    if change.what == "changed" and change.size_before not in (None, change.size):
        size = f"{change.size_before:,} → {change.size:,} bytes"
    at = f", {change.modified_at:%Y-%m-%d %H:%M:%S} UTC" if change.modified_at and change.what != "went" else ""
    return f"{change.path} ({size}{at})"
