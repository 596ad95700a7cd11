"""Put a person's wish as a command into the session's folder; the coordinator takes it and journals who asked."""

from __future__ import annotations

import anyio.to_thread
from pydantic import BaseModel

from orchestrator.journal.control import drop_command
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.facts import Question
from orchestrator.server.dependencies import session_of, worker_named
from orchestrator.server.follower import Follower
from orchestrator.server.problems import Refusal
from orchestrator.session.choices import answer_command, no_answer

BY = "dashboard"
WHO = "the holder of the dashboard's token"


class Accepted(BaseModel):
    """The command lies where the coordinator finds it; the stream tells when it has taken effect."""

    session: str
    command: Command
    worker: str | None = None
    question: str | None = None
    number: int
    """Of the file it was dropped in: the journal's ``user_command`` entry bears it too."""


async def send(
    follower: Follower, command: Command, *, worker: str | None = None, text: str = "", question: str | None = None
) -> Accepted:
    """Drop the command.

    Raises:
        Refusal: Nobody runs the session, it has no such worker, or what is said to a question is no answer to it.
        EnvironmentUnfit: The folder cannot be written.
    """
    session_of(follower)
    name = worker_named(follower, worker) if worker is not None else None
    # Asked afresh: what the stream last saw may be a second old, and a command nobody takes would be a lie.
    if session_holder(follower.folder) is None:
        raise Refusal(
            409,
            f"session {follower.folder.id} is not running",
            hint=f"go on with it: orchestrate resume {follower.folder.id}",
        )
    wanted = UserCommand(command=command, by=BY, worker=name, text=text, question=question, who=WHO)
    if command is Command.ANSWER and question is not None:
        asked = question_named(follower, question)
        problem = no_answer(session_of(follower), asked, text)
        if problem is not None:
            raise Refusal(422, problem, hint=f"{asked.text} It is still open.")
        wanted = answer_command(asked, text, by=BY, who=WHO)
    number = await anyio.to_thread.run_sync(drop_command, follower.folder, wanted)
    return Accepted(session=follower.folder.id, command=wanted.command, worker=name, question=question, number=number)


def question_named(follower: Follower, question: str) -> Question:
    """The open question of that id.

    Raises:
        Refusal: It is not open, or was never asked.
    """
    open_ones = session_of(follower).approvals.questions
    found = next((asked for asked in open_ones if asked.id == question), None)
    if found is None:
        names = ", ".join(asked.id for asked in open_ones) or "none"
        raise Refusal(404, f"question {question!r} is not open", hint=f"open questions: {names}")
    return found


def words_for(question: Question, *, confirmed: bool) -> str:
    """The answer that confirms or refuses: the question's own words for it, where it suggests some."""
    wanted = ("yes", "confirm", "allow", "approve") if confirmed else ("no", "refuse", "deny", "reject")
    for suggestion in question.suggestions:
        if suggestion.lower().split(" ")[0].strip(",.:") in wanted:
            return suggestion
    return "yes, confirmed" if confirmed else "no, refused"
