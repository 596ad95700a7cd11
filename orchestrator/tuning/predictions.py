"""A step is judged by what reviews on record would have come to under it, before any session tries it.

What it would have let pass drops it; all else is a prediction, which a trial alone confirms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orchestrator.tuning.parameters import Value
from orchestrator.value_class import value_class

CANNOT_SHOW: Final[Mapping[str, str]] = {
    "consensus_frequency": "what reviews that were not held would have said, and how agents would have gone on",
    "max_review_rounds": "what further reviews, or a person, would have said, and how agents would have gone on",
    "review_timeout_s": "what reviewers that came too late would have said, and how agents would have gone on",
    "silence_s": "what further reviews would have said, and whether a silent agent would have spoken by itself",
    "timebox_s": "what reviews that were not held would have said, and how agents would have gone on",
    "trusted_after": "what reviews that were not held would have said, and how agents would have gone on",
}
"""Parameters that decided reviews can be held against, and what that says nothing of."""
CANNOT_JUDGE: Final[Mapping[str, str]] = {
    "max_restarts": "what a worker does that is started once more is in no journal",
    "team": "what another team would have made of a task is in no journal",
    "max_relaunches": "what a worker does that is started once more is in no journal",
    "least_tier": "what another model would have made of a task is in no journal",
    "gate_margin": "no step of it is tried",
    "failed_tool_share": "no step of it is tried",
    "tokens_without_progress": "no step of it is tried",
    "antipatterns": "no step of it is tried",
}
"""All others, and why journals tell nothing of a step."""


@value_class
class Prediction:
    """What a step would have changed in recorded sessions, as far as they tell."""

    reviews: int = 0
    """Reviews that were decided in them."""
    fewer: int = 0
    """Of these, reviews that would not have been held."""
    more: int = 0
    """Reviews that would have been held besides; what they would have said is unknown."""
    differs: int = 0
    """Reviews that would have been held, and decided otherwise."""
    interventions: int = 0
    """How often more, or less, a person would have been asked."""
    late: int = 0
    """Answers that came too late and would have had more time; what they would have said is unknown."""
    missed_blockers: int = 0
    """Recorded blockers that would have stopped nobody."""
    passed_failures: int = 0
    """Failures that the orchestrator measured itself, and that would have held nobody up."""
    sessions: tuple[str, ...] = ()
    """Those in which one of the last two is."""

    @property
    def is_harmful(self) -> bool:
        """Whether the step would have let pass what was found."""
        return bool(self.missed_blockers or self.passed_failures)

    def and_(self, other: Prediction) -> Prediction:
        """Both together."""
        return Prediction(
            reviews=self.reviews + other.reviews,
            fewer=self.fewer + other.fewer,
            more=self.more + other.more,
            differs=self.differs + other.differs,
            interventions=self.interventions + other.interventions,
            late=self.late + other.late,
            missed_blockers=self.missed_blockers + other.missed_blockers,
            passed_failures=self.passed_failures + other.passed_failures,
            sessions=(*self.sessions, *other.sessions),
        )

    def in_words(self) -> str:
        """All of it in one line."""
        said = f"of {self.reviews} reviews {self.fewer} fewer, {self.more} more, {self.differs} decided otherwise; "
        often = f"{abs(self.interventions)} times {'less' if self.interventions < 0 else 'more'}"
        said += f"a person asked {often if self.interventions else 'as often'}; "
        said += f"{self.late} late answers with more time; " if self.late else ""
        return said + f"{self.missed_blockers} blockers missed, {self.passed_failures} measured failures passed"


@value_class
class Expectation:
    """What one step is expected to gain, in standard deviations of a session; below 0 it loses."""

    parameter: str
    before: Value
    after: Value
    gains: Mapping[str, float]
    """By aim."""
    source: str
    """The trial or the judgement that tells, or ``journals``."""
