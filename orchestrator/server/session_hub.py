"""Keep one follower for each session of the workspace that somebody looks at."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
from anyio import CancelScope
from anyio.abc import TaskGroup, TaskStatus

from orchestrator.errors import OrchestrateError
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.folder import SessionFolder, newest_session, open_session
from orchestrator.journal.index import SessionIndex, SessionRow
from orchestrator.quotation import clean
from orchestrator.server.follower import Follower
from orchestrator.server.request_limits import Room
from orchestrator.server.session_rows import Figures, SessionEntry, figures_in_report, session_entry, with_figures
from orchestrator.server.session_table import SessionQuery, SessionTable, session_table
from orchestrator.server.shown_words import shown_reason
from orchestrator.server.target_diff import Differ
from orchestrator.session.summary import summarise, waits_for_person

LIST_TIME_S = 60.0
LIST_FRESH_S = 0.5
"""Of ten thousand sessions the list takes a fifth of a second."""
MOST_UNWATCHED = 8
"""Sessions kept in memory though no stream is open on them."""


class SessionHub:
    """All sessions of a workspace; used inside its ``async with``.

    Args:
        session: The one that is meant where none is named; ``None`` means the newest live one, or else the newest.
    """

    def __init__(self, workspace: Path, session: str | None = None) -> None:
        self.workspace = workspace
        self._default = session
        self._followers: OrderedDict[str, tuple[Follower, CancelScope]] = OrderedDict()
        self._differs: dict[str, Differ] = {}
        self._tasks: TaskGroup | None = None
        self.room = Room()
        """For those who watch a stream, of whichever session."""
        self._listing = anyio.Lock()
        self._listed: tuple[float, list[SessionRow]] | None = None
        self.is_closed = False

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Keep the followers running until :meth:`close`."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            task_status.started()
            await anyio.sleep_forever()

    def say_goodbye(self) -> None:
        """End every stream, and begin no new one."""
        self.is_closed = True
        for follower, _ in self._followers.values():
            follower.close()

    def close(self) -> None:
        """End every stream and every follower."""
        self.say_goodbye()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    def folder(self, session: str | None) -> SessionFolder:
        """The session meant.

        Raises:
            SessionUnknown: There is no session of that name.
            OrchestrateError: There is no session at all.
        """
        name = session or self._default
        if name is not None:
            return open_session(self.workspace, name)
        found = newest_session(self.workspace, live_only=True) or newest_session(self.workspace, live_only=False)
        if found is None:
            raise OrchestrateError("there is no session in this workspace yet")
        return found

    async def follower(self, session: str | None) -> Follower:
        """Follow the session, and wait until everything written so far has been read.

        Raises:
            SessionUnknown: There is no session of that name.
            OrchestrateError: There is no session at all, or its journal cannot be read.
        """
        folder = self.folder(session)
        if folder.id not in self._followers or self._followers[folder.id][0].is_closed:
            self._begin(folder)
        self._followers.move_to_end(folder.id)
        follower, _ = self._followers[folder.id]
        await follower.wait_until_ready()
        self._forget_unwatched(but=folder.id)
        return follower

    def followed(self) -> list[str]:
        """Sessions that are kept in memory now."""
        return list(self._followers)

    async def rows(self) -> list[SessionRow]:
        """Every session of the workspace, newest first; everybody who asks within a moment gets the same list."""
        async with self._listing:
            now = anyio.current_time()
            if self._listed is None or now - self._listed[0] > LIST_FRESH_S:
                try:
                    found = await off_loop(self._list, within_s=LIST_TIME_S, what="listing the sessions")
                except TimeoutError as error:
                    raise OrchestrateError(str(error)) from error
                self._listed = (anyio.current_time(), found)
            return self._listed[1]

    def figures(self, row: SessionRow) -> Figures | None:
        """What the session came to, as far as that is known without reading its journal."""
        follower, _ = self._followers.get(row.id, (None, None))
        if follower is None or follower.session is None:
            return figures_in_report(SessionFolder(self.workspace / row.id).report_data_file)
        summary = summarise(follower.session)
        asked = follower.session.approvals.questions_asked
        change = summary.change
        told = Figures(
            summary.usage,
            questions=asked,
            usage_complete=summary.usage_complete,
            cost_complete=summary.cost_complete,
            reason=clean(shown_reason(summary.reason, follower.session.assessment.decisions)),
        )
        if change is None and row.id in self._differs:
            # A session that runs has measured nothing yet; its page has looked at the target, or the table has.
            seen = self._differs[row.id].known
            if seen is not None and seen.problem is None and seen.of != "nothing yet":
                more, less = seen.insertions, seen.deletions
                return replace(told, files=len(seen.files), insertions=more, deletions=less)
        if change is None or change.problem is not None:
            return told
        more, less = change.insertions, change.deletions
        return replace(told, files=len(change.files), insertions=more, deletions=less)

    async def waits(self, row: SessionRow) -> bool:
        """Whether the session runs and a question of it is open; one that runs is followed for that."""
        if row.holder is None or row.problem is not None:
            return False
        try:
            session = (await self.follower(row.id)).session
        except OrchestrateError:
            return False  # it has gone, or its journal is damaged, since the rows were listed
        return session is not None and waits_for_person(session)

    async def table(self, query: SessionQuery) -> SessionTable:
        """The part of the table of sessions that was asked for; what the reports say is read off the event loop."""
        rows = await self.rows()
        entries = [session_entry(row, None, waits=await self.waits(row)) for row in rows]
        self._look_at_targets(rows)
        followed: dict[str, Figures | None] = {row.id: self.figures(row) for row in rows if row.id in self._followers}

        def filled(entry: SessionEntry) -> SessionEntry:
            file = SessionFolder(self.workspace / entry.id).report_data_file
            found = followed[entry.id] if entry.id in followed else figures_in_report(file)
            return with_figures(entry, found) if found else entry

        choose = partial(session_table, entries, query, datetime.now(UTC), filled)
        try:
            return await off_loop(choose, within_s=LIST_TIME_S, what="reading the reports")
        except TimeoutError as error:
            raise OrchestrateError(str(error)) from error

    def _look_at_targets(self, rows: list[SessionRow]) -> None:
        """Look at what the newest sessions that run have changed; the table shows it the next time it is asked for."""
        for row in [row for row in rows if row.holder is not None][:MOST_UNWATCHED]:
            follower, _ = self._followers.get(row.id, (None, None))
            if follower is not None and follower.session is not None and self._tasks is not None:
                self._tasks.start_soon(self.differ(follower).look, follower.session)

    def differ(self, follower: Follower) -> Differ:
        return self._differs.setdefault(follower.folder.id, Differ(follower))

    def _list(self) -> list[SessionRow]:
        index = SessionIndex(self.workspace)
        index.refresh()
        return index.rows()

    def _begin(self, folder: SessionFolder) -> None:
        if self._tasks is None or self.is_closed:
            raise OrchestrateError("the dashboard is shutting down")
        follower = Follower(folder)
        scope = anyio.CancelScope()

        async def follow() -> None:
            with scope:
                await follower.run()

        self._followers[folder.id] = (follower, scope)
        self._differs.pop(folder.id, None)
        self._tasks.start_soon(follow)

    def _forget_unwatched(self, *, but: str) -> None:
        unwatched = [name for name, (follower, _) in self._followers.items() if not follower.clients and name != but]
        for name in unwatched[: max(0, len(unwatched) - MOST_UNWATCHED)]:
            follower, scope = self._followers.pop(name)
            self._differs.pop(name, None)
            scope.cancel()
            follower.close()
