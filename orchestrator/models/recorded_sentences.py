"""Sentences of the journal that another part recognises again: each stands here once, for who writes and who reads it.

A replay holds what is recorded against what it derives, word by word, and old journals hold these very words: none of
them may be changed.  What is to be told otherwise gets a sentence of its own, and readers know both.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Final

from orchestrator.late_pattern import late_pattern

_GAPS: Final = {"": r".*", "d": r"\d+", "g": r"\S+"}
"""What may stand in a gap of each kind: any text, a whole number, a number."""


class RecordedSentence:
    """A sentence with named gaps, as ``str.format`` has them: called with what stands in them, it is written.

    Args:
        text: A gap is ``{name}``, ``{name:d}`` or ``{name:g}``.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        parts = (
            re.escape(literal) + (f"(?P<{name}>{_GAPS[kind or '']})" if name else "")
            for literal, name, kind, _ in Formatter().parse(text)
        )
        self.pattern = "".join(parts)
        """A regular expression that finds the sentence in a text, its gaps by their names."""
        # What stands in a gap may have several lines.
        self._whole, self._last = (late_pattern(begin + self.pattern, re.DOTALL) for begin in ("", ".*"))

    def __call__(self, **gaps: object) -> str:
        return self._text.format(**gaps)

    def is_whole(self, text: str) -> bool:
        """Whether the text is this sentence and nothing else."""
        return self._whole.fullmatch(text) is not None

    def begins(self, text: str) -> bool:
        """Whether the text begins with this sentence."""
        return self._whole.match(text) is not None

    def ends(self, text: str) -> bool:
        """Whether the text ends with this sentence."""
        return self._last.fullmatch(text) is not None


MILESTONE_SPARED: Final = RecordedSentence("a milestone of {worker} is not reviewed: {why}")
"""A warning: the session's rule spares a milestone its review."""
ROUNDS_USED_UP: Final = RecordedSentence("{worker} has been reviewed {done:d} times, and {cap:d} is the most")
"""Why a person is asked in place of a further review."""
NOBODY_HEARD: Final = RecordedSentence("no event from any worker for {minutes:g} minutes")
"""What a review is asked about where nobody at all said anything."""

ANSWER_LATE: Final = RecordedSentence("it did not answer in time")
NO_ANSWER_CAME: Final = RecordedSentence("no answer came in time")
NO_MODEL_HEARD: Final = RecordedSentence("no word of its model came in time")
"""With how often it was asked behind it, where that was more than once."""
LATE: Final = (ANSWER_LATE, NO_ANSWER_CAME, NO_MODEL_HEARD)
"""Why a reviewer abstains that more time might have helped."""

ENDED_CLEANLY: Final = RecordedSentence("final event clean, {well:d} of {calls:d} tool calls returned well")
"""Why a worker is held to be done; what it changed may follow."""
CHANGED: Final = RecordedSentence("{files:d} files changed (+{more:d} -{less:d})")


def was_late(problem: str) -> bool:
    """Whether this is why a reviewer abstained whom more time might have helped."""
    return any(one.begins(problem) for one in LATE)
