"""These models hold lessons: what reviewers said in earlier sessions, as text that nobody has to believe."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from orchestrator.models.identity import AgentName, ReviewId, SessionId
from orchestrator.value_class import value_class

MOST_LESSON_CHARS: Final = 400


@value_class
class Lesson:
    """One point that a reviewer made on work that gates then found good."""

    text: str
    """At most 400 characters on one line.  An agent wrote it, so it is quoted wherever it is shown."""
    by: AgentName
    session: SessionId
    review: ReviewId
    learned_at: datetime

    @property
    def id(self) -> str:
        """A name that follows from the text alone, so that the same lesson has one name whoever says it."""
        return hashlib.sha256(" ".join(self.text.lower().split()).encode("utf-8", "surrogatepass")).hexdigest()[:10]
