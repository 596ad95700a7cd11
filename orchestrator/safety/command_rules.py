"""Tell whether one line of a sandbox policy's command lists speaks of a command.

``rm -rf`` means rm with both flags in any spelling; ``git push`` means git asked to push, whatever options stand before
and whatever else means the same; ``curl | sh`` means curl anywhere before a shell in one pipe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from orchestrator.agents.other_clis import OTHER_CLIS
from orchestrator.agents.registry import AGENTS
from orchestrator.late_pattern import late_pattern
from orchestrator.safety.harmless_forms import does_nothing
from orchestrator.safety.shell.words import Word
from orchestrator.safety.verbs import GRAMMARS, asks_for, possible_verbs, verbs_of
from orchestrator.safety.wrappers import SHELLS, program_of
from orchestrator.value_class import value_class

AGENT: Final = "{agent}"
"""In a policy's lists: the CLI of any agent."""
_TELLS: Final = frozenset({"--version", "-v", "-V", "--help", "-h"})
Fit: TypeAlias = Literal["yes", "perhaps", "no"]

_LONG: Final[Mapping[str, str]] = {"r": "recursive", "f": "force"}
"""The long spelling of short flags, as in coreutils; any unambiguous beginning of it counts."""
_NEVER_ASKS: Final = late_pattern(r"--i[a-z]*=(?:never|no|none)")
"""``--interactive=never`` does what ``--force`` is meant for."""

_MEANS: Final[Mapping[str, re.Pattern[str]]] = {
    "--push": late_pattern(r"(?:--output=|-o=?)?(?:.*,)?(?:type=registry|push=true)(?:,.*)?"),
}
"""Words that do what an option does."""

_VARIANT = late_pattern(r"[\d.]+|\.(?:exe|cmd|bat)")
_FILE_SYSTEM = late_pattern(
    r"\.(?!(?:sh|bash|zsh|fish|py|pl|rb|js|mjs|cjs|ts|php|lua|go|rs|c|h|md|txt|toml|ya?ml|json)$)\w+"
)
"""What ``mkfs`` is called with a file system's name; a script of that name is another program."""
CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "gradle": ("gradlew", "gradlew.bat"),
    "mvn": ("mvnw", "mvnw.cmd", "mvnd"),
    "mkfs": ("mke2fs", "mkdosfs", "mkntfs"),
    "podman": ("podman-remote",),
    "parted": ("partprobe",),
    "dd": ("dcfldd", "dc3dd", "gdd"),
    "rm": ("grm", "Remove-Item"),
    "git": ("hub",),
}
"""Other names of a program, or other programs that do the same."""


@value_class
class _Stage:
    """One command of a rule."""

    program: str
    letters: frozenset[str]
    options: frozenset[str]
    arguments: tuple[str, ...]
    verbs: tuple[tuple[str, ...], ...] = ()
    """The arguments, and what else means the same; none where the rule has no arguments."""

    @property
    def tells(self) -> tuple[str, ...]:
        """Of each of the verbs, the word without which it cannot be meant."""
        return tuple(dict.fromkeys(verb[-1] for verb in self.verbs))


@value_class
class CommandRule:
    """One line of a list; more than one stage is a pipe."""

    text: str
    stages: tuple[_Stage, ...]
    agent: str = ""
    """It means a CLI of an agent: the one of this name."""

    @property
    def program(self) -> str:
        """The program it speaks of; of a pipe, the last."""
        return self.stages[-1].program if self.stages else ""

    @property
    def tells_much(self) -> bool:
        """Whether it wants more than a program's name, so that words which fit it are hardly there by chance."""
        return bool(self.stages) and bool(self.stages[-1].verbs or self.stages[-1].letters or self.stages[-1].options)

    def may_mean(self, name: str) -> bool:
        """Whether it speaks of a program of this name at all."""
        return bool(self.stages) and _is_program(self.stages[-1].program, name)

    def fits(self, words: Sequence[Word], upstream: Sequence[Sequence[Word]], name: str | None = None) -> Fit:
        """Whether the command, with those before it in its pipe, is meant."""
        if not self.stages:
            return "no"
        if self.agent and _only_tells(words):
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


def _only_tells(words: Sequence[Word]) -> bool:
    """``X --version``, ``X mcp list --help``: nothing but names of subcommands stands before."""
    at = next((n for n, word in enumerate(words[1:], 1) if word.dynamic or word.text.startswith("-")), len(words))
    return at < len(words) and words[at].text in _TELLS


def parse_rules(text: str) -> tuple[CommandRule, ...]:
    """Read one line of a policy, in which ``{agent}`` stands for every known agent's CLI."""
    if text != AGENT:
        return (parse_rule(text),)
    found: list[CommandRule] = []
    for agent in AGENTS.values():
        # ``npx @scope/package`` starts it by the package's name.
        for name in dict.fromkeys((agent.executable, agent.package.rpartition("/")[2])):
            found.append(CommandRule(text, parse_rule(name).stages, agent=agent.executable))
    known = {rule.program for rule in found}
    others = [parse_rule(called) for called in OTHER_CLIS]
    found += [CommandRule(text, rule.stages, agent=rule.program) for rule in others if rule.program not in known]
    return tuple(found)


def parse_rule(text: str) -> CommandRule:
    """Read one line of a policy; an empty one means nothing."""
    stages = tuple(_stage(part.split()) for part in text.split("|") if part.strip())
    return CommandRule(text, stages)


def _stage(words: Sequence[str]) -> _Stage:
    options = [word for word in words[1:] if word.startswith("-")]
    arguments = tuple(word for word in words[1:] if not word.startswith("-"))
    return _Stage(
        program=words[0],
        letters=frozenset(letter for option in options if not option.startswith("--") for letter in option[1:]),
        options=frozenset(option for option in options if option.startswith("--")),
        arguments=arguments,
        verbs=verbs_of(words[0], arguments) if arguments else (),
    )


def _fits(stage: _Stage, words: Sequence[Word], name: str) -> Fit:
    if not _is_program(stage.program, name):
        return "no"
    given = words[1:]
    if stage.program in GRAMMARS and name.startswith(f"{stage.program}-"):
        given = (Word(name[len(stage.program) + 1 :]), *given)  # ``git-push``, ``docker-compose push``
    unsure = False
    if stage.verbs:
        found = [asks_for(stage.program, given, verb) for verb in possible_verbs(stage.program, given, stage.verbs)]
        if not any(asked for asked, _ in found):
            return "no"
        unsure = all(only_dynamic for asked, only_dynamic in found if asked)
    missing = [letter for letter in stage.letters if not _has_letter(letter, given)]
    missing += [option for option in stage.options if not _has_option(option, given)]
    if missing:
        # ``rm $flags x``: the flags may stand in the first word, which is where people put them.
        return "perhaps" if given and given[0].dynamic and not given[0].text else "no"
    if does_nothing(stage.program, given, name):
        return "no"
    return "perhaps" if unsure else "yes"


def _is_program(wanted: str, name: str) -> bool:
    """``mkfs`` also means ``mkfs.ext4``, ``pip`` also ``pip3.11``, ``git`` also ``git-push``, and ``sh`` any shell."""
    if name == wanted:
        return True
    if not name.startswith(wanted):
        return (wanted == "sh" and name in SHELLS) or name in CALLED.get(wanted, ())
    if _VARIANT.fullmatch(name, len(wanted)) is not None or name in CALLED.get(wanted, ()):
        return True
    return (wanted == "mkfs" and _FILE_SYSTEM.fullmatch(name, len(wanted)) is not None) or (
        wanted in GRAMMARS and name[len(wanted)] == "-"
    )


def _has_option(option: str, words: Sequence[Word]) -> bool:
    means = _MEANS.get(option)
    return any(
        word.text.partition("=")[0] == option or (means is not None and means.fullmatch(word.text)) for word in words
    )


def _has_letter(letter: str, words: Sequence[Word]) -> bool:
    for word in words:
        text = word.text
        if text == "--":
            return False
        if text.startswith("--"):
            long = _LONG.get(letter, "")
            if len(text) > 2 and (long.startswith(text[2:]) or (letter == "f" and _NEVER_ASKS.fullmatch(text))):
                return True
        elif text.startswith("-") and (letter in text or (letter == "r" and "R" in text) or text == "-Force"):
            return True
    return False
