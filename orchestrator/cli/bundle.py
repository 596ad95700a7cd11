"""``orchestrate bundle``: pack a session into one file that can be sent to others."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.journal.bundle_file import Bundle


@click.command("bundle")
@click.argument("session", required=False, shell_complete=completion_values.sessions)
@click.option(
    "-o",
    "--output",
    type=AnyPath(),
    metavar="FILE",
    help="Where to write it [default: SESSION.tar.gz, in this folder].",
)
@click.option("--with-conversations", is_flag=True, help="Pack the agents' own conversation stores as well.")
@workspace_option
@json_option
def command(
    session: str | None, output: Path | None, with_conversations: bool, workspace: Path | None, as_json: bool
) -> None:
    """Pack SESSION (default: the newest) with its secrets withheld, for a bug report.

    Unpacked, it can be replayed: tar xzf FILE, then orchestrate replay ./SESSION
    """
    from pathlib import Path

    from orchestrator.agents.registry import AGENTS
    from orchestrator.cli.session_lookup import expanded, which_session, workspace_path
    from orchestrator.coordinator.environments import known_secrets
    from orchestrator.errors import UsageError
    from orchestrator.journal.bundle_file import pack
    from orchestrator.safety.redaction import Redactor

    folder = which_session(workspace_path(workspace), session)
    out = expanded(output) if output is not None else Path(f"{folder.id}.tar.gz")
    if out.exists():
        raise UsageError(f"{out} exists already", hint="name another file with -o")
    bundle = pack(
        folder,
        out,
        redactor=Redactor(known_secrets(os.environ)),
        with_conversations=with_conversations,
        logins=[name for agent in AGENTS.values() for name in agent.credential.files],
    )
    problem = _replay_problem(out, folder.id)
    print(_as_document(bundle, out, problem) if as_json else _as_text(bundle, out, problem))
    if not as_json:
        print(
            "Secrets are known by the variables set here, and by their form: look it through before you send it.",
            file=sys.stderr,
        )


def _replay_problem(bundle: Path, session: str) -> str | None:
    """Explain why the bundle cannot be replayed; ``None`` if it can."""
    import shutil
    import tarfile

    from orchestrator.errors import OrchestrateError
    from orchestrator.files.temporary import temporary_folder
    from orchestrator.journal.reader import read_journal
    from orchestrator.session.replaying import replay

    with temporary_folder("bundle") as folder, tarfile.open(bundle) as tar:
        try:
            packed = tar.extractfile(f"{session}/journal.jsonl")
            journal = folder / "journal.jsonl"
            with journal.open("wb") as file:
                shutil.copyfileobj(packed, file)  # type: ignore[arg-type]  # a regular file always has one
            replay(read_journal(journal))
        except KeyError:
            return "it has no journal"
        except (OrchestrateError, ValueError) as error:
            return str(error)
    return None


def _as_text(bundle: Bundle, out: Path, problem: str | None) -> str:
    from orchestrator.narration.formatting import counted, one_line, quoted_name

    lines = [
        f"{quoted_name(str(out))}: {counted(len(bundle.files), 'file')}, {out.stat().st_size:,} bytes, "
        f"{counted(bundle.redactions, 'secret')} withheld"
    ]
    lines += [f"  {count:>6} in {quoted_name(name)}" for name, count in bundle.files.items() if count]
    lines += [f"left out: {quoted_name(name)} ({one_line(why)})" for name, why in sorted(bundle.left_out.items())]
    lines.append("it replays" if problem is None else f"it does not replay: {one_line(problem, 600)}")
    return "\n".join(lines)


def _as_document(bundle: Bundle, out: Path, problem: str | None) -> str:
    from dataclasses import asdict

    from orchestrator.cli.documents import document

    return document(
        {
            **asdict(bundle),
            "file": out.absolute(),
            "redactions": bundle.redactions,
            "replays": problem is None,
            "problem": problem,
        }
    )
