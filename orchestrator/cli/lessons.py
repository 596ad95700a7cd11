"""``orchestrate lessons``: list what reviewers taught in earlier sessions of a project, and strike what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import AnyPath, json_option

if TYPE_CHECKING:
    from pathlib import Path


_TARGET = click.option(
    "--target",
    type=AnyPath(),
    default=".",
    metavar="PATH",
    help="The project whose sessions taught [default: the current folder].",
)


@click.group("lessons", invoke_without_command=True)
@_TARGET
@json_option
@click.pass_context
def command(context: click.Context, target: Path, *, as_json: bool) -> None:
    """List what reviewers taught in earlier sessions of a project, and whether the next one is shown it.

    Only runs with --lessons teach anything, and only they are shown what others taught.
    """
    if context.invoked_subcommand is not None:
        return
    import os
    from dataclasses import asdict

    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.earlier_lessons import lessons_of_project
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.narration.formatting import one_line

    found = lessons_of_project(target_path(target), os.environ)
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document([{"id": each.lesson.id, **asdict(each)} for each in found]))
        return
    if not found:
        put_out("no session of this project has taught anything; runs with --lessons do")
    for each in found:
        put_out(f"{each.lesson.id}  {each.standing}, {each.pattern}: {each.because}")
        put_out(f"    {each.lesson.by}, {each.lesson.learned_at:%Y-%m-%d}: {one_line(each.lesson.text, None)}")


@command.command("forget")
@click.argument("lesson")
@_TARGET
def forget(lesson: str, target: Path) -> None:
    """Strike LESSON, by its id: it is never shown again."""
    import os

    from orchestrator.cli.build_request import target_path
    from orchestrator.cli.earlier_lessons import lessons_of_project
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.errors import UsageError
    from orchestrator.settings.user_places import state_folder
    from orchestrator.store.composition_names import store_of
    from orchestrator.store.log_records import LessonForgotten
    from orchestrator.store.outcome_log import OutcomeLog

    place = target_path(target)
    if lesson not in {each.lesson.id for each in lessons_of_project(place, os.environ)}:
        raise UsageError(f"there is no lesson {lesson!r} of this project", hint="orchestrate lessons lists them")
    OutcomeLog(state_folder(os.environ)).append(LessonForgotten(store_of(str(place)), lesson))
    put_out(f"struck: {lesson} is never shown again")
