"""Tell by the lines of ``.gitignore`` whether a path is ignored: git's own rules, matched in bounded time.

A pattern is matched folder by folder and star by star, without going back further than the last star: whoever writes
the rules, and the names they are held against, cannot make it take long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Final

from orchestrator.value_class import value_class

MOST_RULES: Final = 20_000
"""Of one file; what follows is left out, so that more is shown rather than less."""
_ANY: Final = b"**"
_SEGMENT_CHARS: Final = b"[^/]"
_CLASSES: Final[Mapping[bytes, bytes]] = {
    b"alnum": rb"0-9A-Za-z",
    b"alpha": rb"A-Za-z",
    b"blank": rb" \t",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9",
    b"graph": rb"\x21-\x7e",
    b"lower": rb"a-z",
    b"print": rb"\x20-\x7e",
    b"punct": rb"!-/:-@\[-`{-~",
    b"space": rb"\x09-\x0d\x20",
    b"upper": rb"A-Z",
    b"xdigit": rb"0-9A-Fa-f",
}


@value_class
class Rule:
    """One line that says something."""

    line: int
    """Counted from 1."""
    is_exception: bool
    """It began with ``!``: what it matches is not ignored."""
    only_folders: bool
    is_anchored: bool
    """It holds a slash, so it is held against the whole path below its folder, not against the last name."""
    segments: tuple[re.Pattern[bytes] | None, ...]
    """One for each part of the path; ``None`` stands for any number of parts."""

    def matches(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether it speaks of this path, which is relative to the folder of its file."""
        if self.only_folders and not is_folder:
            return False
        if not self.is_anchored:
            name = self.segments[0]
            return name is not None and name.fullmatch(path.rpartition(b"/")[2]) is not None
        return _match_segments(self.segments, path.split(b"/"))


@value_class
class RuleFile:
    """The rules of one file, and which folder they begin at."""

    source: str
    """What people call the file: ``src/.gitignore``."""
    folder: bytes
    """Below the top of the repository, with ``/`` at its end; empty for the top itself."""
    content: bytes
    """The lines as they stand."""
    rules: tuple[Rule, ...] = field(compare=False, repr=False)

    def verdict(self, path: bytes, *, is_folder: bool) -> Rule | None:
        """The last rule that speaks of the path (relative to the top of the repository)."""
        if not path.startswith(self.folder):
            return None
        inside = path[len(self.folder) :]
        return next((rule for rule in reversed(self.rules) if rule.matches(inside, is_folder=is_folder)), None)


@value_class
class Ignored:
    """Which rule hides a path."""

    source: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


@value_class
class IgnoreRules:
    """All rules that hold in one repository."""

    outside: tuple[RuleFile, ...] = ()
    """Of the user and of the repository's ``info/exclude``, the strongest first; weaker than any in the work tree."""
    inside: Mapping[bytes, RuleFile] = field(default_factory=dict)
    """The ``.gitignore`` files, by folder (``""``, ``src/``, …)."""

    def ignores(self, path: bytes, *, is_folder: bool) -> Ignored | None:
        """The rule that ignores a path whose folders are not ignored themselves; ``None`` where it counts."""
        for file in self._for(path):
            rule = file.verdict(path, is_folder=is_folder)
            if rule is not None:
                return None if rule.is_exception else Ignored(file.source, rule.line)
        return None

    def hides(self, path: bytes, *, is_folder: bool = False) -> Ignored | None:
        """The rule that ignores a path or one of the folders it lies in."""
        slash = path.find(b"/")
        while slash >= 0:
            found = self.ignores(path[:slash], is_folder=True)
            if found is not None:
                return found
            slash = path.find(b"/", slash + 1)
        return self.ignores(path, is_folder=is_folder)

    def _for(self, path: bytes) -> Iterator[RuleFile]:
        """The deepest first."""
        slash = len(path)
        while (slash := path.rfind(b"/", 0, slash)) >= 0:
            file = self.inside.get(path[: slash + 1])
            if file is not None:
                yield file
        if b"" in self.inside:
            yield self.inside[b""]
        yield from self.outside


def read_rules(content: bytes, *, source: str, folder: bytes = b"", ignore_case: bool = False) -> RuleFile:
    """Read one file's lines.

    Args:
        folder: Where its patterns begin, below the top of the repository and with ``/`` at its end.
        ignore_case: As ``core.ignoreCase`` of the repository says.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rules = (_rule(number, line, ignore_case=ignore_case) for number, line in enumerate(lines[:MOST_RULES], 1))
    return RuleFile(source, folder, content, tuple(rule for rule in rules if rule is not None))


def _rule(number: int, line: bytes, *, ignore_case: bool) -> Rule | None:
    if line.startswith(b"#"):
        return None
    text = _without_trailing_spaces(line.removesuffix(b"\r"))
    is_exception = text.startswith(b"!")
    text = text[1:] if is_exception else text
    only_folders = text.endswith(b"/")
    text = text[:-1] if only_folders else text
    if not text:
        return None
    is_anchored = b"/" in text
    try:
        segments = tuple(_segments(text.removeprefix(b"/"), is_path=is_anchored, ignore_case=ignore_case))
    except ValueError:
        return None  # git matches nothing with it either
    return Rule(number, is_exception, only_folders, is_anchored, segments) if segments else None


def _without_trailing_spaces(line: bytes) -> bytes:
    end, place = len(line), 0
    spaces: int | None = None
    while place < end:
        if line[place] == 0x5C:
            place, spaces = place + 2, None
            continue
        if line[place] != 0x20:
            spaces = None
        elif spaces is None:
            spaces = place
        place += 1
    return line if spaces is None else line[:spaces]


def _segments(text: bytes, *, is_path: bool, ignore_case: bool) -> Iterator[re.Pattern[bytes] | None]:
    """Make one pattern for each part of the path.

    Raises:
        ValueError: It can match nothing.
    """
    for part in _parts(text) if is_path else [text]:
        yield None if is_path and re.fullmatch(rb"\*\*+", part) else _segment(part, ignore_case)


def _parts(text: bytes) -> Iterable[bytes]:
    """The pattern cut at its slashes; one between brackets is none."""
    parts, begin, place = [], 0, 0
    while place < len(text):
        char = text[place : place + 1]
        if char == b"\\":
            # ``\/`` is a slash as well.
            place += 1 if text[place + 1 : place + 2] == b"/" else 2
            continue
        if char == b"[":
            place = _end_of_set(text, place)
            continue
        if char == b"/":
            parts.append(text[begin:place].removesuffix(b"\\") if _is_escape(text, begin, place) else text[begin:place])
            begin = place + 1
        place += 1
    return [*parts, text[begin:]]


def _is_escape(text: bytes, begin: int, slash: int) -> bool:
    """Whether the slash has a backslash of its own before it."""
    count = 0
    while slash - count > begin and text[slash - count - 1] == 0x5C:
        count += 1
    return count % 2 == 1


def _end_of_set(text: bytes, begin: int) -> int:
    """Where a bracket expression is over."""
    return begin + len(_set(text[begin:])[0])


@lru_cache(maxsize=4096)
def _segment(part: bytes, ignore_case: bool) -> re.Pattern[bytes]:
    """A pattern for one name.  Each star is bound to the first place where what follows it fits, but for the last."""
    chunks: list[list[bytes]] = [[]]
    place = 0
    while place < len(part):
        char = part[place : place + 1]
        if char == b"*":
            chunks.append([])
            place += 1
        elif char == b"?":
            chunks[-1].append(_SEGMENT_CHARS)
            place += 1
        elif char == b"[":
            text, expression = _set(part[place:])
            chunks[-1].append(expression)
            place += len(text)
        elif char == b"\\":
            if place + 1 == len(part):
                raise ValueError("a backslash at the end")
            chunks[-1].append(re.escape(part[place + 1 : place + 2]))
            place += 2
        else:
            chunks[-1].append(re.escape(char))
            place += 1
    first, *rest = (b"".join(chunk) for chunk in chunks)
    pattern = first
    if rest:
        pattern += b"".join(b"(?>[^/]*?%s)" % chunk for chunk in rest[:-1] if chunk) + b"[^/]*" + rest[-1]
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _set(text: bytes) -> tuple[bytes, bytes]:
    """The bracket expression that a text begins with, and the same as a regular expression.

    Raises:
        ValueError: It has no end, or names a class that there is not.
    """
    place = 1
    is_negated = text[place : place + 1] in (b"!", b"^")
    place += is_negated
    members: list[bytes] = []
    first, before = True, b""
    while True:
        char = text[place : place + 1]
        if not char:
            raise ValueError("a set without an end")
        if char == b"]" and not first:
            break
        first = False
        follows = text[place + 1 : place + 2]
        if char == b"-" and before and follows not in (b"", b"]"):
            place += 1
            high, place = _member(text, place)
            if before <= high:
                members.append(b"%s-%s" % (_escaped(before), _escaped(high)))
            before = b""
            continue
        if char == b"[" and follows == b":":
            end = text.find(b"]", place + 2)
            if end < 0:
                raise ValueError("a class without an end")
            name = text[place + 2 : end]
            if name.endswith(b":"):
                if name[:-1] not in _CLASSES:
                    raise ValueError("no such class")
                members.append(_CLASSES[name[:-1]])
                before, place = b"", end + 1
                continue
        before, place = _member(text, place)
        members.append(_escaped(before))
    inner = b"".join(members)
    if is_negated:
        return text[: place + 1], b"(?:[^/%s])" % inner
    return text[: place + 1], b"(?:(?!/)[%s])" % inner if inner else b"(?!)"


def _member(text: bytes, place: int) -> tuple[bytes, int]:
    if text[place : place + 1] == b"\\":
        place += 1
    char = text[place : place + 1]
    if not char:
        raise ValueError("a set without an end")
    return char, place + 1


def _escaped(char: bytes) -> bytes:
    return rb"\x%02x" % char[0]


def _match_segments(pattern: Sequence[re.Pattern[bytes] | None], names: Sequence[bytes]) -> bool:
    """Whether the parts fit; going back no further than to the last "any number of parts"."""
    at_pattern = at_name = 0
    retry_pattern, retry_name = -1, 0
    while at_name < len(names):
        if at_pattern < len(pattern):
            part = pattern[at_pattern]
            if part is None:
                if at_pattern == len(pattern) - 1:
                    return True
                retry_pattern, retry_name = at_pattern + 1, at_name
                at_pattern += 1
                continue
            if part.fullmatch(names[at_name]) is not None:
                at_pattern, at_name = at_pattern + 1, at_name + 1
                continue
        if retry_pattern < 0:
            return False
        retry_name += 1
        at_pattern, at_name = retry_pattern, retry_name
    # Any number of parts at the end is at least one: ``a/**`` says nothing of ``a`` itself.
    return at_pattern == len(pattern)
