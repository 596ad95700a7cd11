"""Say how a session stands or ended, in the words that every listing uses."""

from __future__ import annotations

from orchestrator.models.session_outcome import Outcome

OUTCOME_WORDS = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.NEEDS_PERSON: "needs a person",
    Outcome.INTERRUPTED: "interrupted",
}


def status_words(status: str) -> str:
    """A session's status as people read it."""
    return status.replace("_", " ")
