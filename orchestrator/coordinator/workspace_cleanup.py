"""Clean a workspace of what dead sessions left: what every run, and every listing of sessions, begins with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.coordinator.leftovers import marked_attempts, may_have_left, remove_what_was_made, sessions_in
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.session_lock import session_holder

if TYPE_CHECKING:
    from orchestrator.coordinator.left_logins import LeftLogin
    from orchestrator.coordinator.orphans import Leftover

CLEAN_TIME_S = 60.0


def clean_workspace(workspace: Path) -> tuple[Leftover | LeftLogin, ...]:
    """End what is left of sessions that nobody coordinates; sessions that somebody runs are left alone.

    Costs one look at the process table, and a listing of the records of each session.
    """
    marked = marked_attempts()
    found: list[Leftover | LeftLogin] = []
    for folder in sessions_in(workspace):
        if may_have_left(folder, marked) and session_holder(folder) is None:
            from orchestrator.coordinator.orphans import end_what_is_left

            found.extend(end_what_is_left(folder, marked))
    remove_what_was_made()
    return tuple(found)


async def report_leftovers(workspace: Path, say: Callable[[str], None]) -> None:
    """Clean the workspace, and say what was found: what a run or a resume begins with."""
    try:
        left = await off_loop(
            partial(clean_workspace, workspace), within_s=CLEAN_TIME_S, what="the look at the workspace"
        )
    except TimeoutError as error:
        say(f"whether something is left over from earlier sessions is not known: {error}")
        return
    for leftover in left:
        say(f"left over from {leftover}")
