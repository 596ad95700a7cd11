"""Read the words of a shell text: take quotes off, open braces, split fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from orchestrator.late_pattern import late_pattern

MAX_FIELDS: Final = 64
"""Of one word with braces."""

_ANSI_ESCAPE = late_pattern(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|c.|.)", re.DOTALL)
_ANSI_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_ESCAPE = late_pattern(r"\\(.)", re.DOTALL)
_ESCAPE_IN_QUOTES = late_pattern(r"\\([$`\"\\\n])")
_PATTERN = late_pattern(r"[*?\[]")
_RANGE = late_pattern(r"(-?\d+)\.\.(-?\d+)$|([A-Za-z])\.\.([A-Za-z])$")


class Unreadable(ValueError):
    """The text is no command this reader understands."""


class Word(NamedTuple):
    """One word, quotes removed."""

    text: str
    dynamic: bool = False
    """Part of it only the shell will know: a variable or a substitution; that part is missing from the text."""
    pattern: bool = False
    """It holds an unquoted ``*``, ``?`` or ``[`` that the shell may replace."""
    named: bool = False
    """It is dynamic, but what stands after its last slash is known: ``"$VENV/bin/pytest"``."""
    made_by: str = ""
    """The command line whose whole output it is: one simple command, or several with `` | `` between them; ``?`` for a
    word that only run time knows."""
    content: Word | None = None
    """What reading it as a file gives, for ``<(echo x)``."""


class Piece(NamedTuple):
    """Part of a word as it is written."""

    text: str
    quoted: bool = False
    dynamic: bool = False
    splits: bool = False
    """It came out of an unquoted expansion: the shell splits it at white space."""
    made_by: str = ""
    content: Word | None = None


UNKNOWN: Final = Word("", dynamic=True)


def literal(text: str) -> str:
    """An unquoted text without its backslashes."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: "" if match[1] == "\n" else match[1], text)


def in_double_quotes(text: str) -> str:
    """A text from between double quotes, in which few backslashes mean anything."""
    if "\\" not in text:
        return text
    return _ESCAPE_IN_QUOTES.sub(lambda match: "" if match[1] == "\n" else match[1], text)


def ansi_quoted(text: str) -> str:
    r"""What stands between ``$'`` and ``'``, its escapes resolved: ``\x72m`` is ``rm``."""
    return _ANSI_ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    try:
        if code[0] in "xuU" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8) % 256)
        if code[0] == "c" and len(code) == 2:
            return chr(ord(code[1]) & 0x1F)
    except (ValueError, OverflowError):
        return ""
    return _ANSI_LETTERS.get(code, code if code in "\\'\"?" else "\\" + code)


def fields(pieces: Sequence[Piece]) -> list[Word]:
    """The words that one word as written becomes.

    An empty one that is not quoted becomes none: ``$EMPTY rm`` runs rm.
    """
    if len(pieces) == 1 and not pieces[0].splits:
        text, quoted, dynamic, _, made_by, content = pieces[0]
        if quoted or "{" not in text:
            pattern = not quoted and _PATTERN.search(text) is not None
            return [Word(text, dynamic, pattern, made_by=made_by, content=content)]
    if any("{" in piece.text for piece in pieces if not piece.quoted and not piece.splits):
        return [word for variant in _opened(pieces) for word in _split(variant)]
    return _split(pieces)


def _split(pieces: Sequence[Piece]) -> list[Word]:
    found: list[Word] = []
    text, dynamic, pattern, begun, named = "", False, False, False, False
    for piece in pieces:
        parts = re.split(r"[ \t\n]+", piece.text) if piece.splits else [piece.text]
        for number, part in enumerate(parts):
            if number and begun:
                found.append(Word(text, dynamic, pattern, dynamic and named))
                text, dynamic, pattern, begun, named = "", False, False, False, False
            text += part
            named = not piece.dynamic and (named or "/" in part)
            begun = begun or bool(part) or piece.quoted or piece.dynamic or not piece.splits
            pattern = pattern or (not piece.quoted and _PATTERN.search(part) is not None)
        dynamic = dynamic or piece.dynamic
    if begun:
        solid = [piece for piece in pieces if piece.text or piece.dynamic] if dynamic and not found else []
        alone = solid[0] if len(solid) == 1 else Piece("")
        found.append(Word(text, dynamic, pattern, dynamic and named, alone.made_by, alone.content))
    return found


def _opened(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """One word as written for every way through its braces; ``{a,b}c`` is ``ac`` and ``bc``.

    Quoted pieces stand in the text as single characters from a private range while the braces are looked for.
    """
    held: list[Piece] = []
    text = ""
    for piece in pieces:
        if piece.quoted or piece.splits or piece.dynamic:
            text += chr(0xE000 + len(held) % 0x1800)
            held.append(piece)
        else:
            text += piece.text
    variants = _braces(text)
    if len(variants) == 1:
        variants = [text]
    return [_restored(variant, held) for variant in variants]


def _restored(text: str, held: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    plain = ""
    for char in text:
        number = ord(char) - 0xE000
        if 0 <= number < len(held):
            if plain:
                found.append(Piece(plain))
                plain = ""
            found.append(held[number])
        else:
            plain += char
    if plain or not found:
        found.append(Piece(plain))
    return found


def _braces(text: str) -> list[str]:
    """Every reading of a text with braces.

    Raises:
        Unreadable: There are too many.
    """
    start = text.find("{")
    while start >= 0:
        parts, end = _alternatives(text, start)
        if parts is not None:
            tails = _braces(text[end:])
            found = [text[:start] + inner + tail for part in parts for inner in _braces(part) for tail in tails]
            if len(found) > MAX_FIELDS:
                raise Unreadable("its braces open into too many words")
            return found
        start = text.find("{", start + 1)
    return [text]


def _alternatives(text: str, start: int) -> tuple[list[str] | None, int]:
    """What stands between the commas of the brace at ``start``, and where it ends; ``None``: it is just a brace."""
    level, begin, parts = 0, start + 1, []
    for at in range(start, len(text)):
        char = text[at]
        if char == "{":
            level += 1
        elif char == "," and level == 1:
            parts.append(text[begin:at])
            begin = at + 1
        elif char == "}":
            level -= 1
            if level == 0:
                inside = text[begin:at]
                if parts:
                    return [*parts, inside], at + 1
                return _range(inside), at + 1
    return None, len(text)


def _range(text: str) -> list[str] | None:
    match = _RANGE.match(text)
    if match is None:
        return None
    low, high = (int(match[1]), int(match[2])) if match[1] else (ord(match[3]), ord(match[4]))
    step = 1 if low <= high else -1
    if abs(high - low) >= MAX_FIELDS:
        # The ends stand for all of them.
        numbers: Sequence[int] = (low, high)
    else:
        numbers = range(low, high + step, step)
    return [str(number) if match[1] else chr(number) for number in numbers]
