"""Run one request: show the session, attend to its person, sum it up, and return its exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

import anyio

from orchestrator.cli.background import hand_over
from orchestrator.cli.foreground import Begin, Beside, View, attend
from orchestrator.cli.notifier import Notifier
from orchestrator.cli.plain_view import PlainView
from orchestrator.cli.run_reports import RunReports
from orchestrator.cli.session_lookup import colours_wanted, in_front, live_view_possible, put_out, terminal_width
from orchestrator.cli.summary_words import summary_text
from orchestrator.cli.told_session import keep_ended
from orchestrator.composition.team_choice import team_words
from orchestrator.coordinator.session_request import FollowUpRequest, GateMeasurer, RunRequest, SessionResult
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import PersonsWords
from orchestrator.models.options import SessionOptions
from orchestrator.narration.notices import Weight
from orchestrator.quotation import one_line
from orchestrator.value_class import value_class


@value_class
class Showing:
    """How a session is shown."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    port: int | None = None
    """The dashboard's; ``None``: no dashboard."""
    reports: RunReports | None = None
    """What is written for a build server."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Showing:
        port = None if options.get("no_dashboard") else options.get("port")
        return cls(
            as_json=options["as_json"],
            quiet=options["quiet"],
            verbose=options["verbose"],
            port=port,
            reports=RunReports.of(options),
        )

    def beside(self) -> Beside | None:
        """Start the dashboard unless it is switched off."""
        if self.port is None:
            return None
        from orchestrator.cli.dashboard import show_dashboard

        port = self.port
        return lambda folder, say: show_dashboard(folder, port, say)

    def view(self, *, on_terminal: bool) -> View:
        """The live view on a terminal, else plain lines on standard error."""
        if on_terminal and not self.quiet and not self.as_json:
            from rich.console import Console

            from orchestrator.cli.live_view import LiveView

            return LiveView(Console(stderr=True), verbose=self.verbose, in_front=in_front)
        least = Weight.IMPORTANT if self.quiet else Weight.DETAIL if self.verbose else Weight.NORMAL
        return PlainView(sys.stderr, least, Notifier(sys.stderr) if sys.stderr.isatty() else None)


def run_session_to_end(request: RunRequest, environ: Mapping[str, str], showing: Showing) -> int:
    """Run a new session."""
    from orchestrator.coordinator import run_session

    async def begin(observe: Any, progress: Any) -> SessionResult:
        return await run_session(
            request, environ=environ, observe=observe, progress=progress, gates=partial(_gates_of, environ=environ)
        )

    opening: tuple[str, ...] = (team_words(request.chosen_team),) if request.chosen_team is not None else ()
    if request.lessons:
        from orchestrator.cli.earlier_lessons import shown_words

        opening += tuple(shown_words(request.lessons))
    return attend_to_end(begin, showing, interactive=request.interactive, opening=opening)


def resume_session_to_end(
    folder: SessionFolder,
    environ: Mapping[str, str],
    *,
    answer: str | PersonsWords | None,
    interactive: bool,
    share_target: bool,
    showing: Showing,
) -> int:
    """Take over a session that has no coordinator."""
    from orchestrator.coordinator import resume_session

    async def begin(observe: Any, progress: Any) -> SessionResult:
        return await resume_session(
            folder,
            environ=environ,
            answer=answer,
            interactive=interactive,
            share_target=share_target,
            observe=observe,
            progress=progress,
            gates=partial(_gates_of, environ=environ, resumed=folder),
        )

    return attend_to_end(begin, showing, interactive=interactive)


def follow_up_to_end(
    folder: SessionFolder,
    environ: Mapping[str, str],
    *,
    asked: FollowUpRequest,
    interactive: bool,
    share_target: bool,
    showing: Showing,
) -> int:
    """Go on with a session that is done."""
    from orchestrator.coordinator import resume_session

    async def begin(observe: Any, progress: Any) -> SessionResult:
        return await resume_session(
            folder,
            environ=environ,
            interactive=interactive,
            share_target=share_target,
            observe=observe,
            progress=progress,
            gates=partial(_gates_of, environ=environ, resumed=folder),
            follow_up=asked,
        )

    opening = f"follow-up on session {folder.id}: {asked.text}"
    return attend_to_end(begin, showing, interactive=interactive, opening=(opening,))


def _gates_of(
    options: SessionOptions, *, environ: Mapping[str, str], resumed: SessionFolder | None = None
) -> GateMeasurer:
    """Load what measures gates; only a session whose plan has gates pays for the import."""
    from orchestrator.journal.reader import read_journal
    from orchestrator.measurement.plan_gates import gates_of_session
    from orchestrator.workflows.proven_tests import order_in

    boost = order_in(options.session_dir)
    if boost is not None:
        from orchestrator.workflows.boost_gate import boost_gates

        return boost_gates(boost, options, environ, lambda _text: None)
    first = None if resumed is None else next(iter(read_journal(resumed.journal_file)), None)
    return gates_of_session(options, environ, since=None if first is None else first.at)


def attend_to_end(begin: Begin, showing: Showing, *, interactive: bool, opening: tuple[str, ...] = ()) -> int:
    """Attend to the session until it has ended, and say how it did, or until the person leaves it running.

    Args:
        opening: The first lines of all, which stay.
    """
    with nullcontext() if showing.reports is None else showing.reports.quiet():
        result = _attended(begin, showing, interactive=interactive, opening=opening)
    if isinstance(result, SessionFolder):
        return hand_over(result, showing)
    return int(result.exit_code) if showing.reports is None else showing.reports.written(result)


def _attended(
    begin: Begin, showing: Showing, *, interactive: bool, opening: tuple[str, ...]
) -> SessionResult | SessionFolder:
    """How it ended, or the folder of a session that is to go on elsewhere."""
    view = showing.view(on_terminal=live_view_possible())
    for line in opening:
        view.announce(one_line(line, 300))
    result = anyio.run(partial(attend, begin, view, interactive=interactive, beside=showing.beside()))
    if isinstance(result, SessionFolder):
        return result
    if showing.as_json:
        from orchestrator.cli.documents import session_document

        put_out(session_document(result.state, SessionFolder(result.folder), exit_code=int(result.exit_code)))
    else:
        out = sys.stdout
        folder = SessionFolder(result.folder)
        put_out(summary_text(result.state, folder, colour=colours_wanted(out), width=terminal_width(out)))
    keep_ended(result.state, SessionFolder(result.folder))
    return result
