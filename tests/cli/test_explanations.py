from __future__ import annotations

import shlex

import click
import pytest

from orchestrator.cli.explanations import EXPLANATIONS
from orchestrator.cli.group import COMMANDS, build_group

WIDEST = 76
"""What a terminal of 80 columns shows unbroken, two spaces indented."""


def test_every_command_is_explained_and_nothing_else() -> None:
    assert set(EXPLANATIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_explanation_fits_a_terminal_and_says_how_to_undo_what_is_changed(name: str) -> None:
    explained = EXPLANATIONS[name]

    assert max(map(len, explained.text().splitlines())) <= WIDEST
    assert explained.undo or explained.changes.startswith(
        ("nothing", "writes one file", "sets its tools up", "its reviewers")
    )


@pytest.mark.parametrize("words", [example for explained in EXPLANATIONS.values() for example in explained.examples])
def test_an_example_parses(words: str) -> None:
    make_all_contexts(words)


def make_all_contexts(words: str) -> None:
    """Parse what somebody would type, down to the command that does it; click complains of what does not."""
    given = shlex.split(words.partition(" | ")[0].partition(" >")[0])[1:]
    command: click.Command = build_group()
    context = command.make_context("orchestrate", given)
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)
