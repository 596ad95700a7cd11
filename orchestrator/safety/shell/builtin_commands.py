"""Follow what a shell's own commands change for those after them: folder, variables, aliases."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import basename
from shlex import quote
from typing import Final

from orchestrator.safety.git_commands import alias_key, alias_set_by
from orchestrator.safety.shell.scope import Scope, SimpleCommand, echoed, output_text
from orchestrator.safety.shell.words import UNKNOWN, Word
from orchestrator.safety.written_files import scripts_set_by

_COPIES: Final = frozenset({"cp", "mv", "ln", "install"})
_TEES: Final = frozenset({"tee", "sponge"})
_WRITES_OUT: Final = _TEES | {"echo", "printf", "cat"}
_NAMES_VARIABLES: Final = frozenset({"printf", "read", "mapfile", "readarray", "getopts", "unset", "let"})


def effect_on_scope(command: SimpleCommand, scope: Scope) -> Scope:
    """The scope after the command; the same one for any program that is none of the shell's own."""
    name = command.words[0].text
    if command.writes or name in _TEES or name == "npm" or name in _COPIES:
        scope = _with_files(command, scope)
    if name in ("cd", "pushd"):
        return scope._replace(cwd=_entered(command, scope))
    if name == "popd":
        return scope._replace(cwd=None)
    if name == "alias":
        pairs = [word.text.partition("=") for word in command.words[1:] if "=" in word.text and not word.dynamic]
        return scope._replace(aliases={**scope.aliases, **{key: value for key, _, value in pairs}})
    if name == "set":
        return _with_arguments(command.words[1:], scope)
    if name == "git":
        alias = alias_set_by(command.words)
        return scope if alias is None else scope.with_variable(alias_key(alias[0]), alias[1])
    if name in _NAMES_VARIABLES:
        return _with_variables(command, scope)
    if name in ("source", ".", "eval"):
        # They run in this very shell and may have changed anything.
        return scope._replace(variables=dict.fromkeys(scope.variables, UNKNOWN), cwd=None)
    return scope


def _with_variables(command: SimpleCommand, scope: Scope) -> Scope:
    """The scope after a command that sets variables by their names; ``printf -v`` and ``read <<<`` say to what."""
    name, words = command.words[0].text, command.words
    if name == "printf":
        told = len(words) > 3 and words[1].text == "-v"
        return scope.with_variable(words[2].text, echoed((words[0], *words[3:]))) if told else scope
    if name == "read" and command.inputs:
        return _with_read(command, scope)
    for word in words[1:]:
        variable = word.text.partition("=")[0]
        if variable.isidentifier():
            scope = scope.with_variable(variable, UNKNOWN)
    return scope


def _with_read(command: SimpleCommand, scope: Scope) -> Scope:
    """``read -r a b <<< "x y z"``: each variable is one field, the last one all that is left."""
    names = [word.text for word in command.words[1:] if word.text.isidentifier()] or ["REPLY"]
    given = command.inputs[-1]
    fields = given.text.partition("\n")[0].split(None, len(names) - 1)
    for at, name in enumerate(names):
        value = Word(fields[at].strip() if at < len(fields) else "")
        scope = scope.with_variable(name, UNKNOWN if given.dynamic else value)
    return scope


def _with_files(command: SimpleCommand, scope: Scope) -> Scope:
    """What the command writes to files, where that stands in the text."""
    name, words = command.words[0].text, command.words
    if name in _COPIES:
        given = [word for word in words[1:] if word.dynamic or not word.text.startswith("-")]
        if len(given) < 2 or given[-1].dynamic or given[-2].dynamic:
            return scope
        source, place = given[-2], given[-1].text
        # A program under another name: whoever calls that calls this.
        content = source.content or Word(f'#!/bin/sh\nexec {quote(source.text)} "$@"')
        return scope.with_file(place, content).with_file(f"{place}/{basename(source.text)}", content)
    if name == "npm":
        scripts = scripts_set_by(words)
        return scope.with_file("package.json", scripts) if scripts is not None else scope
    if name in _WRITES_OUT:
        written = [*command.writes, *(word for word in words[1:] if name in _TEES and not word.text.startswith("-"))]
        text = output_text((command,))
        for word in written if text.text else ():
            if word.text and not word.dynamic:
                scope = scope.with_file(word.text, text)
    return scope


def _with_arguments(words: Sequence[Word], scope: Scope) -> Scope:
    """``set -- a b``: from now on they are ``$1``, ``$2`` and ``$@``."""
    at = next((n for n, word in enumerate(words) if word.text == "--" or not word.text.startswith(("-", "+"))), None)
    if at is None:
        return scope
    given = words[at + 1 :] if words[at].text == "--" else words[at:]
    return scope.with_arguments(given)


def _entered(command: SimpleCommand, scope: Scope) -> str | None:
    given = [word for word in command.words[1:] if word.text not in ("-P", "-L", "-e", "--")]
    if not given:
        return scope.home if basename(command.words[0].text) == "cd" else None
    if given[0].dynamic or given[0].text == "-" or "*" in given[0].text or given[0].text.startswith("~"):
        return None
    return scope.at(given[0].text)
