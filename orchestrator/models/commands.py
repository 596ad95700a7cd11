"""These models are the commands that reach a running session from people and from guards."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from orchestrator.models.identity import WorkerId
from orchestrator.value_class import value_class


class Command(StrEnum):
    """What a person, or a signal, can ask of a running session."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    KILL = "kill"
    """The second Ctrl-C: no ladder."""
    REVIEW = "review"
    ANSWER = "answer"
    RESTART = "restart"


@value_class
class UserCommand:
    """Somebody asked for something; everything downstream talks back this way."""

    command: Command
    by: str
    """``terminal``, ``signal TERM``, ``orchestrate stop``, ``dashboard``."""
    worker: WorkerId | None = None
    """``None``: the whole crew."""
    text: str = ""
    """The answer, or the reason."""
    question: str | None = None
    number: int | None = None
    """Of the file it was dropped in, so that no command is taken twice."""
    who: str = ""
    """Whose hand it was, as far as the machine knows: ``ada (uid 1000)``, the holder of the dashboard's token."""
    kind: Literal["user_command"] = "user_command"


@value_class
class GuardAsked:
    """A guard stands in front of a command that a worker is about to run, and waits for an answer.

    Everything in it comes from inside the sandbox: it is good for a question, and never more than a hint where to look.
    """

    worker: WorkerId
    request: str
    """Names the request in the answer."""
    source: Literal["executable", "hook"]
    """A program that was started, or a CLI's own hook before its shell tool runs."""
    argv: tuple[str, ...]
    """The program and its arguments; from a hook, one shell command line."""
    cwd: str
    processes: tuple[str, ...] = ()
    """From an executable: the process that asks and those above it, each ``pid:start``, as they are named inside."""
    kind: Literal["guard_asked"] = "guard_asked"
