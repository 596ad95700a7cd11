"""``orchestrate apply``: make a session's change in a folder, three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.coordinator.delivered_change import Application
    from orchestrator.workflows.proven_delivery import ProvenDelivery

_MANY = 40
_WORDS = {"add": "added", "change": "changed", "merge": "merged", "delete": "deleted", "mode": "permissions changed"}


@click.command("apply")
@click.argument("session", metavar="SESSION", shell_complete=completion_values.sessions)
@click.option(
    "--target",
    type=AnyPath(),
    metavar="PATH",
    help="Where to [default: the project that the session worked on, or on a copy of].",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@workspace_option
@json_option
def command(session: str, target: Path | None, dry_run: bool, workspace: Path | None, as_json: bool) -> int:
    """Make the change of SESSION in a folder that may have changed otherwise since.

    Where both changed the same file in different places, the two are put together. Where they conflict, the file is
    left as it is and named, and the exit code is 1; everything else is done.

    Of `orchestrate test-coverage` the tests are taken that were proven, and only into the project as it was then.
    """
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session, workspace_path
    from orchestrator.coordinator.delivered_change import plan_application, target_of
    from orchestrator.errors import ExitCode, OrchestrateError
    from orchestrator.workflows.proven_delivery import plan_delivery
    from orchestrator.workflows.proven_tests import order_in, proven_in

    folder = which_session(workspace_path(workspace), session)
    state = state_of(folder)
    place = target_of(state, target.expanduser() if target else None)
    proven = proven_in(folder.path)
    if proven is None and order_in(folder.path) is not None:
        hint = "there is nothing to take; orchestrate show says how it went"
        raise OrchestrateError(f"session {folder.id} has proven no test yet", hint=hint)
    if proven is not None:
        return _take_proven(plan_delivery(folder, proven, place), dry_run=dry_run, as_json=as_json)
    application = plan_application(folder, state, place)
    if not dry_run:
        application.perform()
    if as_json:
        print(_as_document(application, session=folder.id, dry_run=dry_run))
    else:
        print("\n".join(_as_text(application, session=folder.id, dry_run=dry_run)))
    return ExitCode.FAILED if application.conflicts else ExitCode.DONE


def _take_proven(delivery: ProvenDelivery, *, dry_run: bool, as_json: bool) -> int:
    from orchestrator.cli.documents import document
    from orchestrator.errors import ExitCode
    from orchestrator.narration.formatting import counted, quoted_name

    if not dry_run:
        delivery.perform()
    place = quoted_name(str(delivery.target))
    if as_json:
        files = [
            *({"path": name, "outcome": "add"} for name in delivery.texts),
            *({"path": name, "outcome": "already"} for name in delivery.already),
        ]
        rows = {"session": delivery.folder.id, "target": delivery.target, "done": not dry_run, "files": files}
        print(document({**rows, "conflicts": []}))
    elif not delivery.texts:
        print(f"session {delivery.folder.id}: all tests that it has proven are in {place} already")
    else:
        manner = "to be added" if dry_run else "added"
        print(f"session {delivery.folder.id}: {counted(len(delivery.texts), 'proven test file')} {manner} in {place}")
        for name in delivery.texts:
            print(f"  {quoted_name(name)}")
    return ExitCode.DONE


def _as_text(application: Application, *, session: str, dry_run: bool) -> Iterator[str]:
    from orchestrator.narration.formatting import counted, one_line, quoted_name

    place, done = quoted_name(str(application.target)), application.done
    if not done and not application.conflicts:
        yield f"session {session}: all of its change is in {place} already"
        return
    yield f"session {session}: {counted(len(done), 'file')} {'to be changed' if dry_run else 'changed'} in {place}"
    yield from (f"  {_WORDS[one.outcome]:<21} {quoted_name(one.path)}" for one in done[:_MANY])
    if len(done) > _MANY:
        yield f"  and {len(done) - _MANY} more"
    yield from (
        f"  {'CONFLICT, left alone':<21} {quoted_name(c.path)}: {one_line(c.why)}" for c in application.conflicts
    )


def _as_document(application: Application, *, session: str, dry_run: bool) -> str:
    from orchestrator.cli.documents import document

    def text(path: bytes) -> str:
        return path.decode(errors="backslashreplace")

    return document(
        {
            "session": session,
            "target": application.target,
            "done": not dry_run,
            "files": [{"path": text(one.path), "outcome": one.outcome} for one in application.done],
            "conflicts": [{"path": text(one.path), "why": one.why} for one in application.conflicts],
        }
    )
