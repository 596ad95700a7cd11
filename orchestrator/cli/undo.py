"""``orchestrate undo``: put back what a session changed, where nobody has touched it since."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from orchestrator.coordinator.restored_target import Undo

_MANY = 40


@click.command("undo")
@click.argument("session", metavar="SESSION", shell_complete=completion_values.sessions)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--commits", is_flag=True, help="Also HEAD, branches, index and stashes; the commits stay, under names.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask, though some of it has to be left alone.")
@workspace_option
@json_option
def command(
    session: str,
    paths: tuple[str, ...],
    commits: bool,
    dry_run: bool,
    yes: bool,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Put back the files that SESSION changed, or only those under each PATH, as they were.

    A file that anybody has touched since is left alone, and named. Where there is one, you are asked first.
    `orchestrate apply SESSION` brings the session's change back.
    """
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.coordinator.restored_target import plan_undo
    from orchestrator.errors import ExitCode, UsageError

    if commits and paths:
        raise UsageError("--commits puts back the whole repository, so it goes with no PATH", hint="leave out either")
    folder = which_session(workspace_path(workspace), session)
    state = state_of(folder)
    only = paths_below(state.options.target, paths)
    undo = plan_undo(folder, state, commits=commits, only=only)
    done = not dry_run and not undo.is_empty and (yes or not undo.is_contested or _agrees(undo, as_json=as_json))
    if done:
        undo.perform()
    if as_json:
        print(_as_document(undo, done=done))
    else:
        print("\n".join(_as_text(undo, done=done)))
    if not dry_run and not done and not undo.is_empty:
        if not sys.stdin.isatty():
            click.echo("nothing was done: --yes leaves those alone and puts back the rest", err=True)
        return ExitCode.NEEDS_PERSON
    if undo.problems or undo.repository_problem or (undo.moves is not None and undo.moves.contested):
        return ExitCode.FAILED
    return ExitCode.DONE


def paths_below(target: Path, given: Sequence[str]) -> tuple[bytes, ...]:
    """Paths as the user names them, from here or from the target's top, as the target calls them.

    Raises:
        UsageError: One lies outside the target.
    """
    import os
    from pathlib import Path

    from orchestrator.errors import UsageError

    found = []
    for name in given:
        path = Path(os.path.normpath(target / name))
        here = Path(os.path.normpath(Path.cwd() / name))
        place = here if here.is_relative_to(target) else path
        if not place.is_relative_to(target):
            raise UsageError(f"{name} does not lie in {target}", hint="name files of the target")
        relative = os.fsencode(place.relative_to(target))
        found.append(b"" if relative == b"." else relative)
    return tuple(found)


def _agrees(undo: Undo, *, as_json: bool) -> bool:
    """Whether the person at the terminal wants the rest to be put back; nobody does where there is no terminal."""
    if not sys.stdin.isatty() or as_json:
        return False
    print("\n".join(_as_text(undo, done=False)))
    return click.confirm("Put back the rest?", default=False, err=True)


_WORDS = {
    "added": "removed",
    "changed": "put back",
    "deleted": "brought back",
    "mode": "permissions put back",
    "time": "time put back",
}


def _as_text(undo: Undo, *, done: bool) -> Iterator[str]:
    from orchestrator.narration.formatting import counted, one_line, quoted_name

    plan, moves = undo.plan, undo.moves
    failed = {one.path for one in undo.problems}
    steps = [step for step in plan.steps if step.path not in failed]
    if undo.is_empty and not plan.left and not undo.repository_problem:
        yield f"session {undo.session.id}: everything is as it was before it"
        return
    yield f"session {undo.session.id}: {counted(len(steps), 'file')} {'put back' if done else 'to be put back'}"
    for step in steps[:_MANY]:
        yield f"  {_WORDS[step.was]:<21} {quoted_name(step.path)}"
    if len(steps) > _MANY:
        yield f"  and {len(steps) - _MANY} more"
    for folder in plan.folders_removed[:_MANY]:
        yield f"  {'folder removed':<21} {quoted_name(folder)}/{'' if done else ' (if nothing else is in it)'}"
    for folder in plan.folders_made[:_MANY]:
        yield f"  {'folder made again':<21} {quoted_name(folder)}/"
    for one in (*plan.left, *undo.problems):
        yield f"  {'LEFT ALONE':<21} {quoted_name(one.path)}: {one_line(one.why)}"
    if undo.repository_problem:
        yield f"  {'LEFT ALONE':<21} the repository: {one_line(undo.repository_problem, 300)}"
    if moves is None:
        return
    for name in moves.contested:
        since = "was changed since the session ended"
        yield f"  {'LEFT ALONE':<21} the repository, because its {quoted_name(name)} {since}"
    if not moves.contested:
        yield from (f"  {'repository':<21} {one_line(words)}" for words in moves.words)
        yield from (f"  {'kept':<21} {kept.oid[:10]} as {quoted_name(kept.name)}" for kept in moves.kept[:_MANY])
        yield from (f"  {'LEFT ALONE':<21} .git/{quoted_name(name)}: written since" for name in moves.left)


def _as_document(undo: Undo, *, done: bool) -> str:
    from orchestrator.cli.documents import document

    def text(path: bytes) -> str:
        return path.decode(errors="backslashreplace")

    moves: dict[str, Any] | None = None
    if undo.moves is not None:
        moves = {
            "changes": undo.moves.words,
            "contested": undo.moves.contested,
            "left": undo.moves.left,
            "kept": [{"name": kept.name, "object": kept.oid} for kept in undo.moves.kept],
        }
    return document(
        {
            "session": undo.session.id,
            "done": done,
            "files": [{"path": text(step.path), "was": step.was} for step in undo.plan.steps],
            "folders_made": [text(path) for path in undo.plan.folders_made],
            "folders_removed": [text(path) for path in undo.plan.folders_removed],
            "left_alone": [{"path": text(one.path), "why": one.why} for one in (*undo.plan.left, *undo.problems)],
            "repository": moves,
            "repository_problem": undo.repository_problem or None,
        }
    )
