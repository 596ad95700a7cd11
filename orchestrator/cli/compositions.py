"""``orchestrate compositions``: list which teams worked well and how surely; export, import and rebuild that."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.shared_options import AnyPath, json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.store.composition_view import Composition
    from orchestrator.store.configuration_store import ConfigurationStore
    from orchestrator.store.shared_counts import SharedCounts

_MOST_SHOWN = 20
_TARGET: Callable[[Any], Any] = click.option(
    "--target", type=AnyPath(), default=".", metavar="PATH", help="The project [default: the current folder]."
)
_OUTPUT: Callable[[Any], Any] = click.option(
    "-o", "--output", type=AnyPath(), metavar="FILE", help="Write there, not to standard output."
)


@click.group("compositions", invoke_without_command=True)
@_TARGET
@json_option
@click.pass_context
def command(context: click.Context, target: Path, *, as_json: bool) -> None:
    """List the teams that have worked on a project, and how they did."""
    if context.invoked_subcommand is None:
        _list(target, as_json=as_json)


@command.command("list")
@_TARGET
@json_option
def list_(target: Path, *, as_json: bool) -> None:
    """List the compositions, the surest first."""
    _list(target, as_json=as_json)


@command.command("show")
@click.argument("name", metavar="ID")
@_TARGET
@json_option
def show(name: str, target: Path, *, as_json: bool) -> None:
    """Show one composition, with every session that counts for or against it."""
    from orchestrator.cli.session_lookup import put_out

    found = _find(_store(target), name)
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document({**_document(found), "sessions": list(found.sessions.values())}))
        return
    for line in _lines_of(found):
        put_out(line)


@command.command("delete")
@click.argument("name", metavar="ID")
@_TARGET
def delete(name: str, target: Path) -> None:
    """Delete one composition and its record; its sessions stay."""
    store = _store(target)
    _find(store, name)
    store.delete(name)
    click.echo(f"deleted {name}", err=True)


@command.command("export")
@_TARGET
@_OUTPUT
def export(target: Path, output: Path | None) -> None:
    """Export how often each composition succeeded, for others: no prompt, code, path or name is in it."""
    from orchestrator.agents.registry import AGENTS
    from orchestrator.store.shared_counts import export as counted

    found = counted(_store(target).compositions(), known=AGENTS)
    if found.left_out:
        click.echo(
            f"left out, since no session of a built-in team measured them: {', '.join(found.left_out)}", err=True
        )
    _put(found.shared, output)


@command.command("import")
@click.argument("file", type=AnyPath())
@_TARGET
def import_(file: Path, target: Path) -> None:
    """Import what others exported.  It stays in quarantine until it has succeeded here."""
    from orchestrator.store.log_records import CountsImported

    store = _store(target)
    shared = _read(file)
    bodies = [
        CountsImported(
            store.name,
            one.configuration,
            one.pattern,
            one.team,
            tuple({"role": str(each.role), "agent": each.agent, "version": each.version} for each in one.members),
            one.successes,
            one.failures,
            one.unknown,
        )
        for one in shared.compositions
    ]
    if bodies:
        store.log.append(*bodies)
    click.echo(f"{len(bodies)} taken in; each stays in quarantine until it has won here", err=True)


@command.command("rebuild")
@click.option("--from-journals", is_flag=True, help="Derive the outcomes of all sessions of the workspace again.")
@_TARGET
@workspace_option
@json_option
def rebuild(target: Path, workspace: Path | None, *, from_journals: bool, as_json: bool) -> int:
    """Rebuild the files of the store from the outcome log."""
    from orchestrator.cli.documents import document
    from orchestrator.cli.session_lookup import put_out, workspace_path
    from orchestrator.errors import EnvironmentUnfit, ExitCode
    from orchestrator.store.recorder import rederive

    store = _store(target)
    derived = rederive(store.log, workspace_path(workspace)) if from_journals else None
    try:
        made = store.rebuild()
    except OSError as error:
        raise EnvironmentUnfit(
            f"cannot write {error.filename or store.storage_dir}: {error.strerror}",
            hint="free some disk space, or make the folder writable, and rebuild again; the outcome log has everything",
        ) from error
    told: dict[str, Any] = {
        "files": len(made),
        "problems": store.problems,
        "damaged_lines": [str(damage) for damage in store.reading.damages],
        "newer_lines": store.reading.newer,
        "journals": derived,
    }
    if as_json:
        put_out(document(told))
    else:
        for line in _rebuilt(told, store):
            put_out(line)
    return ExitCode.FAILED if store.reading.damages else ExitCode.DONE


@command.command("federate")
@click.argument("files", type=AnyPath(), nargs=-1)
@click.option(
    "--epsilon",
    type=click.FloatRange(0.01, 10),
    default=1.0,
    show_default=True,
    metavar="E",
    help="How much one session may be seen: no result is e^E times as likely with it as without it.",
)
@_TARGET
@_OUTPUT
def federate(files: tuple[Path, ...], epsilon: float, target: Path, output: Path | None) -> None:
    """Add noise to the counts of this project, sum them with the (noised) FILES of others, and write the result."""
    from random import SystemRandom

    from orchestrator.agents.registry import AGENTS
    from orchestrator.coordinator.preflight import survey_agents
    from orchestrator.errors import InvalidFile, UsageError
    from orchestrator.models.identity import AgentName
    from orchestrator.store.shared_counts import merged, noised
    from orchestrator.store.shared_domain import rows_of

    others = [_read(file) for file in files]
    for file, one in zip(files, others, strict=True):
        if one.epsilon is None:
            raise InvalidFile(file, "its counts are not noised: it was made by export, not by federate")
    found = survey_agents(os.environ)
    versions = {AgentName(one.name): one.version or "" for one in found if one.executable}
    outcomes = [outcome for one in _store(target).compositions() for outcome in one.sessions.values()]
    mine = noised(outcomes, rows_of(versions, AGENTS), epsilon=epsilon, known=AGENTS, noise=SystemRandom())
    try:
        total = merged([mine, *others])
    except ValueError as error:
        raise UsageError(f"the files cannot be added: {error}", hint="leave out the one that claims so much") from None
    _put(total, output)


def _store(target: Path) -> ConfigurationStore:
    from orchestrator.cli.build_request import target_path
    from orchestrator.models.recorded_outcomes import OWN_VIEW
    from orchestrator.store.configuration_store import ConfigurationStore

    return ConfigurationStore(target_path(target) / OWN_VIEW)


def _find(store: ConfigurationStore, name: str) -> Composition:
    from orchestrator.errors import UsageError

    found = next((one for one in store.compositions() if one.id == name), None)
    if found is None:
        raise UsageError(
            f"there is no composition {name!r} in {store.storage_dir}",
            hint="orchestrate compositions lists what is there",
        )
    return found


def _read(file: Path) -> SharedCounts:
    from orchestrator.errors import InvalidFile
    from orchestrator.files.foreign import ForeignFolder, Unread
    from orchestrator.store.shared_counts import parsed

    content = ForeignFolder(file.parent.absolute()).read(file.name, most_bytes=16 * 1024 * 1024)
    if isinstance(content, Unread):
        raise InvalidFile(file, f"it {content.detail}")
    try:
        return parsed(content)
    except ValueError as error:
        raise InvalidFile(file, str(error)) from None


def _put(shared: SharedCounts, output: Path | None) -> None:
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.files.atomic_replace import write_atomically
    from orchestrator.store.shared_counts import file_of

    if output is None:
        put_out(file_of(shared).rstrip("\n"))
        return
    write_atomically(output, file_of(shared))
    click.echo(f"{len(shared.compositions)} written to {output}", err=True)


def _list(target: Path, *, as_json: bool) -> None:
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.quotation import one_line
    from orchestrator.store.proven import proof_of

    store = _store(target)
    store.list_all()
    found = sorted(store.compositions(), key=lambda one: (-proof_of(one).interval[0], one.id))
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document([_document(one) for one in found]))
    else:
        for one in found:
            put_out(_row(one))
        if not found:
            click.echo("no composition is known here yet: sessions whose tests were measured make some", err=True)
    for problem in store.problems:
        click.echo(one_line(problem, 300), err=True)
    for damage in store.reading.damages:
        click.echo(one_line(f"{store.log.path}, {damage}: passed over", 500), err=True)


def _row(one: Composition) -> str:
    from orchestrator.narration.formatting import counted
    from orchestrator.quotation import one_line
    from orchestrator.store.proven import proof_of

    metrics, proof = one.metrics(), proof_of(one)
    if one.is_rehearsed:
        state = "rehearsed only, which proves nothing of a real run"
    elif one.is_quarantined:
        state = "imported, in quarantine"
    elif proof.is_proven and (replaced := _replaced(one)):
        state = f"lapsed: {replaced}; with what was there before, {proof.words}"
    elif proof.is_proven:
        state = f"proven: {proof.words}"
    else:
        state = f"not proven: {proof.because}"
    uses = f"{counted(metrics.usage_count, 'use')}, {metrics.success_rate:.0%}, score {metrics.avg_quality_score:.0f}"
    return one_line(f"{one.id}: {one.definition().task_pattern}; {uses}; {state}", 300)


def _replaced(one: Composition) -> str:
    """Which of its CLIs the newest sessions found in another version; empty where none, or where nothing is known."""
    from pathlib import Path

    from orchestrator.cli.session_lookup import workspace_path
    from orchestrator.journal.last_probes import last_probes
    from orchestrator.store.reuse import replaced_since, versions_of

    given = os.environ.get("ORCHESTRATOR_WORKSPACE")
    versions = versions_of(last_probes(workspace_path(Path(given) if given else None)))
    return "; ".join(replaced_since(one, versions)) if versions else ""


def _lines_of(one: Composition) -> Iterator[str]:
    from orchestrator.quotation import one_line

    yield _row(one)
    definition = one.definition()
    for agent in definition.agents:
        yield "  " + one_line(", ".join(f"{name} {value}" for name, value in agent.items()), 300)
    yield "  " + one_line(f"strategy {definition.strategy}, tags {', '.join(definition.tags) or 'none'}", 300)
    if one.by_callers.uses:
        yield f"  {one.by_callers.uses} recorded by hand, which are no evidence"
    if one.imported is not None:
        told = one.imported
        yield f"  others say: {told.successes} successes, {told.failures} failures, {told.unknown} unknown"
    for outcome in one.sessions.values():
        score = "no score" if outcome.quality_score is None else f"score {outcome.quality_score:g}"
        yield "  " + one_line(f"{outcome.session}: {outcome.result}, {score}: {outcome.because}", 300)


def _document(one: Composition) -> Mapping[str, Any]:
    from dataclasses import asdict

    from orchestrator.store.proven import proof_of

    proof = proof_of(one)
    return {
        **one.configuration().to_dict(),
        "quarantined": one.is_quarantined,
        "recorded_by_hand": one.by_callers.uses,
        "proof": {**asdict(proof), "gated": proof.gated, "rate": proof.rate, "lapsed": _replaced(one)},
    }


def _rebuilt(told: Mapping[str, Any], store: ConfigurationStore) -> Iterator[str]:
    from orchestrator.narration.formatting import counted
    from orchestrator.quotation import one_line

    derived = told["journals"]
    if derived is not None:
        again = counted(derived.derived, "session")
        yield f"{again} derived again, {len(derived.added)} of them new or otherwise in the log"
        for session in derived.running:
            yield f"  {session} has not ended"
        for session, why in derived.unreadable:
            yield "  " + one_line(f"{session} cannot be derived: {why}", 300)
        if derived.gone:
            shown = ", ".join(derived.gone[:_MOST_SHOWN]) + (", …" if len(derived.gone) > _MOST_SHOWN else "")
            gone = counted(len(derived.gone), "session")
            yield f"  {gone} of the log without a journal in this workspace, which stay as they are: {shown}"
    yield f"{counted(told['files'], 'file')} made in {store.storage_dir}"
    yield from ("  " + one_line(problem, 300) for problem in told["problems"])
    yield from ("  " + one_line(f"{store.log.path}, {damage}: passed over", 300) for damage in told["damaged_lines"])
    if told["newer_lines"]:
        yield f"  {told['newer_lines']} lines are of a newer version of this program: passed over"
