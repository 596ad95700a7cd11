"""``orchestrate completion``: print what makes a shell complete commands, options and their values."""

from __future__ import annotations

import click

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
    print(found(build_group(), {}, PROGRAM, "_ORCHESTRATE_COMPLETE").source())
