"""Find the files of a unified diff in which the change left markers of a conflict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from orchestrator.late_pattern import late_pattern

_HUNK = late_pattern(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_BEGINS, _ENDS = "<<<<<<< ", ">>>>>>> "


def conflicts_added(diff: str) -> Sequence[str]:
    """Name the files to which the change added more beginnings of a conflict than it took away, with its other marks.

    What stood there before the change, or was only moved by it, is not the change's.
    """
    added: Counter[tuple[str, str]] = Counter()
    for name, sign, line in _lines(diff):
        mark = _mark_of(line)
        if mark is not None:
            added[name, mark] += 1 if sign == "+" else -1
    if sum(count for (_, mark), count in added.items() if mark == _BEGINS) <= 0:
        return ()
    return sorted(
        name
        for name, mark in added
        if mark == _BEGINS and all(added[name, each] > 0 for each in (_BEGINS, "=======", _ENDS))
    )


def _mark_of(line: str) -> str | None:
    line = line.rstrip("\r")
    if line == "=======":
        return line
    return next((mark for mark in (_BEGINS, _ENDS) if line.startswith(mark)), None)


def _lines(diff: str) -> Iterator[tuple[str, str, str]]:
    """Each added or removed line: the file it is in, its sign, its text.  Text that looks like a header is none."""
    name, removed, added = "", 0, 0
    for line in diff.split("\n"):
        sign = line[:1]
        if removed > 0 or added > 0:
            removed -= sign in ("-", " ", "")
            added -= sign in ("+", " ", "")
            if sign in ("+", "-"):
                yield name, sign, line[1:]
        elif line.startswith("+++ "):
            name = line[4:].removeprefix("b/").rstrip("\t")
        elif (hunk := _HUNK.match(line)) is not None:
            removed, added = (1 if count is None else int(count) for count in hunk.groups())
