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
    given = shlex.split(words.partition(" | ")[0].partition(" >")[0])[1:]
    group = build_group()

    with group.make_context("orchestrate", given) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        with command.make_context(name, rest, parent=context):
            assert not isinstance(command, click.Group) or rest[:1] == [] or rest[0] in command.list_commands(context)
