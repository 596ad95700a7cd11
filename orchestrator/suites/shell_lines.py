"""Cuts a shell text into its commands and those into words, so that one command of it can be read and altered.

It is no parser of the shell's whole grammar: a text with loops, conditions or here-documents is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.value_class import value_class

MOST_CHARS = 20_000
_SPACES = " \t"
_KEYWORDS = frozenset({"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "!"})
_NEEDS_SHELL = frozenset("$`*?[~<>{#")


@value_class
class Word:
    """One word of a command."""

    raw: str
    """As it is written."""
    text: str
    """Without its quotes; what the shell would expand stands as it is written."""
    needs_shell: bool = False
    """Whether only a shell can say what it means."""


@value_class
class Command:
    """One simple command."""

    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    """What is set for it alone, ``NAME=value``."""
    joined_by: str = ""
    """The operator in front of it; empty for the first."""

    @property
    def texts(self) -> list[str]:
        return [word.text for word in self.words]

    @property
    def raw(self) -> str:
        return " ".join(word.raw for word in (*self.assignments, *self.words))


class UnreadableTextError(ValueError):
    """The text is more than a list of simple commands."""


def commands(text: str) -> tuple[Command, ...]:
    """The simple commands of a text, in order.

    Raises:
        UnreadableTextError: It has loops, conditions, here-documents, or quotes without an end.
    """
    if len(text) > MOST_CHARS or "<<" in text:
        raise UnreadableTextError("it is longer or more involved than a list of commands")
    found: list[Command] = []
    for operator, words in _cut(text.replace("\\\r\n", " ").replace("\\\n", " ").replace("\r\n", "\n")):
        number = 0
        while number < len(words) and _is_assignment(words[number].raw):
            number += 1
        if words[number:] and words[number].raw in _KEYWORDS:
            raise UnreadableTextError("it has conditions or loops")
        if words:
            found.append(Command(tuple(words[number:]), tuple(words[:number]), operator if found else ""))
    return tuple(found)


def _is_assignment(raw: str) -> bool:
    name, sign, _ = raw.partition("=")
    return bool(sign) and name.isidentifier()


def _cut(text: str) -> Iterator[tuple[str, Sequence[Word]]]:
    operator, words, position = "", list[Word](), 0
    while position < len(text):
        sign = _operator_at(text, position)
        if sign:
            yield operator, words
            operator, words, position = sign, [], position + len(sign)
        elif text[position] in _SPACES:
            position += 1
        elif text[position] == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        else:
            end = _end_of_word(text, position)
            words.append(_word(text[position:end]))
            position = end
    yield operator, words


def _operator_at(text: str, position: int) -> str:
    if text[position] == "&" and position and text[position - 1] == ">":
        return ""  # 2>&1
    for sign in ("&&", "||", "\n", ";", "|", "(", ")"):
        if text.startswith(sign, position):
            return sign
    if text[position] == "&" and not text.startswith("&>", position):
        return "&"
    return ""


def _end_of_word(text: str, position: int) -> int:
    while position < len(text) and text[position] not in _SPACES and not _operator_at(text, position):
        sign = text[position]
        if sign == "\\":
            position += 2
        elif sign in "'\"`":
            position = _end_of_quote(text, position)
        elif text.startswith("$(", position) or text.startswith("${", position):
            position = _end_of_group(text, position + 1)
        else:
            position += 1
    return min(position, len(text))


def _end_of_quote(text: str, position: int) -> int:
    sign, position = text[position], position + 1
    while position < len(text):
        if text[position] == "\\" and sign != "'":
            position += 1
        elif text[position] == sign:
            return position + 1
        position += 1
    raise UnreadableTextError("a quote has no end")


def _end_of_group(text: str, position: int) -> int:
    opening = text[position]
    closing = ")" if opening == "(" else "}"
    depth = 0
    while position < len(text):
        if text[position] in "'\"":
            position = _end_of_quote(text, position)
            continue
        depth += (text[position] == opening) - (text[position] == closing)
        position += 1
        if depth == 0:
            return position
    raise UnreadableTextError("a bracket has no end")


def _word(raw: str) -> Word:
    text, needs_shell, position = "", False, 0
    while position < len(raw):
        sign = raw[position]
        if sign == "\\" and position + 1 < len(raw):
            text += raw[position + 1]
            position += 2
        elif sign in "'\"":
            end = _end_of_quote(raw, position)
            inner = raw[position + 1 : end - 1]
            text += inner if sign == "'" else inner.replace('\\"', '"').replace("\\\\", "\\")
            needs_shell = needs_shell or (sign == '"' and any(mark in inner for mark in "$`"))
            position = end
        else:
            needs_shell = needs_shell or sign in _NEEDS_SHELL
            text += sign
            position += 1
    return Word(raw, text, needs_shell)
