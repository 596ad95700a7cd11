"""A scope is what a shell text knows at one point of it: its folder, its variables, its functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from posixpath import basename, dirname, isabs, join, normpath
from typing import Any, Final, NamedTuple

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.words import UNKNOWN, Piece, Word, ansi_quoted

_PARAMETER = late_pattern(r"([A-Za-z_]\w*|\d+|[@*#?$!-])(\[[^]]*\])?(.*)", re.DOTALL)
MOST_FILES: Final = 16
MOST_FILE_CHARS: Final = 20_000
"""What is remembered of files that a text writes."""
_PLAIN_SUFFIX = late_pattern(r"%%?([^*?\[$`'\"\\]*)")


class Scope(NamedTuple):
    """What is known at one point of a shell text.  It never changes: an assignment makes a new one."""

    cwd: str | None = None
    """Where commands run; ``None``: not known."""
    home: str | None = None
    variables: Mapping[str, Word] = {}
    functions: Mapping[str, Any] = {}
    aliases: Mapping[str, str] = {}
    files: Mapping[str, Word] = {}
    """What the text itself has written so far, by whole path, as far as it is known."""

    def with_variable(self, name: str, value: Word) -> Scope:
        """The scope after ``name=value``."""
        return self._replace(variables={**self.variables, name: value})

    def value(self, name: str) -> Word:
        """What ``$name`` is; a word without text where that is not known."""
        known = self.variables.get(name)
        if known is not None:
            return known
        if name == "PWD" and self.cwd is not None:
            return Word(self.cwd)
        if name == "HOME" and self.home is not None:
            return Word(self.home)
        return Word(" \t\n") if name == "IFS" else UNKNOWN

    def at(self, path: str) -> str | None:
        """The whole path that ``path`` means here, ``..`` resolved; ``None`` where the folder is not known."""
        if isabs(path):
            return normpath(path)
        return normpath(join(self.cwd, path)) if self.cwd is not None else None

    def with_arguments(self, given: Sequence[Word]) -> Scope:
        """The scope in which ``$1``, ``$2`` and ``$@`` are these words."""
        known = {str(number): word for number, word in enumerate(given, 1)}
        together = Word(" ".join(word.text for word in given), any(word.dynamic for word in given))
        return self._replace(variables={**self.variables, **known, "@": together, "*": together})

    def with_file(self, path: str, text: Word) -> Scope:
        """The scope after ``text`` was written to the file, or added to it; what was in it before still counts."""
        place = self.at(path)
        old = self.files.get(place, NOTHING) if place is not None else NOTHING
        whole = Word(f"{old.text}\n{text.text}" if old.text else text.text, old.dynamic or text.dynamic)
        if place is None or len(whole.text) > MOST_FILE_CHARS or len(self.files) >= MOST_FILES:
            return self
        return self._replace(files={**self.files, place: whole})

    def read(self, word: Word) -> Word:
        """The word; with its content, where it is a file that the text has written."""
        if not self.files or word.dynamic or word.content is not None or not word.text:
            return word
        content = self.files.get(self.at(word.text) or "")
        return word if content is None else word._replace(content=content)


NOTHING: Final = Word("")
NOWHERE: Final = Scope()


class SimpleCommand(NamedTuple):
    """One program with its arguments, redirections and assignments taken off."""

    words: tuple[Word, ...]
    """None for a redirection that stands alone."""
    pipeline: tuple[tuple[Word, ...], ...] = ()
    """The words of the commands before it in its pipe, first one first."""
    inputs: tuple[Word, ...] = ()
    """Here-documents and here-strings it reads."""
    writes: tuple[Word, ...] = ()
    """Files its output is sent to."""
    scope: Scope = NOWHERE
    before: tuple[SimpleCommand, ...] = ()
    """What runs in the stage before it in its pipe, and writes to it."""
    sets: tuple[tuple[str, Word], ...] = ()
    """Variables that are set for it alone."""


def parameter(inside: str, scope: Scope, default: Word | None) -> Word:
    """What ``${inside}`` is.

    Args:
        default: The word after ``:-`` and its like, already evaluated.
    """
    match = _PARAMETER.fullmatch(inside)
    if match is None:
        return UNKNOWN
    name, index, operation = match[1], match[2], match[3]
    known = scope.value(name)
    if index is not None and index not in ("[@]", "[*]"):
        return UNKNOWN
    if not operation:
        return known
    operator = operation.lstrip(":")[:1]
    if operator in ("-", "=") and default is not None:
        # Not set by the text itself: most likely nobody set it, so the default is the best guess.
        return known if not known.dynamic and known.text else Word(default.text, known.dynamic or default.dynamic)
    if operator == "+" and default is not None:
        return Word(default.text, known.dynamic or default.dynamic) if known.dynamic or known.text else known
    if operator == "?":
        return known
    suffix = _PLAIN_SUFFIX.fullmatch(operation)
    if suffix is not None and not known.dynamic:
        return Word(known.text.removesuffix(suffix[1]))
    return UNKNOWN


def expanded(value: Word, *, quoted: bool, many: bool = False) -> Piece:
    """The piece a variable's value makes of a word; ``many``: of ``"${a[@]}"``, which splits in quotes too."""
    return Piece(value.text, quoted and not many, value.dynamic, splits=many or not quoted)


def output_of(command: SimpleCommand) -> Word:
    """What ``$(command)`` gives, for the few programs where that can be said."""
    words = command.words
    name = basename(words[0].text) if words and not words[0].dynamic else ""
    given = [word.text for word in words[1:]]
    if any(word.dynamic or word.pattern for word in words):
        return UNKNOWN
    plain = [text for text in given if not text.startswith("-")]
    if name == "pwd":
        return Word(command.scope.cwd) if command.scope.cwd is not None else UNKNOWN
    if name in ("echo", "printf"):
        return echoed(words)
    if name == "mktemp":
        own_folder = any(text.startswith(("-p", "--tmpdir=")) for text in given) or any("/" in text for text in plain)
        return UNKNOWN if own_folder else Word("/tmp/mktemp")  # noqa: S108 - where mktemp makes it
    if name in ("which", "type") or (name == "command" and given[:1] == ["-v"]):
        return Word(plain[-1]) if plain else UNKNOWN
    if len(given) == 1 and name in ("dirname", "basename"):
        return Word((dirname(given[0]) if name == "dirname" else basename(given[0])) or ".")
    if len(given) == 1 and name == "realpath":
        path = command.scope.at(given[0])
        return Word(path) if path is not None else UNKNOWN
    return UNKNOWN


_PASSES_ON: Final = frozenset({"cat", "tee", "sponge", "pv", "unbuffer", "stdbuf", "nl"})
_WRITES_NOTHING: Final = frozenset(
    {"true", ":", "cd", "set", "sleep", "export", "shopt", "mkdir", "touch", "exec", "trap"}
)


def output_text(commands: Sequence[SimpleCommand]) -> Word:
    """What these commands write one after the other; dynamic, with the known part, where some of it is not known."""
    texts: list[str] = []
    dynamic = False
    for command in commands:
        words = command.words
        name = basename(words[0].text) if words and not words[0].dynamic else ""
        if not words or name in _WRITES_NOTHING:
            continue
        written = echoed(words) if name in ("echo", "printf") else UNKNOWN
        if name in _PASSES_ON:
            written = _passed_on(command)
        dynamic = dynamic or written.dynamic
        if written.text:
            texts.append(written.text)
    return Word("\n".join(texts), dynamic)


def _passed_on(command: SimpleCommand) -> Word:
    """What ``cat`` and its like write: what they read, if that is no file of its own."""
    name = basename(command.words[0].text)
    given = [word for word in command.words[1:] if not word.text.startswith("-") or word.dynamic]
    if name == "cat" and given:
        contents = [word.content for word in given]
        known = [content for content in contents if content is not None]
        return Word("\n".join(c.text for c in known), len(known) < len(given) or any(c.dynamic for c in known))
    return input_text(command)


def input_text(command: SimpleCommand) -> Word:
    """What the command reads from its standard input; dynamic where that is not known, or is the terminal."""
    if command.inputs:
        return Word("\n".join(word.text for word in command.inputs), any(word.dynamic for word in command.inputs))
    return output_text(command.before) if command.before else UNKNOWN


def echoed(words: Sequence[Word]) -> Word:
    """What ``echo`` or ``printf`` writes, if it is known."""
    if any(word.dynamic or word.pattern for word in words):
        return UNKNOWN
    given = [word.text for word in words[1:]]
    if basename(words[0].text) == "echo":
        while given and re.fullmatch(r"-[neE]+", given[0]):
            del given[0]
        return Word(" ".join(given).replace("\\n", "\n"))
    if not given:
        return Word("")
    form = ansi_quoted(given[0])
    if "%" not in form:
        return Word(form)
    if re.fullmatch(r"%s\s*", form):
        return Word("".join(form.replace("%s", value) for value in given[1:]))
    if form.count("%") == form.count("%s") == len(given) - 1:
        for value in given[1:]:
            form = form.replace("%s", value, 1)
        return Word(form)
    return UNKNOWN
