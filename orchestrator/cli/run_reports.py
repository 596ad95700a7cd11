"""Write what a session came to where build servers look for it, and let ``--fail-on`` say what fails a job."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.cli.gate_reports import (
    WRITERS,
    check_places,
    commands_stopped,
    is_on_github,
    tell_github,
    write_reports,
)
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.coordinator.session_request import SessionResult
    from orchestrator.models.quality_gates import FailOn, GateReport

NOT_OF_SESSIONS: Final = ("attest", "document")
"""Kinds of reports that gates have and sessions have not."""
LOOK_TIME_S: Final = 120.0
MOST_BYTES: Final = 64 * 1024**2


@value_class
class RunReports:
    """The files to write when a session has ended."""

    options: Mapping[str, Any]
    fail_on: FailOn | None
    """``None``: the exit code is the session's own."""
    environ: Mapping[str, str]

    @classmethod
    def of(cls, options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> RunReports | None:
        """Those that were asked for; ``None`` where nothing is, and no build server runs us.

        Raises:
            UsageError: A file cannot be written.
        """
        wanted = {name: options.get(name) for name in (*WRITERS, "artifacts") if options.get(name) is not None}
        fail_on = options.get("fail_on")
        if not wanted and fail_on is None and not is_on_github(environ):
            return None
        check_places(wanted)
        return cls(wanted, fail_on, environ)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """While the block runs, the build server interprets nothing that agents say as a command."""
        with commands_stopped(self.environ, _say, secrets.token_hex(16), group="Session"):
            yield

    def written(self, result: SessionResult) -> int:
        """Write all of them, and return the exit code.

        Raises:
            EnvironmentUnfit: A file cannot be written.
        """
        report = self._report(result)
        folder = self.options.get("artifacts")
        if folder is not None:
            _write_session(result, folder)
        write_reports(report, self.options, without=NOT_OF_SESSIONS)
        for place in (self.options.get("report"), folder and folder / WRITERS["report"].artifact):
            if place is not None:
                _append_story(place.expanduser(), result.folder)
        if is_on_github(self.environ):
            tell_github(report, self.environ, _say)
        return exit_code(int(result.exit_code), self.fail_on, is_blocked=not report.approved)

    def _report(self, result: SessionResult) -> GateReport:
        from orchestrator.files.time_limits import in_time
        from orchestrator.gates.gate_verdicts import Rules
        from orchestrator.measurement.project_tree import look_at
        from orchestrator.measurement.session_gates import session_report
        from orchestrator.session.summary import summarise

        summary = summarise(result.state)
        tree = in_time(partial(look_at, Path(summary.target)), within_s=LOOK_TIME_S, what="the look at the target")
        return session_report(summary, tree, Rules(fail_on=self.fail_on or "fail"))


def exit_code(code: int, fail_on: FailOn | None, *, is_blocked: bool) -> int:
    """Apply ``--fail-on`` to success and failure; the codes for a person, wrong usage and interruption stay."""
    if fail_on is None or code not in (0, 1):
        return code
    if fail_on == "never":
        return 0
    return 1 if is_blocked else code


def _write_session(result: SessionResult, folder: Path) -> None:
    """Write the session's document, its change, and a bundle without secrets."""
    from orchestrator.agents.registry import AGENTS
    from orchestrator.coordinator.environments import known_secrets
    from orchestrator.files.atomic_replace import write_atomically
    from orchestrator.files.foreign import ForeignFolder, Unread
    from orchestrator.journal.bundle_file import pack
    from orchestrator.journal.folder import SessionFolder
    from orchestrator.safety.redaction import Redactor

    place = folder.expanduser().absolute()
    session = SessionFolder(result.folder)
    for file in (session.report_data_file, session.patch_file):
        text = ForeignFolder(result.folder).read_text(file.name, most_bytes=MOST_BYTES)
        if not isinstance(text, Unread):
            write_atomically(place / file.name, text)
    bundle = place / f"{session.id}.tar.gz"
    bundle.unlink(missing_ok=True)
    logins = [name for agent in AGENTS.values() for name in agent.credential.files]
    redactor = Redactor(known_secrets(os.environ))
    pack(session, bundle, redactor=redactor, with_conversations=False, logins=logins)


def _append_story(place: Path, folder: Path) -> None:
    """Append the session's own report to the table."""
    from orchestrator.files.atomic_replace import write_atomically
    from orchestrator.files.foreign import ForeignFolder, Unread

    story = ForeignFolder(folder).read_text("report.md", most_bytes=16 * 1024**2)
    if not isinstance(story, Unread):
        file = place.absolute()
        write_atomically(file, f"{file.read_text(encoding='utf-8')}\n{story}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
