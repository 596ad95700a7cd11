"""Build one command line from options: leave out what a rehearsal must not have, add what a recovery needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from orchestrator.models.work import Assignment
from orchestrator.value_class import value_class

Option: TypeAlias = tuple[str, ...]
"""A flag followed by its values."""


@value_class
class Grammar:
    """What a CLI's parser knows about its flags, as far as a changed command line needs it."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    """The spelling we use, by every other one (``--cd`` → ``-C``)."""
    repeatable: frozenset[str] = frozenset()
    """Flags that may stand more than once; any other is replaced."""
    valued: frozenset[str] = frozenset()
    """Flags that are an error without a value."""

    def name(self, flag: str) -> str:
        """Reduce a flag to its one name, without value or alias."""
        bare = flag.partition("=")[0] if flag.startswith("--") else flag
        return self.aliases.get(bare, bare)


def assembled(options: Sequence[Option], assignment: Assignment, grammar: Grammar) -> tuple[str, ...]:
    """The options as arguments, after ``without_flags`` and then ``extra_flags`` of the assignment.

    An extra flag that was left out is put back as it was; one that stands there already is replaced by the extra one
    unless it may be repeated.
    """
    left_out = {grammar.name(flag) for flag in assignment.without_flags}
    kept = [option for option in options if grammar.name(option[0]) not in left_out]
    for extra in _grouped(assignment.extra_flags):
        kept = _with(kept, extra, everything=options, grammar=grammar)
    return tuple(word for option in kept for word in option)


def additions(env: Mapping[str, str], assignment: Assignment) -> dict[str, str]:
    """The adapter's environment, after ``without_flags`` and then ``extra_env`` of the assignment."""
    kept = {name: value for name, value in env.items() if name not in assignment.without_flags}
    return {**kept, **assignment.extra_env}


def folders(assignment: Assignment) -> tuple[str, ...]:
    """Every folder besides the target that the worker is to work with, each once, in order."""
    wanted = (assignment.scratch, *assignment.writable, *assignment.readable)
    return tuple(dict.fromkeys(str(folder) for folder in wanted if folder != assignment.target))


def _grouped(words: Sequence[str]) -> list[Option]:
    """Group flat words into options: a word that is no flag is a value of the flag before it."""
    groups: list[Option] = []
    for word in words:
        if word.startswith("-") or not groups:
            groups.append((word,))
        else:
            groups[-1] = (*groups[-1], word)
    return groups


def _with(kept: list[Option], extra: Option, *, everything: Sequence[Option], grammar: Grammar) -> list[Option]:
    name = grammar.name(extra[0])
    bare = len(extra) == 1 and "=" not in extra[0]
    if extra in everything or (bare and any(grammar.name(option[0]) == name for option in everything)):
        return _in_order(kept, name, everything=everything, grammar=grammar)
    if bare and name in grammar.valued:
        return kept
    if extra in kept:
        return kept
    if name in grammar.repeatable:
        return [*kept, extra]
    return [*(option for option in kept if grammar.name(option[0]) != name), extra]


def _in_order(kept: list[Option], name: str, *, everything: Sequence[Option], grammar: Grammar) -> list[Option]:
    """Put every option of this name back at its original place among those that were kept."""
    wanted: Collection[Option] = {*kept, *(option for option in everything if grammar.name(option[0]) == name)}
    ordered = [option for option in everything if option in wanted]
    return [*ordered, *(option for option in kept if option not in everything)]
