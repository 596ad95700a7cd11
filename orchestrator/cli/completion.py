"""``orchestrate completion``: print what makes a shell complete commands, options and their values."""

from __future__ import annotations

from typing import Final

import click

_SCRIPT_CHANGES: Final = {
    # bash breaks words at "=", so that a value such as claude=opus would be three of them; it replaces what stands
    # behind the last one.
    "bash": (
        (
            """    local response

""",
            """    local response word cut=
    local -a words=()

    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -gt 1 && ( $word == "=" || ${words[-1]} == *= ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    [[ ${words[-1]} == *=* ]] && cut=${words[-1]%=*}=

""",
        ),
        (
            'COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD',
            'COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1))',
        ),
        ("COMPREPLY+=($value)", 'COMPREPLY+=("${value#"$cut"}")'),
    ),
    # Of a list such as claude,codex only the first would be left.
    "fish": (('string split "," $completion', 'string split -m 1 "," $completion'),),
}

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    In bash and zsh: eval "$(orchestrate completion bash)", best in the shell's start-up file. In fish: orchestrate
    completion fish | source
    """
    from click.shell_completion import get_completion_class

    from orchestrator.cli.group import PROGRAM, build_group

    found = get_completion_class(shell)
    assert found is not None
    script = found(build_group(), {}, PROGRAM, "_ORCHESTRATE_COMPLETE").source()
    for before, after in _SCRIPT_CHANGES.get(shell, ()):
        script = script.replace(before, after)
    print(script)
