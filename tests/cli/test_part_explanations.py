from __future__ import annotations

import click
import pytest

from orchestrator.cli.group import COMMANDS, build_group
from orchestrator.cli.part_explanations import PART_EXPLANATIONS
from tests.cli.test_explanations import WIDEST, make_all_contexts


def parts() -> set[str]:
    group = build_group()
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in COMMANDS}
    return {f"{name} {part}" for name, each in found.items() if isinstance(each, click.Group) for part in each.commands}


def test_every_part_of_a_command_is_explained_and_nothing_else() -> None:
    assert set(PART_EXPLANATIONS) == parts()


@pytest.mark.parametrize("name", PART_EXPLANATIONS)
def test_an_explanation_fits_a_terminal_and_its_examples_parse(name: str) -> None:
    explained = PART_EXPLANATIONS[name]

    assert max(map(len, explained.text().splitlines())) <= WIDEST
    assert explained.undo or explained.changes.startswith(("nothing", "writes one file"))
    for words in explained.examples:
        assert words.startswith(f"orchestrate {name}")
        make_all_contexts(words)
