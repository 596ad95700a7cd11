"""Read a git configuration as data, so that nothing it names is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

_SECTION: Final = late_pattern(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\\n]|\\.)*)")?\s*\]')
_NAME: Final = late_pattern(r"[A-Za-z][A-Za-z0-9-]*")
_ESCAPES: Final = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}


@value_class
class Setting:
    """One line of a configuration."""

    section: str
    """In lower case."""
    subsection: str
    """As it is written; empty where there is none."""
    name: str
    """In lower case."""
    value: str | None
    """``None`` where only the name stands, which means true."""

    @property
    def key(self) -> str:
        """``core.excludesfile``; a subsection keeps its case."""
        return ".".join(part for part in (self.section, self.subsection, self.name) if part)


def read_settings(content: bytes) -> tuple[Setting, ...]:
    """All settings, in their order.

    Raises:
        ValueError: git would not read it either; the text says which line.
    """
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")
    return tuple(_settings(text))


def _settings(text: str) -> Iterator[Setting]:
    place, section, subsection = 0, "", ""
    while place < len(text):
        char = text[place]
        if char.isspace():
            place += 1
        elif char in "#;":
            place = _end_of_line(text, place)
        elif char == "[":
            found = _SECTION.match(text, place)
            if found is None:
                raise ValueError(_bad(text, place))
            section, subsection = found[1].lower(), re.sub(r"\\(.)", r"\1", found[2] or "")
            if found[2] is None and "." in section:  # the old spelling: [branch.main]
                section, _, subsection = section.partition(".")
            place = found.end()
        else:
            name = _NAME.match(text, place)
            if name is None or not section:
                raise ValueError(_bad(text, place))
            value, place = _value(text, name.end())
            yield Setting(section, subsection, name[0].lower(), value)


def _value(text: str, place: int) -> tuple[str | None, int]:
    while place < len(text) and text[place] in " \t":
        place += 1
    if place == len(text) or text[place] in "\n#;":
        return None, _end_of_line(text, place)
    if text[place] != "=":
        raise ValueError(_bad(text, place))
    place += 1
    said: list[str] = []
    spaces = ""
    is_quoted = False
    while place < len(text) and text[place] != "\n":
        char = text[place]
        if not is_quoted and char in "#;":
            place = _end_of_line(text, place)
            break
        if not is_quoted and char in " \t":
            spaces += char if said else ""
            place += 1
            continue
        said += [spaces] if spaces else []
        spaces = ""
        if char == '"':
            is_quoted = not is_quoted
            said.append("")  # spaces after it belong to the value
        elif char == "\\":
            place += 1
            escaped = text[place : place + 1]
            if escaped == "\n":
                place += 1
                continue
            if escaped not in _ESCAPES:
                raise ValueError(_bad(text, place))
            said.append(_ESCAPES[escaped])
        else:
            said.append(char)
        place += 1
    if is_quoted:
        raise ValueError(_bad(text, place))
    return "".join(said), place


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _bad(text: str, place: int) -> str:
    return f"bad line {text.count(chr(10), 0, place) + 1}"


def is_true(value: str | None) -> bool:
    """A boolean as git reads it; a name alone is true."""
    return value is None or value.lower() in {"true", "yes", "on", "1"}
