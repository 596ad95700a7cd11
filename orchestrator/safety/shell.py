"""A shell command line in, the simple commands it would run out.  Reads; never runs or expands anything.

This is a reader for the common forms, not a shell: what it cannot read it says so, and the sandbox around the process
is what holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.safety.shell_quotes import Unreadable, ansi_quoted, closing_bracket

MAX_CHARS = 100_000
"""A longer command is not read."""
MAX_DEPTH = 12
"""Of commands inside commands."""
MAX_STAGES = 50
"""Of one pipe."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, quotes removed."""

    text: str
    dynamic: bool = False
    """Part of it only the shell will know: a variable or a substitution; that part is missing from the text."""
    pattern: bool = False
    """It holds an unquoted ``*``, ``?``, ``[`` or ``{`` that the shell may replace."""


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """One program with its arguments, redirections and assignments taken off."""

    words: tuple[Word, ...]
    pipeline: tuple[tuple[Word, ...], ...] = ()
    """The words of the commands before it in its pipe, first one first."""
    inputs: Sequence[str] = ()
    """Here-documents and here-strings it reads."""


_CONTROL = re.compile(r"\|\||&&|\|&|;;&|;;|;&|[;&|\n()]")
_REDIRECT = re.compile(r"\d*(?:<<<|<<-|<<|>>|>\||<>|&>>|&>|>&|<&|>|<)")
_RESERVED = frozenset(
    {"if", "then", "elif", "else", "fi", "do", "done", "while", "until", "!", "{", "}", "esac", "coproc"}
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^]]*\])?\+?=")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])")


@dataclass(slots=True)
class _Reader:
    """Walks over the text once; substitutions are read by readers of their own."""

    text: str
    depth: int
    at: int = 0
    found: list[SimpleCommand] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    pipeline: tuple[tuple[Word, ...], ...] = ()
    documents: list[tuple[str, bool, bool, list[str]]] = field(default_factory=list)
    """Here-documents begun on this line: delimiter, quoted, tabs stripped, the list their text goes to."""

    def read(self) -> list[SimpleCommand]:
        """Every simple command of the text, those inside substitutions included."""
        if self.depth > MAX_DEPTH:
            raise Unreadable("commands are nested too deeply")
        while self.at < len(self.text):
            self._step()
        self._end(piped=False)
        if self.documents:
            raise Unreadable("a here-document does not end")
        return self.found

    def _step(self) -> None:
        char = self.text[self.at]
        if char in " \t\r":
            self.at += 1
        elif self.text.startswith("\\\n", self.at):
            self.at += 2
        elif char == "#":
            newline = self.text.find("\n", self.at)
            self.at = len(self.text) if newline < 0 else newline
        elif self.text.startswith(("<(", ">("), self.at):
            self._word()
        elif redirect := _REDIRECT.match(self.text, self.at):
            self._redirect(redirect.group())
        elif control := _CONTROL.match(self.text, self.at):
            self.at = control.end()
            self._end(piped=control.group() in ("|", "|&"))
            if control.group() == "\n":
                self._documents()
        else:
            self._word()

    def _end(self, *, piped: bool) -> None:
        words = list(self.words)
        while words and (words[0].text in _RESERVED or words[0].text == "function") and not words[0].dynamic:
            del words[: 2 if words[0].text == "function" else 1]
        if words and words[0].text in ("for", "select", "case"):
            words = []
        while words and _ASSIGNMENT.match(words[0].text):
            del words[0]
        if words:
            # The list of inputs is shared: the text of a here-document comes only after the line.
            self.found.append(SimpleCommand(tuple(words), self.pipeline, self.inputs))
        if not piped:
            self.pipeline = ()
        elif self.found:
            if len(self.pipeline) >= MAX_STAGES:
                raise Unreadable(f"a pipe has more than {MAX_STAGES} commands")
            # After a group it is the group's last command that stands for it.
            self.pipeline = (*self.pipeline, self.found[-1].words)
        self.words, self.inputs = [], []

    def _documents(self) -> None:
        for delimiter, quoted, strip, inputs in self.documents:
            body: list[str] = []
            while self.at < len(self.text):
                newline = self.text.find("\n", self.at)
                end = len(self.text) if newline < 0 else newline
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if strip else line) == delimiter:
                    break
                body.append(line)
            text = "\n".join(body)
            inputs.append(text)
            if not quoted:
                self._substitutions_in(text)
        self.documents = []

    def _substitutions_in(self, text: str) -> None:
        inner = _Reader(text, self.depth + 1)
        while inner.at < len(text):
            char = text[inner.at]
            if char == "\\":
                inner.at += 2
            elif char in "$`":
                inner._expansion()
            else:
                inner.at += 1
        self.found.extend(inner.found)

    def _redirect(self, operator: str) -> None:
        self.at += len(operator)
        kind = operator.lstrip("0123456789")
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        if self.at >= len(self.text) or (_CONTROL.match(self.text, self.at) and self.text[self.at] != "("):
            raise Unreadable("a redirection goes nowhere")
        before, start = len(self.words), self.at
        self._word()
        target = self.words.pop() if len(self.words) > before else Word("")
        if kind in ("<<", "<<-"):
            quoted = any(char in "'\"\\" for char in self.text[start : self.at])
            self.documents.append((target.text, quoted, kind == "<<-", self.inputs))
        elif kind == "<<<":
            self.inputs.append("$" if target.dynamic else target.text)

    def _word(self) -> None:
        parts: list[str] = []
        dynamic = pattern = False
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if self.text.startswith(("<(", ">("), self.at) and self.at == start:
                self._nested(self.at + 2)
                dynamic = True
                break
            if char in " \t\r\n;&|()<>":
                break
            if char == "\\":
                parts.append(self.text[self.at + 1 : self.at + 2].replace("\n", ""))
                self.at += 2
            elif char == "'":
                parts.append(self._single())
            elif char == '"':
                text, inner = self._double()
                parts.append(text)
                dynamic = dynamic or inner
            elif char in "$`":
                text, inner = self._expansion()
                parts.append(text)
                dynamic = dynamic or inner
            else:
                pattern = pattern or char in "*?[{"
                parts.append(char)
                self.at += 1
        word = "".join(parts)
        # ``{`` opens a group, and ``[`` is a program.
        self.words.append(Word(word, dynamic, pattern and word not in ("{", "[", "[[")))

    def _single(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise Unreadable("a quote does not end")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        return text

    def _double(self) -> tuple[str, bool]:
        parts: list[str] = []
        dynamic = False
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                return "".join(parts), dynamic
            if char == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                parts.append("" if following == "\n" else following if following in '$`"\\' else "\\" + following)
                self.at += 2
            elif char in "$`":
                text, inner = self._expansion()
                parts.append(text)
                dynamic = dynamic or inner
            else:
                parts.append(char)
                self.at += 1
        raise Unreadable("a quote does not end")

    def _expansion(self) -> tuple[str, bool]:
        """Read past ``$…`` or a backquoted command.  Returns the text as far as it is known, and whether it is not."""
        text, at = self.text, self.at
        if text[at] == "`":
            end = at + 1
            while end < len(text) and text[end] != "`":
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise Unreadable("a backquote does not end")
            inside = re.sub(r"\\([\\`$])", r"\1", text[at + 1 : end])
            self.found.extend(_Reader(inside, self.depth + 1).read())
            self.at = end + 1
            return "", True
        if text.startswith("$((", at):
            end = closing_bracket(text, at + 3)
            if text.startswith(")", end + 1):
                self._substitutions_in(text[at + 3 : end])
                self.at = end + 2
                return "", True
        if text.startswith("$(", at):
            self._nested(at + 2)
            return "", True
        if text.startswith("${", at):
            self._braced()
            return "", True
        if text.startswith("$'", at):
            return self._ansi(), False
        if text.startswith('$"', at):
            self.at += 1
            return self._double()
        name = _VARIABLE.match(text, at)
        self.at = name.end() if name else at + 1
        return ("", True) if name else ("$", False)

    def _nested(self, start: int) -> None:
        """Read the commands up to the bracket that closes the one before ``start``."""
        end = closing_bracket(self.text, start)
        self.found.extend(_Reader(self.text[start:end], self.depth + 1).read())
        self.at = end + 1

    def _braced(self) -> None:
        end = closing_bracket(self.text, self.at + 2, brackets="{}")
        self._substitutions_in(self.text[self.at + 2 : end])
        self.at = end + 1

    def _ansi(self) -> str:
        inside, self.at = ansi_quoted(self.text, self.at + 2)
        return inside


def commands_in(text: str, *, depth: int = 0) -> Sequence[SimpleCommand]:
    """Every simple command the text would run, inner ones before the command that holds them.

    Raises:
        Unreadable: Quotes or brackets that do not end, or a text that is too long or too deep.
    """
    if len(text) > MAX_CHARS:
        raise Unreadable(f"it is longer than {MAX_CHARS:,} characters")
    return _Reader(text, depth).read()
