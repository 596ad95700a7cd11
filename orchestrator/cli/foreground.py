"""Attend to the person in front of a running session: signals, the view and answers, beside the coordinator."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import anyio
import anyio.to_thread
import click

from orchestrator.cli.decision_desk import (
    REVIEW_AGAIN,
    WHOLE_DIFF,
    DeskChange,
    DeskLine,
    desk_change,
    diff_lines,
    prompt_keys,
    whole_change,
)
from orchestrator.cli.key_reader import KeyReader, Wish
from orchestrator.cli.line_reader import LineReader
from orchestrator.cli.session_lookup import workspace_words
from orchestrator.cli.signals import ending_signals
from orchestrator.coordinator.session_request import Observer, Progress, SessionResult
from orchestrator.errors import OrchestrateError
from orchestrator.journal.control import drop_command, person
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import Command, JournalEntry, UserCommand
from orchestrator.models.facts import Question
from orchestrator.models.identity import WorkerId
from orchestrator.narration.sentences import settled_words
from orchestrator.session.choices import answer_command, no_answer
from orchestrator.session.consents import is_consent
from orchestrator.session.open_questions import OpenQuestion, open_question
from orchestrator.session.state import Session

BY: Final = "terminal"
_FRAME_S = 0.125
"""At most eight pictures a second."""
_LOOK_S = 3.0
"""How long a question waits for what was changed."""

Beside: TypeAlias = Callable[[SessionFolder, Callable[[str], None]], Awaitable[None]]
"""Something that accompanies the session once it is open, told where it lies and how to say something."""
Begin: TypeAlias = Callable[[Observer, Progress], Awaitable[SessionResult]]
"""``run_session`` or ``resume_session``, with everything but its two listeners given."""


class View(Protocol):
    """How a session is shown.  No method may raise or block."""

    def observe(self, session: Session, entry: JournalEntry) -> None: ...
    def progress(self, text: str) -> None: ...
    def tell(self, text: str) -> None:
        """Show a line that comes from this program and not from the session."""

    def announce(self, text: str) -> None:
        """Show a line that stays."""

    def refresh(self, now: datetime) -> None: ...
    def ask(self, question: OpenQuestion, change: DeskChange | None) -> None:
        """Show the question with what was changed, and a prompt; leave the terminal alone from then on."""

    def show(self, lines: Sequence[DeskLine]) -> None:
        """Show more of what the question is about, and the prompt again."""

    def go_on(self, *, typed: bool) -> None:
        """Leave the prompt: a line was typed, or the question was answered elsewhere."""

    def close(self, now: datetime) -> None: ...

    has_keys: bool
    """Set where somebody reads keys for it."""

    @property
    def takes_keys(self) -> bool:
        """Whether keys do anything."""

    @property
    def followed(self) -> WorkerId | None:
        """The worker that has the whole screen."""

    def press(self, key: str) -> Wish | None:
        """Take a key, and return what it asks of others."""

    def show_change(self, lines: Sequence[DeskLine]) -> None:
        """Show what was changed, as a key asked."""

    def suspend(self) -> None:
        """Leave the terminal as it was found, for the shell."""

    def begin_transcript(self) -> None:
        """Keep nothing of what was observed up to now for the transcript."""


class Attendance:
    """Holds what is known of the session so far, and what the person has asked for.

    Args:
        by: From where commands and answers come.
        owns: Whether the coordinator runs in this process: then leaving it is stopping it.
    """

    def __init__(self, view: View, *, by: str = BY, owns: bool = True) -> None:
        self.view = view
        self.by = by
        self.owns = owns
        self.left_running = False
        """The person has left, and wants the session to go on."""
        self.keys: KeyReader | None = None
        self.session: Session | None = None
        self.opened = anyio.Event()
        self.leaving = anyio.CancelScope()
        """Around the coordinator's work; cancelled when the person will not wait."""
        self.kept = anyio.CancelScope()
        """Inside it; shielded once there is a session, which is stopped rather than abandoned."""
        self._interrupts = 0
        self._put: set[str] = set()
        self._aside: set[str] = set()
        """Questions whose prompt was left with an empty line; a key puts them once more."""
        self._given: dict[str, str] = {}
        """What was answered here, by question."""
        self._settled = 0
        """How many questions were closed when we looked last."""
        self._changed = anyio.Event()

    @property
    def folder(self) -> SessionFolder | None:
        return SessionFolder(self.session.options.session_dir) if self.session else None

    def observe(self, session: Session, entry: JournalEntry) -> None:
        """Take the session's new state; the coordinator calls this after every entry."""
        is_first = self.session is None
        questions_before = self.session.approvals.questions if self.session else ()
        self.session = session
        self.view.observe(session, entry)
        self._say_answers_of_others()
        if is_first:
            self.opened.set()
        if is_first and self.leaving.cancel_called:
            # The interrupt came while the session was being made; workers are about to start.
            self.kept.shield = True
            self._stop(self.by)
        if session.approvals.questions != questions_before:
            self._changed.set()
            self._changed = anyio.Event()

    def _say_answers_of_others(self) -> None:
        """Of two who answer one question the first counts: whoever typed second is told who answered what."""
        assert self.session is not None
        for settled in self.session.approvals.settled[self._settled :]:
            given = self._given.pop(settled.question, None)
            is_own = settled.by == self.by and settled.answer == given
            if settled.question in self._put and not is_own:
                self.view.announce(settled_words(settled))
        self._settled = len(self.session.approvals.settled)

    def command(self, command: Command, by: str) -> bool:
        """Drop a command into the session's folder; False while there is no session."""
        return self.drop(UserCommand(command=command, by=by, who=person()))

    def drop(self, command: UserCommand) -> bool:
        """Drop a complete command into the session's folder; False while there is no session."""
        if self.folder is None:
            return False
        drop_command(self.folder, command)
        return True

    async def heed_keys(self) -> None:
        """Do what keys ask for, until the terminal has gone."""
        if self.keys is None:
            return
        self.view.has_keys = True
        async with anyio.create_task_group() as looks:
            while names := await self.keys.read():
                for name in names:
                    wish = self.view.press(name)
                    if wish in (Wish.CHANGE, Wish.RECENT_CHANGE):
                        looks.start_soon(self._look_at_change, wish is Wish.RECENT_CHANGE)
                    elif wish is not None:
                        self._try_to_fulfil(wish)
                self.view.refresh(datetime.now(UTC))
        self.view.has_keys = False

    def _try_to_fulfil(self, wish: Wish) -> None:
        """A key that cannot be obeyed, because the folder is full or gone, ends nothing."""
        try:
            self._fulfil(wish)
        except OrchestrateError as error:
            self.view.tell(str(error))

    def _fulfil(self, wish: Wish) -> None:
        if self.session is None:
            self.view.tell("there is no session yet; Ctrl-C stops what is being prepared")
        elif wish is Wish.LEAVE and self.owns and self.session.ending is not None:
            self.view.tell("the session is ending already")
        elif wish is Wish.PAUSE:
            is_paused = self.session.crew_paused
            self.command(Command.RESUME if is_paused else Command.PAUSE, self.by)
            self.view.tell("the agents go on" if is_paused else "pausing: p lets them go on")
        elif wish is Wish.REVIEW:
            worker = self.view.followed
            about = worker if worker is not None and self.session.is_main(worker) else None
            self.drop(UserCommand(command=Command.REVIEW, by=self.by, worker=about, who=person()))
            self.view.tell(f"a review of {about or 'the work'} has been asked for")
        elif wish is Wish.ANSWER:
            self._put -= self._aside
            self._aside.clear()
            self._changed.set()
            self._changed = anyio.Event()
        elif wish is Wish.LEAVE:
            self.left_running = True
            self._leave()

    async def _look_at_change(self, recent: bool) -> None:
        if self.folder is None or self.session is None:
            return
        look = partial(whole_change, self.folder, self.session, recent=recent)
        self.view.show_change(diff_lines(await anyio.to_thread.run_sync(look, abandon_on_cancel=True)))
        self.view.refresh(datetime.now(UTC))

    async def heed_suspension(self) -> None:
        """Ctrl-Z gives the terminal back as it was; ``fg`` draws it anew."""
        if not self.view.takes_keys or signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN:
            return
        with anyio.open_signal_receiver(signal.SIGTSTP) as signals:
            async for _ in signals:
                if self.keys is not None:
                    self.keys.close()
                self.view.suspend()
                # The usual one, and no SIGSTOP: without a shell that could let us go on the kernel forgets it.
                handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGTSTP)
                signal.signal(signal.SIGTSTP, handler)

    async def refresh(self) -> None:
        """Redraw for ever."""
        while True:
            self.view.refresh(datetime.now(UTC))
            await anyio.sleep(_FRAME_S)

    async def accompany(self, beside: Beside) -> None:
        """Run ``beside`` once there is a session."""
        await self.opened.wait()
        assert self.folder is not None
        await beside(self.folder, self.view.announce)

    async def heed_signals(self) -> None:
        """Stop on Ctrl-C, kill on a second one, leave at once on a third; stop on TERM and HUP.

        Of a session that runs elsewhere each of them only ends the view.
        """
        async for number in ending_signals():
            if not self.owns:
                self.left_running = True
                self._leave()
                continue
            if number != signal.SIGINT:
                self._stop(f"signal {number.name.removeprefix('SIG')}")
                continue
            self._interrupts += 1
            if self._interrupts == 1:
                self._stop(self.by)
            elif self._interrupts == 2 and self.command(Command.KILL, self.by):
                self.view.tell("killing every worker; Ctrl-C once more leaves at once")
            else:
                self._leave()

    def _stop(self, by: str) -> None:
        """Stop the session, or the preparations for one."""
        if self.command(Command.STOP, by):
            self.view.tell(self._words_on_stopping())
        else:
            self.view.progress("stopping")
            self.leaving.cancel()

    def _leave(self) -> None:
        self.kept.shield = False
        self.leaving.cancel()

    def _words_on_stopping(self) -> str:
        assert self.session is not None
        which = f"--session {self.session.id}{workspace_words(self.session.options.session_dir.parent)}"
        return f"stopping; Ctrl-C again kills. To look further: orchestrate show {which}, orchestrate logs {which}"

    async def put_questions(self) -> None:
        """Put every open question to the person, one after the other, until input ends."""
        reader = LineReader(sys.stdin.fileno())
        while True:
            question = await self._next_question()
            self._put.add(question.id)
            with nullcontext() if self.keys is None else self.keys.lent():
                has_input = await self._put_question(question, reader)
            if not has_input:
                self.view.tell(f'no more input; answer with: orchestrate answer "…" --question {question.id}')
                return

    async def _next_question(self) -> Question:
        while True:
            for question in self.session.approvals.questions if self.session else ():
                if question.id not in self._put:
                    return question
            await self._changed.wait()

    async def _put_question(self, question: Question, reader: LineReader) -> bool:
        """False when input has ended."""
        assert self.session is not None
        line: str | None = ""
        try:
            async with anyio.create_task_group() as tasks:

                async def until_settled() -> None:
                    while self.session is not None and question in self.session.approvals.questions:
                        await self._changed.wait()
                    tasks.cancel_scope.cancel()

                tasks.start_soon(until_settled)
                line = await self._answer_to(question, reader)
                tasks.cancel_scope.cancel()
        finally:
            self.view.go_on(typed=bool(line and line.strip()))
        if line and line.strip():
            command = answer_command(question, line, by=self.by, who=person())
            self._given[question.id] = command.text
            self.drop(command)
        return line is not None

    async def _answer_to(self, question: Question, reader: LineReader) -> str | None:
        """The first line that is an answer; ``None`` when input has ended."""
        assert self.session is not None
        # A consent is for what was seen: what was typed, or lay there, before the question counts for nothing.
        is_about_consent = is_consent(self.session, question)
        if reader.is_terminal and not is_about_consent:
            await reader.discard_typed_ahead()
        asked = open_question(self.session, question)
        change = await self._change_before(asked)
        self.view.ask(asked, change)
        while True:
            if is_about_consent:
                await reader.discard_typed_ahead()
            line: str | None = ""
            while line is not None and not line.strip():
                line = await (reader.read_answer() if is_about_consent else reader.read_line())
                if line is not None and not line.strip() and self.keys is not None:
                    self._aside.add(question.id)
                    return ""
            if line is not None and self._is_a_look(line.strip().lower(), asked, change):
                continue
            problem = no_answer(self.session, question, line) if line is not None else None
            if problem is None:
                return line
            self.view.tell(problem)

    async def _change_before(self, question: OpenQuestion) -> DeskChange | None:
        """What was changed before it; a target that takes long to look at holds no question up."""
        assert self.session is not None
        assert self.folder is not None
        look = partial(desk_change, self.folder, self.session, question)
        with anyio.move_on_after(_LOOK_S):
            return await anyio.to_thread.run_sync(look, abandon_on_cancel=True)
        return DeskChange("the beginning", problem="that takes long here; orchestrate diff shows it")

    def _is_a_look(self, word: str, question: OpenQuestion, change: DeskChange | None) -> bool:
        """Whether what was typed asks for a look, or for one of the reviewers, and no more."""
        offered = {line.text.split()[0] for line in prompt_keys(question, change)}
        if word not in offered:
            return False
        if word == WHOLE_DIFF and change is not None:
            self.view.show(diff_lines(change))
        elif word == REVIEW_AGAIN:
            self.drop(UserCommand(command=Command.REVIEW, by=self.by, worker=question.about, who=person()))
            self.view.tell(f"a review of {question.about} has been asked for; {question.id} is still open")
        return True


async def attend(
    begin: Begin, view: View, *, interactive: bool, beside: Beside | None = None, by: str = BY, owns: bool = True
) -> SessionResult | SessionFolder:
    """Run a session with a view, heeding signals and keys and, if ``interactive``, putting its questions.

    Args:
        by: From where commands and answers come.
        owns: Whether the coordinator runs in this process.

    Returns:
        How it ended; its folder where the person has left and it is to go on.

    Raises:
        click.Abort: The person left before there was a session, or would not wait for its end.
    """
    attendance = Attendance(view, by=by, owns=owns)
    if view.takes_keys and os.isatty(0):
        attendance.keys = KeyReader(0)
    result: SessionResult | None = None
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(attendance.heed_signals)
            tasks.start_soon(attendance.heed_suspension)
            tasks.start_soon(attendance.heed_keys)
            tasks.start_soon(attendance.refresh)
            if interactive:
                tasks.start_soon(attendance.put_questions)
            if beside is not None:
                tasks.start_soon(attendance.accompany, beside)
            try:
                with attendance.leaving, attendance.kept:
                    result = await begin(attendance.observe, view.progress)
            except Exception as error:
                _note_journal(error, attendance.folder)
                raise
            tasks.cancel_scope.cancel()
    finally:
        if attendance.keys is not None:
            attendance.keys.close()
        view.close(datetime.now(UTC))
    if result is None and attendance.left_running and attendance.folder is not None:
        return attendance.folder
    if result is None:
        _say_what_is_left(attendance.session)
        raise click.Abort
    return result


def _say_what_is_left(session: Session | None) -> None:
    if session is not None:
        options = session.options
        print(
            f"session {session.id} was left; its workers end by themselves within {options.orphan_grace_s:g} s, or go "
            f"on with: orchestrate resume {session.id}{workspace_words(options.session_dir.parent)}",
            file=sys.stderr,
        )


def _note_journal(error: Exception, folder: SessionFolder | None) -> None:
    journal: Path | None = folder.journal_file if folder else None
    if journal is not None:
        error.add_note(f"the session's journal up to here: {journal}")
