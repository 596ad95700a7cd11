"""Find what ``git`` is told to start by its own words: aliases, hooks by configuration, loops over commits."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from orchestrator.egress.egress_requests import verb_at
from orchestrator.safety.shell.scope import NOWHERE, Scope
from orchestrator.safety.shell.words import Word

_PROGRAMS: Final = (
    *("core.sshcommand", "core.pager", "core.editor", "core.fsmonitor", "core.askpass", "core.gitproxy"),
    *("diff.external", "sequence.editor", "credential.helper", "gpg.program", "uploadpack.packobjectshook"),
)
_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "rebase": ("-x", "--exec"),
    "filter-branch": (
        *("--tree-filter", "--index-filter", "--env-filter", "--msg-filter", "--commit-filter", "--setup"),
        *("--parent-filter", "--tag-name-filter"),
    ),
}


_GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("fetch", "pull", "ls-remote", "fetch-pack"), ("--upload-pack",)),
    **dict.fromkeys(("push", "send-pack"), ("--receive-pack", "--exec")),
    "clone": ("--upload-pack", "-u"),
    "archive": ("--exec",),
    "grep": ("--open-files-in-pager", "-O"),
    "difftool": ("--extcmd", "-x"),
    "send-email": ("--sendmail-cmd", "--to-cmd", "--cc-cmd", "--header-cmd"),
    "daemon": ("--access-hook",),
}
"""Options whose value some of git's commands run."""


def alias_key(name: str) -> str:
    """Under which name the scope of a shell text knows a git alias that the text itself sets."""
    return f"git alias.{name}"


def alias_set_by(words: Sequence[Word]) -> tuple[str, Word] | None:
    """The alias that ``git config alias.x …`` sets."""
    at = verb_at([word.text for word in words])
    if at >= len(words) or words[at].text != "config":
        return None
    for number, word in enumerate(words[at + 1 : -1], at + 1):
        if word.text.lower().startswith("alias."):
            return word.text[len("alias.") :], words[number + 1]
    return None


def commands_of_git(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Commands, word by word, that this ``git`` runs."""
    at = verb_at([word.text for word in words])
    if [word.text for word in words[at : at + 2]] == ["bisect", "run"]:
        yield tuple(words[at + 2 :])


def scripts_of_git(words: Sequence[Word], scope: Scope = NOWHERE) -> Iterator[Word]:
    """Shell command lines that this ``git`` runs."""
    settings, verb = _settings(words)
    rest = words[verb + 1 :]
    name = words[verb].text if verb < len(words) else ""
    for setting in settings:
        key, _, value = setting.text.partition("=")
        lower = key.lower()
        if lower.startswith("alias.") and key[len("alias.") :] == name:
            after = " ".join(word.text for word in rest)
            line = value[1:] if value.startswith("!") else f"git {value}"
            yield Word(f"{line} {after}", setting.dynamic)
        elif lower in _PROGRAMS or lower.startswith(("filter.", "pager.", "difftool.", "mergetool.")):
            yield Word(value.removeprefix("!"), setting.dynamic)
    alias = scope.variables.get(alias_key(name)) or _alias_by_variable(name, scope)
    if alias is not None:
        after = " ".join(word.text for word in rest)
        yield alias._replace(text=f"{alias.text[1:] if alias.text.startswith('!') else f'git {alias.text}'} {after}")
    yield from _scripts_of_verb(name, rest)


def _alias_by_variable(name: str, scope: Scope) -> Word | None:
    """What ``GIT_CONFIG_KEY_0=alias.x GIT_CONFIG_VALUE_0=push`` makes of ``git x``."""
    for key, value in scope.variables.items():
        if key.startswith("GIT_CONFIG_KEY_") and value.text.lower() == f"alias.{name.lower()}":
            return scope.variables.get(f"GIT_CONFIG_VALUE_{key.rpartition('_')[2]}")
    return None


def _scripts_of_verb(name: str, rest: Sequence[Word]) -> Iterator[Word]:
    """What one of git's own commands is told to run by its words."""
    if name == "submodule" and any(word.text == "foreach" for word in rest):
        at = next(number for number, word in enumerate(rest) if word.text == "foreach")
        given = [word for word in rest[at + 1 :] if not word.text.startswith("--")]
        # One word is a script; several are quoted first.
        yield given[0] if len(given) == 1 else Word(shlex.join(w.text for w in given), any(w.dynamic for w in given))
    for word in rest:
        if word.text.startswith("ext::"):
            yield word._replace(text=word.text[len("ext::") :].replace("% ", " "))
    for option in (*_SCRIPTS.get(name, ()), *_GIVEN.get(name, ())):
        for at, word in enumerate(rest):
            if word.text == option and at + 1 < len(rest):
                yield rest[at + 1]
            elif word.text.startswith(option + "="):
                yield Word(word.text[len(option) + 1 :], word.dynamic)
            elif len(option) == 2 and len(word.text) > 2 and word.text.startswith(option):
                yield Word(word.text[2:], word.dynamic)


def _settings(words: Sequence[Word]) -> tuple[list[Word], int]:
    """Values of ``-c``, and where the verb stands."""
    verb = verb_at([word.text for word in words])
    return [value for option, value in pairwise(words[1:verb]) if option.text == "-c"], verb
