"""Say in a word how a session stands, from what is known without folding its journal."""

from __future__ import annotations

from orchestrator.models.session_outcome import Outcome
from orchestrator.narration.status_words import OUTCOME_WORDS, status_words

WAITS = "waits_for_you"
"""As :data:`orchestrator.session.summary.WAITS`, whose module takes as long to import as all of a listing."""


def standing_words(outcome: Outcome | None, holder: int | None, *, session: str, waits: bool) -> str:
    """``running (pid 4711)``, ``waits for you``, ``done``, or that nobody runs a session that has not ended."""
    if holder is not None:
        state = status_words(WAITS) if waits else "running"
        return f"{state} (pid {holder})" if holder else state
    if outcome is not None:
        return OUTCOME_WORDS[outcome]
    return f"lost its coordinator (orchestrate resume {session})"
