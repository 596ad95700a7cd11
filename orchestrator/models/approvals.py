"""These models record how a question to a person was settled: for the journal, the report and the summary."""

from __future__ import annotations

from datetime import datetime

from orchestrator.models.identity import WorkerId
from orchestrator.value_class import value_class

STOP = "stop "
"""Before the number of a stop that was answered; the id of a question begins otherwise."""


@value_class
class Settled:
    """A question that is closed, or a consent that was given beforehand, with what became of it."""

    question: str
    """Its id; empty where nobody had to be asked; ``stop 1`` and so on where a person answered a stop with words."""
    text: str
    choices: tuple[str, ...]
    about: WorkerId | None
    answer: str
    """As it was given; empty where nobody answered."""
    by: str
    """From where: ``terminal``, ``orchestrate answer``, ``dashboard``; empty where nobody answered."""
    who: str
    """Whose hand it was, as far as the machine knows: a user, or the holder of a token."""
    at: datetime
    outcome: str
    """What followed, in words."""
    consent: bool = False
    """The question was whether a command may run."""
    request: str = ""
    """The guard's request, for a consent."""
    asked_at: datetime | None = None
    """When it was put; ``None`` where nobody had to be asked."""

    @property
    def of_stop(self) -> bool:
        """Whether no question was asked: the session had stopped, and a person let it go on with words of theirs."""
        return self.question.startswith(STOP)
