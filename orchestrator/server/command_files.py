"""Put a person's wish as a command into the session's folder; the coordinator takes it and journals who asked."""

from __future__ import annotations

from datetime import datetime

import anyio
import anyio.to_thread
from pydantic import BaseModel

from orchestrator.journal.control import drop_command
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.approvals import Settled
from orchestrator.models.entries import Command, PersonsWords, UserCommand
from orchestrator.models.facts import Question
from orchestrator.quotation import one_line
from orchestrator.server.dependencies import session_of, worker_named
from orchestrator.server.ended_sessions import let_go_on
from orchestrator.server.follower import Follower, GivenAnswer
from orchestrator.server.problems import Refusal
from orchestrator.session.choices import answer_command, no_answer

BY = "dashboard"
WHO = "the holder of the dashboard's token"
TAKEN_WITHIN_S = 10.0
"""An answer that is still on its way after this long may be given again."""
_RUNS = "words are for a session that has stopped; one that runs asks for them itself"
_STARTS = frozenset({Command.ANSWER, Command.RESUME})
"""What lets a session go on that nobody runs."""


class Accepted(BaseModel):
    """The command lies where the coordinator finds it; the stream tells when it has taken effect."""

    session: str
    command: Command
    worker: str | None = None
    question: str | None = None
    number: int
    """Of the file it was dropped in: the journal's ``user_command`` entry bears it too."""


async def send(
    follower: Follower,
    command: Command,
    *,
    worker: str | None = None,
    text: str = "",
    question: str | None = None,
    words: str = "",
) -> Accepted:
    """Drop the command.

    Args:
        words: With ``resume``, what whoever goes on is told in a session that has stopped.

    Raises:
        Refusal: Nobody runs the session, it has no such worker, or what is said to a question is no answer to it.
        EnvironmentUnfit: The folder cannot be written.
    """
    session_of(follower)
    name = worker_named(follower, worker) if worker is not None else None
    wanted = UserCommand(command=command, by=BY, worker=name, text=text, question=question, who=WHO)
    if command is Command.ANSWER and question is not None:
        wanted = _answer_to(follower, question, text)
    said = _words_said(follower, wanted, words)
    async with follower.starting:
        # Asked afresh: what the stream last saw may be a second old, and a command nobody takes would be a lie.
        if session_holder(follower.folder) is None:
            await _begin(follower, command, wanted, said)
        elif said is not None:
            raise Refusal(409, f"session {follower.folder.id} runs: your words were told to nobody", hint=_RUNS)
        number = _given_alike(follower, wanted)
        if number is None:
            number = await anyio.to_thread.run_sync(drop_command, follower.folder, wanted)
        if wanted.command is Command.ANSWER and question is not None:
            follower.given[question] = GivenAnswer(wanted.text, number, anyio.current_time())
    return Accepted(session=follower.folder.id, command=wanted.command, worker=name, question=question, number=number)


def _answer_to(follower: Follower, question: str, text: str) -> UserCommand:
    """The command that the answer comes to.

    Raises:
        Refusal: It is no answer to the question, or the question is closed.
    """
    asked = question_named(follower, question)
    problem = no_answer(session_of(follower), asked, text)
    if problem is not None:
        raise Refusal(422, problem, hint=f"{asked.text} It is still open.")
    return answer_command(asked, text, by=BY, who=WHO)


def _given_alike(follower: Follower, wanted: UserCommand) -> int | None:
    """The number of the file in which the same answer is on its way already; ``None``: none is.

    Raises:
        Refusal: Another answer is on its way, or the question is closed: of two people the first one counts.
    """
    if wanted.command is not Command.ANSWER or wanted.question is None:
        return None
    question_named(follower, wanted.question)
    given = follower.given.get(wanted.question)
    if given is None or anyio.current_time() - given.at > TAKEN_WITHIN_S:
        return None
    if given.text.lower() == wanted.text.lower():
        return given.number
    raise Refusal(
        409,
        f"{wanted.question} was answered a moment ago, from another page of this dashboard: {one_line(given.text)!r}",
        hint="the first answer counts; yours was not sent",
    )


def _words_said(follower: Follower, wanted: UserCommand, words: str) -> PersonsWords | None:
    """The person's words to a session that has stopped; ``None`` where there are none.

    Raises:
        Refusal: Nobody can be told them so.
    """
    if not words.strip():
        return None
    asked = session_of(follower).approvals.questions
    if wanted.command is not Command.RESUME or wanted.worker is not None:
        raise Refusal(422, "words can be given only where the whole session is let go on")
    if asked:
        raise Refusal(409, f"{asked[0].id} waits for an answer: your words were told to nobody", hint=asked[0].text)
    return PersonsWords(words.strip(), BY, WHO)


async def _begin(follower: Follower, command: Command, wanted: UserCommand, said: PersonsWords | None) -> None:
    """Let a session that nobody runs go on, where what is asked of it calls for that.

    Raises:
        Refusal: It does not, or it cannot go on.
    """
    name = follower.folder.id
    if command not in _STARTS or wanted.worker is not None:
        raise Refusal(409, f"session {name} is not running", hint=f"go on with it: orchestrate resume {name}")
    if wanted.command is Command.STOP:
        raise Refusal(409, f"session {name} has stopped already", hint="it stays so until it is resumed")
    await let_go_on(follower.folder, said)


def question_named(follower: Follower, question: str) -> Question:
    """The open question of that id.

    Raises:
        Refusal: It is not open, or was never asked.
    """
    open_ones = session_of(follower).approvals.questions
    found = next((asked for asked in open_ones if asked.id == question), None)
    if found is None:
        closed = next(
            (one for one in reversed(session_of(follower).approvals.settled) if one.question == question), None
        )
        if closed is not None:
            raise Refusal(409, f"{question} is closed: {_how_closed(closed)}", hint="the first answer counts")
        names = ", ".join(asked.id for asked in open_ones) or "none"
        raise Refusal(404, f"question {question!r} is not open", hint=f"open questions: {names}")
    return found


def _how_closed(closed: Settled) -> str:
    """Who answered what, from where and when, in words."""
    if not closed.by:
        return f"nobody answered ({closed.outcome})"
    who = f" ({closed.who})" if closed.who else ""
    return f"answered {one_line(closed.answer, 200)!r} from {closed.by}{who} at {_clock(closed.at)}"


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")


def words_for(question: Question, *, confirmed: bool) -> str:
    """The answer that confirms or refuses: the question's own words for it, where it suggests some."""
    wanted = ("yes", "confirm", "allow", "approve") if confirmed else ("no", "refuse", "deny", "reject")
    for suggestion in question.suggestions:
        if suggestion.lower().split(" ")[0].strip(",.:") in wanted:
            return suggestion
    return "yes, confirmed" if confirmed else "no, refused"
