"""One line of a sandbox policy's command lists in, whether a command is meant by it out.

``rm -rf`` means rm with both flags in any spelling; ``git push`` means git whose first word is push, whatever options
stand before; ``curl | sh`` means curl anywhere before a shell in one pipe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from orchestrator.safety.shell_words import Word
from orchestrator.safety.wrappers import SHELLS, program_of

Fit: TypeAlias = Literal["yes", "perhaps", "no"]

_LONG: Final[Mapping[str, str]] = {"r": "recursive", "f": "force"}
"""The long spelling of short flags, as in coreutils; any unambiguous beginning of it counts."""

_VARIANT = re.compile(r"[\d.]+|\.\w+")

_VALUED: Final[Mapping[str, frozenset[str]]] = {
    "git": frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"}),
    "npm": frozenset({"-C", "--prefix", "-w", "--workspace", "--registry", "--userconfig", "--cache"}),
    "pip": frozenset({"--python", "--proxy", "--log", "--cache-dir", "--cert", "--retries", "--timeout"}),
}
"""Options before the first word that take the next one as their value."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """One command of a rule."""

    program: str
    letters: frozenset[str]
    options: frozenset[str]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommandRule:
    """One line of a list; more than one stage is a pipe."""

    text: str
    stages: tuple[_Stage, ...]

    @property
    def program(self) -> str:
        """The program it speaks of; of a pipe, the last."""
        return self.stages[-1].program if self.stages else ""

    def may_mean(self, name: str) -> bool:
        """Whether it speaks of a program of this name at all."""
        return bool(self.stages) and _is_program(self.stages[-1].program, name)

    def fits(self, words: Sequence[Word], upstream: Sequence[Sequence[Word]], name: str | None = None) -> Fit:
        """Whether the command, with those before it in its pipe, is meant."""
        if not self.stages:
            return "no"
        fit = _fits(self.stages[-1], words, program_of(words) if name is None else name)
        if fit == "no":
            return fit
        at = len(upstream)
        for stage in reversed(self.stages[:-1]):
            at = next(
                (n for n in range(at - 1, -1, -1) if _fits(stage, upstream[n], program_of(upstream[n])) != "no"), -1
            )
            if at < 0:
                return "no"
        return fit


def parse_rule(text: str) -> CommandRule:
    """Read one line of a policy; an empty one means nothing."""
    stages = tuple(_stage(part.split()) for part in text.split("|") if part.strip())
    return CommandRule(text, stages)


def _stage(words: Sequence[str]) -> _Stage:
    options = [word for word in words[1:] if word.startswith("-")]
    return _Stage(
        program=words[0],
        letters=frozenset(letter for option in options if not option.startswith("--") for letter in option[1:]),
        options=frozenset(option for option in options if option.startswith("--")),
        arguments=tuple(word for word in words[1:] if not word.startswith("-")),
    )


def _fits(stage: _Stage, words: Sequence[Word], name: str) -> Fit:
    if not _is_program(stage.program, name):
        return "no"
    given = words[1:]
    if stage.program == "git" and name.startswith("git-"):
        given = (Word(name[len("git-") :]), *given)
    missing = [letter for letter in stage.letters if not _has_letter(letter, given)]
    missing += [option for option in stage.options if not any(w.text.partition("=")[0] == option for w in given)]
    positional = _positional(stage.program, given)[: len(stage.arguments)]
    differs = any(
        not _means(word.text, wanted, stage.program) and not word.dynamic
        for word, wanted in zip(positional, stage.arguments, strict=False)
    )
    if differs or len(positional) < len(stage.arguments):
        return "no"
    unsure = any(word.dynamic for word in positional)
    if missing:
        # ``rm $flags x``: the flags may stand in the first word, which is where people put them.
        return "perhaps" if given and given[0].dynamic and not given[0].text else "no"
    return "perhaps" if unsure else "yes"


def _means(text: str, wanted: str, program: str) -> bool:
    """npm takes any beginning of a command that no other has; three letters are taken for one."""
    return text == wanted or (program == "npm" and len(text) >= 3 and wanted.startswith(text))


def _is_program(wanted: str, name: str) -> bool:
    """``mkfs`` also means ``mkfs.ext4``, ``pip`` also ``pip3.11``, ``git`` also ``git-push``, and ``sh`` any shell."""
    if name == wanted:
        return True
    if not name.startswith(wanted):
        return wanted == "sh" and name in SHELLS
    return _VARIANT.fullmatch(name, len(wanted)) is not None or (wanted == "git" and name.startswith("git-"))


def _has_letter(letter: str, words: Sequence[Word]) -> bool:
    for word in words:
        text = word.text
        if text == "--":
            return False
        if text.startswith("--"):
            long = _LONG.get(letter, "")
            if len(text) > 2 and long.startswith(text[2:]):
                return True
        elif text.startswith("-") and (letter in text or (letter == "r" and "R" in text)):
            return True
    return False


def _positional(program: str, words: Sequence[Word]) -> list[Word]:
    """The words that are no options and no option's value."""
    valued = _VALUED.get(program, frozenset())
    found: list[Word] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.text in valued:
            skip = True
        elif not word.text.startswith("-") or word.text == "-":
            found.append(word)
    return found
