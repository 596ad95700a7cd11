"""Tell which paths ``find`` and its like give to their inner commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.safety.shell.words import UNKNOWN, Word

_RUNS: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_CHOOSES: Final = frozenset(
    (
        *(
            "-name",
            "-iname",
            "-path",
            "-ipath",
            "-wholename",
            "-regex",
            "-iregex",
            "-newer",
            "-mtime",
            "-mmin",
            "-atime",
        ),
        *("-amin", "-ctime", "-cmin", "-size", "-empty", "-perm", "-user", "-group", "-uid", "-gid", "-samefile"),
        *("-inum", "-links", "-lname"),
    )
)
"""Tests that leave something out; ``-type`` alone does not."""
_LEADING: Final = frozenset({"-H", "-L", "-P"})


def commands_of_find(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """What ``find`` starts for what it finds."""
    found = found_by(words)
    at = 1
    while at < len(words):
        text = words[at].text
        if text in _RUNS:
            begin = at + 1
            # What stands up to the end is all the inner command's, another ``-exec`` included.
            at = next((n for n in range(begin, len(words)) if words[n].text in (";", "+")), len(words))
            inner: list[Word] = []
            for word in words[begin:at]:
                inner.extend(found if word.text == "{}" else [word])
            yield tuple(inner)
        elif text == "-delete":
            # It does to whatever it finds what a recursive, unasked rm does.
            yield (Word("rm"), Word("-r"), Word("-f"), *found)
        at += 1


def found_by(words: Sequence[Word]) -> list[Word]:
    """Paths that stand for what ``find`` will find: its starting points, or something below them."""
    starts: list[Word] = []
    for word in words[1:]:
        if word.text in _LEADING:
            continue
        if word.text.startswith(("-", "(", "!")) and not word.dynamic:
            break
        starts.append(word)
    starts = starts or [Word(".")]
    if any(word.text in _CHOOSES for word in words):
        return [Word(word.text.rstrip("/") + "/found", word.dynamic) for word in starts]
    return starts


def piped_by(words: Sequence[Word], name: str) -> Sequence[Word]:
    """What a command writes into its pipe, as the words ``xargs`` makes of it."""
    if name in ("find", "fd"):
        return found_by(words) if name == "find" else [UNKNOWN]
    if name == "git" and words[1:2] and words[1].text == "ls-files":
        return [Word("found")]
    if name in ("echo", "printf") and not any(word.dynamic for word in words):
        texts = [word.text for word in words[1:] if not word.text.startswith(("-", "%"))]
        return [Word(part) for text in texts for part in text.replace("\\n", " ").replace("\\0", " ").split()]
    return [UNKNOWN]
