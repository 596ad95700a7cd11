"""Reads a TOML file a person wrote, finds the line of a fault in it, and writes one."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.errors import InvalidFile
from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

MOST_BYTES = 4_000_000
"""Of one file: a person wrote it; a device has no end."""
_BARE_KEY = late_pattern(r"[A-Za-z0-9_-]+")
_AT_LINE = late_pattern(r"\s*\(at line (\d+), column \d+\)$")


@value_class
class TomlFile:
    """A file's data, and its text for finding lines."""

    path: Path
    text: str
    data: dict[str, Any]

    def fault(self, reason: str, *, table: str | None = None, nth: int = 0, key: str | None = None) -> InvalidFile:
        """The error to raise for a fault in the ``nth`` table of that name, at ``key`` if it stands there."""
        return InvalidFile(self.path, reason, line=self.line_of(table=table, nth=nth, key=key))

    def line_of(self, *, table: str | None = None, nth: int = 0, key: str | None = None) -> int | None:
        """The 1-based line of a key, else of its table's header; ``None`` where neither is written out."""
        lines = self.text.splitlines()
        first, last, header = self._extent(lines, table, nth)
        if key is not None:
            name = rf"[\"']?{re.escape(key)}[\"']?"
            for written in (
                re.compile(rf"\s*(?:[\w-]+\s*\.\s*)*{name}\s*[.=]").match,
                re.compile(rf"\s*\[+\s*(?:[\w-]+\s*\.\s*)*{name}\s*[\].]").match,
                re.compile(rf"[{{,]\s*{name}\s*[.=]").search,
            ):
                found = next((n for n in range(first, last) if written(lines[n])), None)
                if found is not None:
                    return found + 1
        return header + 1 if header is not None else None

    @staticmethod
    def _extent(lines: list[str], table: str | None, nth: int) -> tuple[int, int, int | None]:
        """First line and end of a table with its sub-tables, and its header's line; the whole file for ``None``."""
        if table is None:
            return 0, len(lines), None
        own = re.compile(rf"\s*\[+\s*{re.escape(table)}\s*\]")
        headers = [n for n, line in enumerate(lines) if own.match(line)]
        if nth >= len(headers):
            return 0, len(lines), None
        first = headers[nth] + 1
        another = re.compile(rf"\s*\[+\s*(?!{re.escape(table)}\s*\.)[\w\"']")
        last = next((n for n in range(first, len(lines)) if another.match(lines[n])), len(lines))
        return first, last, headers[nth]


def read_toml(path: Path, *, what: str) -> TomlFile:
    """Read one file.

    Args:
        what: What the file is, for people: ``policy``.

    Raises:
        InvalidFile: It cannot be read, or is not TOML; with the line where the parser names one.
    """
    return parse_toml(path, read_content(path, what=what))


def read_content(path: Path, *, what: str) -> bytes:
    """What stands in a file of a person: a plain file, of a length that a person writes.  It never waits.

    Raises:
        InvalidFile: There is none, it cannot be read, is too long, or is no file: a pipe would be waited for.
    """
    try:
        # Opening a device can do something, so it is looked at first; and what was looked at may be replaced.
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidFile(path, f"this is no file, and so no {what}")
        with open(path, "rb", buffering=0, opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidFile(path, f"this is no file, and so no {what}")
            content = bytearray()
            while len(content) <= MOST_BYTES:
                part = file.read(MOST_BYTES + 1 - len(content))
                if part is None:
                    raise InvalidFile(path, f"this {what} has nothing to read yet")
                if not part:
                    return bytes(content)
                content += part
    except FileNotFoundError:
        raise InvalidFile(path, f"there is no such {what}") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot read this {what}: {error.strerror}") from None
    raise InvalidFile(path, f"this has more than {MOST_BYTES:,} bytes, and is no {what}")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def parse_toml(path: Path, content: bytes) -> TomlFile:
    """The file of this content, which was read already.

    Raises:
        InvalidFile: The content is not TOML; with the line where the parser names one.
    """
    try:
        text = content.decode("utf-8-sig")  # editors of some systems begin every file with a mark
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidFile(path, "this is not UTF-8 text", line=line) from None
    try:
        return TomlFile(path, text, tomllib.loads(text))
    except RecursionError:
        raise InvalidFile(path, "this is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        at = _AT_LINE.search(message)
        # Without a line the parser means the end of the document.
        line = int(at.group(1)) if at else text.count("\n") + 1
        raise InvalidFile(path, _AT_LINE.sub("", message), line=line) from None


def unknown_key(name: str, known: Sequence[str]) -> str:
    """The reason for which a key is refused, with the one that may be meant."""
    import difflib  # only where something is wrong: it takes longer than reading the file

    near = difflib.get_close_matches(name, known, n=1) or [each for each in known if each.startswith(name)]
    meant = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"there is no key {name!r}; {meant}"


def toml_text(table: Mapping[str, Any]) -> str:
    """What :func:`tomllib.loads` reads as this table: plain values first, then a section for each table in it."""
    return "".join(_lines(table, ()))


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in table.items() if key not in tables}
    if path and (plain or not tables):
        yield f"[{'.'.join(map(_key, path))}]\n"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}\n"
    for key, value in tables.items():
        yield from _lines(value, (*path, key))


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            return "{" + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
        case _:  # numbers, and dates with their times
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    # JSON's escapes are TOML's as well; only DEL must be escaped besides.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
