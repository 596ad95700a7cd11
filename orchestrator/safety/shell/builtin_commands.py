"""Follow what a shell's own commands change for those after them: folder, variables, aliases."""

from __future__ import annotations

from posixpath import basename
from typing import Final

from orchestrator.safety.git_commands import alias_key, alias_set_by
from orchestrator.safety.shell.scope import Scope, SimpleCommand
from orchestrator.safety.shell.words import UNKNOWN

_NAMES_VARIABLES: Final = frozenset({"read", "mapfile", "readarray", "getopts", "unset", "let"})


def effect_on_scope(command: SimpleCommand, scope: Scope) -> Scope:
    """The scope after the command; the same one for any program that is none of the shell's own."""
    name = command.words[0].text
    if name in ("cd", "pushd"):
        return scope._replace(cwd=_entered(command, scope))
    if name == "popd":
        return scope._replace(cwd=None)
    if name == "alias":
        pairs = [word.text.partition("=") for word in command.words[1:] if "=" in word.text and not word.dynamic]
        return scope._replace(aliases={**scope.aliases, **{key: value for key, _, value in pairs}})
    if name == "git":
        alias = alias_set_by(command.words)
        return scope if alias is None else scope.with_variable(alias_key(alias[0]), alias[1])
    if name in _NAMES_VARIABLES:
        for word in command.words[1:]:
            variable = word.text.partition("=")[0]
            if variable.isidentifier():
                scope = scope.with_variable(variable, UNKNOWN)
        return scope
    if name in ("source", ".", "eval"):
        # They run in this very shell and may have changed anything.
        return scope._replace(variables=dict.fromkeys(scope.variables, UNKNOWN), cwd=None)
    return scope


def _entered(command: SimpleCommand, scope: Scope) -> str | None:
    given = [word for word in command.words[1:] if word.text not in ("-P", "-L", "-e", "--")]
    if not given:
        return scope.home if basename(command.words[0].text) == "cd" else None
    if given[0].dynamic or given[0].text == "-" or "*" in given[0].text or given[0].text.startswith("~"):
        return None
    return scope.at(given[0].text)
