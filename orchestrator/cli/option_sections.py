"""The options of a run stand in sections, which its help, and that of the whole program, show as such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

SECTION_OF: dict[str, str] = {}
"""The section of each option, by its parameter's name; sections stand in the order in which they were declared."""


def section(heading: str, *declarations: Callable[[Any], Any]) -> Callable[[F], F]:
    """Declare the options of one section; what comes back is a decorator for each command that takes them."""

    def decorate(function: F) -> F:
        for declare in reversed(declarations):
            function = declare(function)
        return function

    def nothing() -> None:
        """Hold the options until a command takes them."""

    declared: Sequence[click.Option] = vars(decorate(nothing))["__click_params__"]
    for option in reversed(declared):
        SECTION_OF[str(option.name)] = heading
    return decorate


class SectionedCommand(click.Command):
    """A command whose help shows its options by section; those of no section come last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, rows in section_rows(self, ctx):
            with formatter.section(heading):
                formatter.write_dl(rows, col_max=26)


def section_rows(command: click.Command, ctx: click.Context) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """The help of a command's options: heading, and a row for each option."""
    by_section: dict[str, list[tuple[str, str]]] = {heading: [] for heading in SECTION_OF.values()}
    for option in command.get_params(ctx):
        row = option.get_help_record(ctx) if isinstance(option, click.Option) else None
        if row is not None:
            by_section.setdefault(SECTION_OF.get(str(option.name), "Further options"), []).append(row)
    return [(heading, rows) for heading, rows in by_section.items() if rows]
