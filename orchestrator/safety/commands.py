"""A shell command in, one verdict out: allowed, to be confirmed, blocked, worth a warning, or not readable.

What the verdict is good for is the person reading along; it binds nobody.  A program can always hide a command from a
reader, so what holds is the sandbox around the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety.command_rules import CommandRule, parse_rule
from orchestrator.safety.shell import MAX_DEPTH, SimpleCommand, Word, commands_in
from orchestrator.safety.shell_quotes import Unreadable
from orchestrator.safety.wrappers import SHELLS, inner_commands, program_of, script_of

Decision: TypeAlias = Literal["allow", "confirm", "block", "warn", "unknown"]

_WEIGHT: Final[Sequence[Decision]] = ("block", "confirm", "warn", "unknown", "allow")
"""Of several verdicts the first of these counts."""


@dataclass(frozen=True, slots=True)
class CommandVerdict:
    """What is to be said of one command."""

    decision: Decision
    rule: str
    """The policy's own words that matched; empty for ``allow``."""
    reason: str


_ALLOWED = CommandVerdict("allow", rule="", reason="no rule speaks of it")


@dataclass(frozen=True, slots=True)
class CommandFilter:
    """The policy's three lists of commands, ready to be matched."""

    blocked: tuple[CommandRule, ...]
    confirm: tuple[CommandRule, ...]
    warn: tuple[CommandRule, ...]

    @classmethod
    def of(cls, config: SandboxConfig) -> CommandFilter:
        """The filter of a sandbox policy."""
        return _filter_of(config.blocked_commands, config.confirm_commands, config.warn_patterns)

    def judge(self, command: str) -> CommandVerdict:
        """The gravest verdict on anything the command line would run."""
        try:
            verdicts = list(self._verdicts(command, 0))
        except (Unreadable, RecursionError) as error:
            return CommandVerdict("unknown", rule="reader", reason=f"the command cannot be read: {error}")
        return min(verdicts, key=lambda verdict: _WEIGHT.index(verdict.decision), default=_ALLOWED)

    def _verdicts(self, text: str, depth: int) -> Iterator[CommandVerdict]:
        if depth > MAX_DEPTH:
            raise Unreadable("commands are nested too deeply")
        for command in commands_in(text, depth=depth):
            yield from self._of_command(command, depth)

    def _of_command(self, command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        upstream = [layer for words in command.pipeline for layer in _layers(words)]
        for words in _layers(command.words):
            if words[0].dynamic or words[0].pattern:
                yield CommandVerdict("unknown", rule="reader", reason="only the shell knows which program this runs")
                continue
            yield from self._by_rules(words, upstream)
            for script in _scripts(words, command):
                if script is None:
                    reason = f"only at run time is it known what {program_of(words)} is given to run"
                    yield CommandVerdict("unknown", rule="reader", reason=reason)
                else:
                    yield from self._verdicts(script, depth + 1)

    def _by_rules(self, words: Sequence[Word], upstream: Sequence[Sequence[Word]]) -> Iterator[CommandVerdict]:
        listed: tuple[tuple[Decision, tuple[CommandRule, ...], str], ...] = (
            ("block", self.blocked, "is blocked"),
            ("confirm", self.confirm, "needs a person's consent"),
            ("warn", self.warn, "is worth a look"),
        )
        for decision, rules, said in listed:
            for rule in rules:
                fit = rule.fits(words, upstream)
                if fit == "yes":
                    yield CommandVerdict(decision, rule=rule.text, reason=f"`{rule.text}` {said} by the sandbox policy")
                elif fit == "perhaps":
                    reason = f"whether this is `{rule.text}` is only known at run time"
                    yield CommandVerdict("unknown", rule=rule.text, reason=reason)


@lru_cache(maxsize=16)
def _filter_of(blocked: tuple[str, ...], confirm: tuple[str, ...], warn: tuple[str, ...]) -> CommandFilter:
    read: Callable[[tuple[str, ...]], tuple[CommandRule, ...]] = lambda texts: tuple(map(parse_rule, texts))  # noqa: E731
    return CommandFilter(read(blocked), read(confirm), read(warn))


def _layers(words: tuple[Word, ...], depth: int = 0) -> Iterator[tuple[Word, ...]]:
    """The command, and every command it starts in its turn: ``sudo rm x``, then ``rm x``."""
    if depth > MAX_DEPTH:
        raise Unreadable("commands are nested too deeply")
    if not words:
        return
    yield words
    if not words[0].dynamic:
        for inner in inner_commands(words):
            yield from _layers(inner, depth + 1)


def _scripts(words: Sequence[Word], command: SimpleCommand) -> Iterator[str | None]:
    """Texts that this program runs as commands; ``None`` for one that is not known before."""
    script = script_of(words)
    if script is not None:
        yield None if script.dynamic else script.text
    elif program_of(words) in SHELLS and not [word for word in words[1:] if not word.text.startswith("-")]:
        yield from command.inputs
        if command.pipeline and not command.inputs:
            yield _echoed(command.pipeline[-1])


def _echoed(words: Sequence[Word]) -> str | None:
    """What ``echo`` or ``printf`` writes into the pipe, if it is known."""
    if program_of(words) not in ("echo", "printf") or any(word.dynamic or word.pattern for word in words):
        return None
    return " ".join(word.text for word in words[1:] if not word.text.startswith("-e")).replace("\\n", "\n")
