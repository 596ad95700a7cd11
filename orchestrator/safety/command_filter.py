"""Judge a shell command: allowed, to be confirmed, blocked, worth a warning, or not readable.

The verdict is a warning light and a brake: a program can always hide a command from a reader, so what holds is the
sandbox around the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from orchestrator.models.sandbox import SandboxConfig, Unsure
from orchestrator.safety.carried_texts import Carried, carried_by, carries, texts_of_variables
from orchestrator.safety.code_texts import (
    OPAQUE,
    RUNS_ANYTHING,
    UNSEEN,
    Started,
    interprets,
    run_by_interpreter,
    runs_code,
    started_by,
    started_in,
)
from orchestrator.safety.command_rules import CommandRule, parse_rules
from orchestrator.safety.evaluated_output import is_meant_for_shells, texts_to_write
from orchestrator.safety.find_command import commands_of_find, piped_by
from orchestrator.safety.git_commands import commands_of_git, scripts_of_git
from orchestrator.safety.operands import DESTROYS, WRITES
from orchestrator.safety.path_scope import Reach, WorkerPaths, is_device
from orchestrator.safety.shell.scope import NOWHERE, Scope, SimpleCommand, input_text
from orchestrator.safety.shell.simple_commands import MAX_DEPTH, read
from orchestrator.safety.shell.words import Unreadable, Word
from orchestrator.safety.wrappers import (
    SHELLS,
    TAKES_DATA,
    handed_on,
    has_verbs,
    inner_commands,
    may_hand_on,
    may_run_elsewhere,
    other_readings,
    perhaps_run,
    perhaps_started,
    program_of,
    reads_commands,
    runs_elsewhere,
    script_of,
    scripts_of_aliases,
    starts_others,
)
from orchestrator.safety.written_files import run_from_files
from orchestrator.value_class import value_class

MOST_NAMES: Final = 1000
"""Of programs whose rules are remembered."""

Decision: TypeAlias = Literal["allow", "confirm", "block", "warn", "unknown"]

_WEIGHT: Final[Sequence[Decision]] = ("block", "confirm", "warn", "unknown", "allow")
"""Of several verdicts the first of these counts."""
_CAREFUL_WEIGHT: Final[Sequence[Decision]] = ("block", "confirm", "unknown", "warn", "allow")
"""The same where what is not known needs consent or is refused."""


@value_class
class CommandVerdict:
    """The verdict on one command, with its reason."""

    decision: Decision
    rule: str
    """The policy's own words that matched; empty for ``allow``."""
    reason: str
    sure: bool = True
    """``False``: it was blocked only because what it reaches is not known before it runs."""
    agent: str = ""
    """It would start the CLI of this agent."""
    past_guards: bool = False
    """It would start it by another file than the one on PATH, in front of which a guard may stand."""


_SAID: Final[Mapping[Decision, str]] = {"confirm": "needs a person's consent", "warn": "is worth a look"}
_REACHES: Final[Mapping[Reach, str]] = {
    "outside": "it reaches outside the worker's folders",
    "whole": "it would take the whole folder",
    "protected": "it reaches what is never writable",
    "unknown": "what it reaches is only known at run time",
}
"""Why a command is blocked for what it reaches, the worst first."""
_ALLOWED = CommandVerdict("allow", rule="", reason="no rule speaks of it")


class About(NamedTuple):
    """What the rules say of a program by its name alone."""

    rules: tuple[tuple[Decision, CommandRule], ...]
    """Those that may mean it."""
    starts_others: bool
    """Its words may hold other commands."""
    writes: Callable[[Sequence[Word]], list[Word]] | None
    """Which of its words are files it writes."""
    unfamiliar: bool
    """No table knows what it makes of its words."""
    moves: bool
    """What it starts may run elsewhere."""
    runs_code: bool
    """It takes code in an argument."""
    interprets: bool
    """It is an interpreter, which may be told to be another program."""
    hands_on: bool
    """Its own verbs are known, and it may start what stands behind ``--`` all the same."""
    carries: bool
    """It may be given a text to run by option, as a file or on its input."""


class Rules:
    """A policy's three lists of commands, looked up by program."""

    def __init__(self, blocked: Sequence[str], confirm: Sequence[str], warn: Sequence[str]) -> None:
        listed: Sequence[tuple[Decision, Sequence[str]]] = (("block", blocked), ("confirm", confirm), ("warn", warn))
        self._all = tuple(
            (decision, rule) for decision, texts in listed for text in texts for rule in parse_rules(text)
        )
        self._by_name: dict[str, About] = {}

    def about(self, name: str) -> About:
        """What is known of every program of this name."""
        found = self._by_name.get(name)
        if found is None:
            if len(self._by_name) > MOST_NAMES:
                self._by_name.clear()
            rules = tuple((decision, rule) for decision, rule in self._all if rule.may_mean(name))
            starts = (
                name in ("find", "git") or name in SHELLS or starts_others(name) or runs_code(name) or carries(name)
            )
            plain = name in WRITES or name in TAKES_DATA
            unfamiliar = not rules and not starts and not plain
            found = About(
                rules,
                starts,
                WRITES.get(name),
                unfamiliar=unfamiliar,
                hands_on=not plain and (has_verbs(name) or any(rule.stages[-1].verbs for _, rule in rules)),
                moves=may_run_elsewhere(name),
                runs_code=runs_code(name),
                interprets=interprets(name),
                carries=carries(name),
            )
            self._by_name[name] = found
        return found


@value_class
class CommandFilter:
    """Judges commands under one policy."""

    rules: Rules
    unsure: Unsure = "warn"
    """What becomes of ``unknown``: the policy's ``unsure_commands``."""
    around: WorkerPaths | None = None
    """Where the commands run; ``None``: every path may be anybody's."""

    @classmethod
    def of(cls, config: SandboxConfig, around: WorkerPaths | None = None) -> CommandFilter:
        """The filter of a sandbox policy, for a worker's paths."""
        rules = _rules_of(config.blocked_commands, config.confirm_commands, config.warn_patterns)
        return cls(rules, config.unsure_commands, around)

    def judge(self, command: str) -> CommandVerdict:
        """The gravest verdict on anything the command line would run."""
        scope = self.around.scope() if self.around is not None else NOWHERE
        return self._gravest(lambda: self._of_text(command, scope, 0))

    def judge_words(self, argv: Sequence[str], cwd: str) -> CommandVerdict:
        """The gravest verdict on one program with its arguments, as it is about to be started in ``cwd``."""
        scope = Scope(cwd=cwd, home=self.around.home if self.around is not None else None)
        command = SimpleCommand(tuple(Word(text) for text in argv), scope=scope)
        return self._gravest(lambda: self._of_command(command, 0))

    def _gravest(self, verdicts: Callable[[], Iterator[CommandVerdict]]) -> CommandVerdict:
        found: list[CommandVerdict] = []
        try:
            found.extend(verdicts())
        except (Unreadable, RecursionError) as error:
            found.append(_unknown("reader", f"the command cannot be read: {error}"))
        weight = _CAREFUL_WEIGHT if self.unsure in ("confirm", "block") else _WEIGHT
        return min(found, key=lambda verdict: (weight.index(verdict.decision), not verdict.sure), default=_ALLOWED)

    def _of_text(self, text: str, scope: Scope, depth: int) -> Iterator[CommandVerdict]:
        reading = read(text, scope=scope, depth=depth)
        for command in reading.commands:
            yield from self._of_command(command, depth)
        if reading.problem is not None:
            yield _unknown("reader", f"the command cannot be read: {reading.problem}")

    def _of_command(self, command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        if depth > MAX_DEPTH:
            raise Unreadable("commands are nested too deeply")
        for written in command.writes:
            yield from self._of_write(written, command.scope)
        for carried in texts_of_variables(command.sets) if command.sets else ():
            yield from self._of_text(carried.text.text, command.scope, depth + 1)
        if command.words:
            yield from self._of_words(command.words, command, depth)

    def _of_words(self, words: Sequence[Word], command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        if (words[0].dynamic and not words[0].named) or words[0].pattern:
            yield _unknown("reader", "only the shell knows which program this runs")
            if not words[0].text:
                return
        name = program_of(words)
        about = self.rules.about(name)
        if about.rules:
            yield from self._by_rules(about.rules, words, command, name)
        for written in about.writes(words) if about.writes is not None else ():
            yield from self._of_write(written, command.scope)
        if about.starts_others:
            yield from self._of_started(name, about, words, command, depth)
        elif about.unfamiliar and len(words) > 2:
            yield from self._by_words_behind(words, command, depth)
        if about.hands_on and len(words) > 2 and may_hand_on(words):
            for inner in handed_on(words):
                yield from self._by_listed(inner, command)
            for text in scripts_of_aliases(name, words):
                yield from self._of_text(text, command.scope, depth + 1)
        if command.scope.files:
            yield from self._of_files(name, words, command, depth)

    def _of_files(
        self, name: str, words: Sequence[Word], command: SimpleCommand, depth: int
    ) -> Iterator[CommandVerdict]:
        """What the command runs of files that the text has written before."""
        told = command._replace(scope=command.scope.with_arguments(words[1:])) if words[0].content else command
        for carried in run_from_files(name, words, command.scope):
            yield from self._of_carried(name, carried, told, depth)

    def _of_started(
        self, name: str, about: About, words: Sequence[Word], command: SimpleCommand, depth: int
    ) -> Iterator[CommandVerdict]:
        moved = about.moves and self.around is not None and runs_elsewhere(words)
        judge = replace(self, around=None) if moved else self
        for inner in run_by_interpreter(name, words) if about.interprets else ():
            for verdict in judge._of_command(command._replace(words=inner, writes=(), sets=()), depth + 1):
                yield replace(verdict, past_guards=True) if verdict.agent else verdict
        for inner in self._inner(name, words, command):
            if inner and " " in inner[0].text and not inner[0].dynamic:
                yield from judge._of_script(name, inner[0], command.scope, depth)  # ``entr -s 'a b'``: a command line
            elif inner:
                yield from judge._of_command(command._replace(words=inner, writes=(), sets=()), depth + 1)
        for script in self._scripts(name, words, command):
            yield from judge._of_script(name, script, _told(words, script, command.scope), depth)
        for started in started_by(name, words) if about.runs_code else ():
            yield from self._of_program(name, started, command, depth)
        if about.carries:
            for carried in carried_by(name, words, command):
                yield from judge._of_carried(name, carried, command, depth)

    def _of_carried(self, name: str, carried: Carried, command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        """A text in some language that a command is given to run."""
        if carried.language == "shell":
            if carried.text.dynamic and command.pipeline:
                yield from self._by_texts_upstream(command, depth)
            yield from self._of_script(name, carried.text, command.scope, depth)
            return
        if carried.text.dynamic and not carried.text.text and carried.language in RUNS_ANYTHING:
            yield _unknown("reader", f"only at run time is it known what {name} is given to run")
        for started in started_in(carried):
            yield from self._of_program(name, started, command, depth)

    def _of_script(self, name: str, script: Word, scope: Scope, depth: int) -> Iterator[CommandVerdict]:
        """A shell's text that a command is given to run."""
        if script.dynamic and not is_meant_for_shells(script.made_by):
            yield from self._by_pipes_into_shells(script.made_by)
            yield _unknown("reader", f"only at run time is it known what {name} is given to run")
        if script.text:
            yield from self._of_text(script.text, scope, depth + 1)

    def _by_texts_upstream(self, command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        """``X --format='git push %(x)' | sh``: what is written is not known, but what it is made of stands there."""
        for stage in command.pipeline:
            for text in texts_to_write(stage):
                for verdict in self._of_text(text, command.scope, depth + 1):
                    if verdict.decision in ("block", "confirm"):
                        yield verdict

    def _by_pipes_into_shells(self, made_by: str) -> Iterator[CommandVerdict]:
        """``sh -c "$(curl x)"`` and ``bash <(curl x)`` do what ``curl x | sh`` does."""
        upstream = [[Word(part) for part in stage.split()] for stage in made_by.split(" | ") if stage.strip()]
        for decision, rule in self.rules.about("sh").rules if upstream else ():
            if len(rule.stages) > 1 and rule.fits((Word("sh"),), upstream, "sh") == "yes":
                yield CommandVerdict(decision, rule.text, f"`{rule.text}` {_SAID[decision]} by the sandbox policy")

    def _of_program(self, name: str, started: Started, command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        """What a program in an argument, or on standard input, starts."""
        if started is OPAQUE:
            yield _unknown("reader", f"only at run time is it known what {name} is given to run")
        elif started is UNSEEN:
            yield CommandVerdict("warn", name, f"the program given to {name} removes files or starts commands")
        elif started.script is not None:
            yield from self._of_text(started.script, command.scope, depth + 1)
        else:
            inner = command._replace(words=started.words, writes=(), inputs=(), before=(), sets=())
            yield from self._of_command(inner, depth + 1)

    def _inner(self, name: str, words: Sequence[Word], command: SimpleCommand) -> Iterator[tuple[Word, ...]]:
        if name == "find":
            yield from commands_of_find(words)
            return
        if name == "git":
            yield from commands_of_git(words)
            return
        piped: Sequence[Word] = ()
        if name == "xargs" and command.inputs:
            piped = [Word(part, word.dynamic) for word in command.inputs for part in word.text.split()]
        elif name == "xargs" and command.pipeline:
            piped = piped_by(command.pipeline[-1], program_of(command.pipeline[-1]))
        yield from inner_commands(words, piped)
        if len(words) > 2 and (words[1].text[:1] == "-" or words[2].text[:1] == "-"):
            yield from (inner for inner in other_readings(words) if inner and " " not in inner[0].text)

    def _scripts(self, name: str, words: Sequence[Word], command: SimpleCommand) -> Iterator[Word]:
        """Texts that this program runs as commands."""
        if name == "git":
            yield from scripts_of_git(words, command.scope)
            return
        script = script_of(words)
        if script is not None:
            yield script
        elif reads_commands(words) and (command.inputs or command.before) and not any(inner_commands(words)):
            yield input_text(command)

    def _by_words_behind(self, words: Sequence[Word], command: SimpleCommand, depth: int) -> Iterator[CommandVerdict]:
        """What a program that nobody here knows may be told to start: a listed command in its words, or in a text."""
        for inner in perhaps_started(words):
            yield from self._by_listed(inner, command)
        for text in perhaps_run(words):
            yield from self._of_text(text, command.scope, depth + 1)

    def _by_listed(self, words: Sequence[Word], command: SimpleCommand) -> Iterator[CommandVerdict]:
        """What the rules say of words that may be a command: only those that want more than a program's name."""
        name = program_of(words)
        rules = [(each, rule) for each, rule in self.rules.about(name).rules if each != "warn" and rule.tells_much]
        yield from self._by_rules(rules, words, command._replace(words=tuple(words)), name)

    def _by_rules(
        self,
        rules: Sequence[tuple[Decision, CommandRule]],
        words: Sequence[Word],
        command: SimpleCommand,
        name: str,
    ) -> Iterator[CommandVerdict]:
        for decision, rule in rules:
            fit = rule.fits(words, command.pipeline, name)
            if fit == "no" or (fit == "perhaps" and decision == "warn"):
                continue
            if fit == "perhaps":
                yield _unknown(rule.text, f"whether this is `{rule.text}` is only known at run time")
            elif rule.agent:
                yield CommandVerdict(decision, rule.text, f"it starts another agent, {rule.agent}", agent=rule.agent)
            elif decision == "block":
                yield from self._blocked(rule, words, command.scope)
            else:
                yield CommandVerdict(decision, rule.text, f"`{rule.text}` {_SAID[decision]} by the sandbox policy")

    def _blocked(self, rule: CommandRule, words: Sequence[Word], scope: Scope) -> Iterator[CommandVerdict]:
        blocked = f"`{rule.text}` is blocked by the sandbox policy"
        operands = DESTROYS.get(rule.program)
        if self.around is None or operands is None:
            yield CommandVerdict("block", rule.text, blocked)
            return
        seen = {self.around.reach(word, scope) for word in operands(words)}
        worst = next((reach for reach in _REACHES if reach in seen), None)
        if worst is not None:
            yield CommandVerdict("block", rule.text, f"{blocked}: {_REACHES[worst]}", sure=worst != "unknown")
        elif "inside" in seen:
            yield CommandVerdict("warn", rule.text, f"`{rule.text}` of something inside the worker's folders")

    def _of_write(self, word: Word, scope: Scope) -> Iterator[CommandVerdict]:
        if word.dynamic:
            return
        if is_device(word.text):
            yield CommandVerdict("block", "devices", f"{word.text} is a device")
        elif self.around is not None and self.around.is_protected(word, scope):
            yield CommandVerdict("block", "never_writable", f"{word.text} is never writable by the sandbox policy")


@lru_cache(maxsize=16)
def _rules_of(blocked: tuple[str, ...], confirm: tuple[str, ...], warn: tuple[str, ...]) -> Rules:
    return Rules(blocked, confirm, warn)


def _unknown(rule: str, reason: str) -> CommandVerdict:
    return CommandVerdict("unknown", rule=rule, reason=reason)


def _told(words: Sequence[Word], script: Word, scope: Scope) -> Scope:
    """The scope of a script that is given arguments: ``sh -c 'rm -rf "$1"' _ /etc``."""
    at = next((number for number, word in enumerate(words) if word is script), None)
    if at is None or words[0].text.rpartition("/")[2] not in SHELLS or at + 1 >= len(words):
        return scope
    return scope.with_variable("0", words[at + 1]).with_arguments(words[at + 2 :])
