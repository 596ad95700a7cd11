"""``orchestrate scenarios``: list what ``--rehearse --scenario`` can play."""

from __future__ import annotations

import click

from orchestrator.cli import completion_values


@click.command("scenarios")
@click.option(
    "--show",
    "shown",
    metavar="NAME",
    shell_complete=completion_values.scenarios,
    help="Print one, as a start for your own.",
)
def command(shown: str | None) -> None:
    """List the rehearsal scenarios."""
    from orchestrator.narration.formatting import one_line
    from orchestrator.rehearsal.scenario import SCENARIOS, find_scenario, load_scenario

    if shown is not None:
        print(find_scenario(shown).read_text(encoding="utf-8"), end="")
        return
    for path in sorted(SCENARIOS.glob("*.toml")):
        print(f"{path.stem:<20} {one_line(load_scenario(path).about, 90)}")
