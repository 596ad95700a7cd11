"""``orchestrate trust``: show what a project says in ``.orchestrator/``, and record a person's consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import AnyPath

if TYPE_CHECKING:
    from pathlib import Path


@click.command("trust")
@click.option(
    "--target",
    type=AnyPath(),
    default=".",
    metavar="PATH",
    help="The project whose settings you consent to [default: the current folder].",
)
@click.option("--show", is_flag=True, help="Only show what it would be; consent to nothing.")
def command(target: Path, show: bool) -> None:
    """Consent to a project's own settings (.orchestrator/) as they are now."""
    import os
    from pathlib import Path

    from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, consent, read_settings
    from orchestrator.errors import UsageError
    from orchestrator.files.time_limits import in_time
    from orchestrator.narration.formatting import one_line, quoted_name

    if not target.is_dir():
        raise UsageError(f"the target is no folder: {target}")
    real = Path(os.path.realpath(target))
    settings = in_time(lambda: read_settings(real), within_s=SETTINGS_TIME_S, what="the look at the project's settings")
    if not settings.digest:
        raise UsageError(f"{real} has no settings of its own", hint="they would lie in .orchestrator/settings.toml")
    for name in settings.files:
        print(quoted_name(name))
    for text in settings.commands:
        print(f"  its tests are run by: {one_line(text, 400)}")
    if show:
        return
    consent(real, settings, os.environ)
    print(f"consented to, as they are now ({settings.digest[:12]}); any change asks again")
