from __future__ import annotations

import click

from orchestrator.cli.option_sections import SECTION_OF, section, section_rows
from orchestrator.cli.run import command as run_command


def test_each_option_of_a_run_stands_in_one_section_of_its_help() -> None:
    context = click.Context(run_command)
    rows = section_rows(run_command, context)
    shown = [names for _, rows_of_one in rows for names, _ in rows_of_one]

    assert {str(option.name) for option in run_command.params if isinstance(option, click.Option)} <= set(SECTION_OF)
    assert len(shown) == len(set(shown))
    assert [heading for heading, _ in rows][-1] == "Further options"
    assert [names for names, _ in rows[-1][1]] in (["-h, --help"], ["--help"])


def test_options_keep_the_order_in_which_their_section_names_them() -> None:
    both = section("A heading of this test", click.option("--first-one"), click.option("--second-one"))
    command = click.command("try")(both(lambda: None))

    assert [option.name for option in command.params] == ["first_one", "second_one"]
    assert SECTION_OF.pop("first_one") == SECTION_OF.pop("second_one") == "A heading of this test"
