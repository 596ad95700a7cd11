"""This model says how a session ended; every listing reads it, so it stands apart from the effects."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a session ends; each maps to one exit code."""

    DONE = "done"
    FAILED = "failed"
    NEEDS_PERSON = "needs_person"
    INTERRUPTED = "interrupted"
