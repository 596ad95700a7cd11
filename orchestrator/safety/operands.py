"""List which paths a command destroys or writes, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from orchestrator.safety.shell.words import UNKNOWN, Word


def _positional(words: Sequence[Word]) -> list[Word]:
    found: list[Word] = []
    ended = False
    for word in words[1:]:
        if ended or word.dynamic or not word.text.startswith("-") or word.text == "-":
            found.append(word)
        elif word.text == "--":
            ended = True
    return found


def _last(words: Sequence[Word]) -> list[Word]:
    target = next(
        (w._replace(text=w.text.partition("=")[2]) for w in words if w.text.startswith("--target-directory=")), None
    )
    if target is not None:
        return [target]
    for at, word in enumerate(words[:-1]):
        if word.text in ("-t", "--target-directory"):
            return [words[at + 1]]
    return _positional(words)[-1:]


def _of_dd(words: Sequence[Word]) -> list[Word]:
    return [word._replace(text=word.text[3:]) for word in words[1:] if word.text.startswith("of=")] or [
        word for word in words[1:] if word.dynamic and "=" not in word.text
    ]


def _of_disk_tool(words: Sequence[Word]) -> list[Word]:
    """The device or image among the words: whatever looks like a path, else the last word."""
    given = _positional(words)
    return [word for word in given if "/" in word.text or word.dynamic] or given[-1:] or [UNKNOWN]


DESTROYS: Final[Mapping[str, Callable[[Sequence[Word]], list[Word]]]] = {
    "rm": lambda words: _positional(words) or [UNKNOWN],
    "dd": _of_dd,
    "mkfs": lambda words: _positional(words)[-1:] or [UNKNOWN],
    **dict.fromkeys(
        ("sfdisk", "cfdisk", "gdisk", "sgdisk", "parted", "wipefs", "mkswap", "blkdiscard", "badblocks"), _of_disk_tool
    ),
}
"""Programs that a policy blocks for what they do to their operands: harmless where those are the worker's own."""

WRITES: Final[Mapping[str, Callable[[Sequence[Word]], list[Word]]]] = {
    "tee": _positional,
    "cp": _last,
    "mv": _last,
    "ln": _last,
    "install": _last,
    "truncate": _positional,
    "shred": _positional,
    "touch": _positional,
    "rm": _positional,
    "dd": _of_dd,
    "sponge": _positional,
}
"""What each writes; looked at for paths that are never writable and for devices."""
