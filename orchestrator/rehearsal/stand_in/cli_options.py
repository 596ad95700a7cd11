"""Parse the command lines of the three CLIs: the flags they know, and the words in which they refuse others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


class Refused(Exception):
    """The CLI ends before it has begun, with these words on stderr and this exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


@dataclass
class Options:
    """A command line taken apart."""

    flags: dict[str, list[str]] = field(default_factory=dict)
    """Values by long name; a switch has none."""
    words: list[str] = field(default_factory=list)
    """Everything that is no flag and no flag's value."""

    def has(self, name: str) -> bool:
        return name in self.flags

    def one(self, name: str, default: str = "") -> str:
        return self.flags.get(name, [default])[-1]

    def many(self, name: str) -> list[str]:
        return self.flags.get(name, [])


SWITCH, VALUE, MANY = "switch", "value", "many"
"""``many`` takes every word up to the next flag."""


def kinds(*, switches: str, values: str, lists: str = "") -> dict[str, str]:
    """Kind by long name, from the names with blanks between them."""
    rows = ((SWITCH, switches), (VALUE, values), (MANY, lists))
    return {name: kind for kind, names in rows for name in names.split()}


def parse(
    argv: Sequence[str], known: Mapping[str, str], short: Mapping[str, str], refuse: Callable[[str], Refused]
) -> Options:
    """Take a command line apart.

    Args:
        known: Kind by long name.
        short: Long name by short flag.
        refuse: What to raise for a flag that is not known.

    Raises:
        Refused: A flag is unknown.
    """
    options, rest = Options(), list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            options.words += rest
            break
        if not word.startswith("-") or word == "-":
            options.words.append(word)
            continue
        name, equals, value = word.partition("=")
        name = short.get(name, name)
        if name not in known:
            raise refuse(word.partition("=")[0])
        values = options.flags.setdefault(name, [])
        if equals:
            values.append(value)
        elif known[name] == VALUE and rest:
            values.append(rest.pop(0))
        elif known[name] == MANY:
            while rest and not rest[0].startswith("-"):
                values.append(rest.pop(0))
    return options
