"""Facts are what the fold has found out and people should know: they are put on record, and nothing is done for them.

Their ``kind`` is that of the effects they were up to format 3 of the journal.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.escalation import EscalationCondition
from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.models.plan_tree import StrategyResult
from orchestrator.models.recovery import RecoveryAction
from orchestrator.value_class import value_class


@value_class
class Question:
    """Something only a person can answer."""

    id: str
    """``q1``, ``q2``, … in the order they were asked."""
    text: str
    suggestions: tuple[str, ...] = ()
    about: WorkerId | None = None
    """The worker the answer goes to; ``None`` when it concerns the whole crew."""


@value_class
class DecisionMade:
    """A decision was made."""

    decision: OrchestratorDecision
    kind: Literal["announce"] = "announce"


@value_class
class RecoveryChosen:
    """A known error was matched, with the remedy that was chosen."""

    action: RecoveryAction
    kind: Literal["record_recovery"] = "record_recovery"


@value_class
class PersonAsked:
    """A question is put to a person."""

    question: Question
    kind: Literal["ask_person"] = "ask_person"


@value_class
class Warned:
    """Something is worth a person's look and does not stop the work."""

    text: str
    worker: WorkerId | None = None
    kind: Literal["warn"] = "warn"


@value_class
class PlanFinished:
    """The session's own plan has its result."""

    result: StrategyResult
    kind: Literal["plan_finished"] = "plan_finished"


@value_class
class AntipatternFound:
    """Workers do what seldom ends well: one of the queries of ``docs/metrics.md`` has found its case.

    It is told once, and nothing is decided by it alone.
    """

    name: str
    summary: str
    entries: tuple[int, ...]
    """Where it can be seen: numbers of entries of this journal."""
    worker: WorkerId | None = None
    kind: Literal["antipattern_found"] = "antipattern_found"

    @property
    def words(self) -> str:
        """What was seen, and where."""
        where = f" (entries {', '.join(map(str, self.entries))})" if self.entries else ""
        return f"{self.name}: {self.summary}{where}"


@value_class
class Escalated:
    """A condition has come about, and what it calls for is done: a decision by rule, with what it rests on."""

    condition: EscalationCondition
    value: float
    """As it was when that was decided."""
    entries: tuple[int, ...]
    """The entry since which the metric is beyond the threshold, and the one with which that was long enough."""
    worker: WorkerId | None = None
    """The worker that is measured; ``None``: the session."""
    kind: Literal["escalated"] = "escalated"

    @property
    def rule(self) -> str:
        """The rule that decided."""
        return self.condition.words

    @property
    def words(self) -> str:
        """What was measured of whom, for how long, and by which rule."""
        side = "below" if self.condition.is_bound_from_below else "above"
        whose = f" of {self.worker}" if self.worker else ""
        seconds = self.condition.duration.total_seconds()
        span = f" for {seconds:g} s or more" if seconds else ""
        metric = self.condition.trigger_metric.replace("_", " ")
        where = ", ".join(map(str, dict.fromkeys(self.entries)))
        return (
            f"{metric}{whose} is {self.value:.4g}, {side} {self.condition.threshold:.12g}{span} "
            f"(rule: {self.rule}; entries {where})"
        )


@value_class
class FrequencyChanged:
    """From now on, a worker's milestones are reviewed more or less often: so says the rule of the session's opening."""

    worker: WorkerId
    rule: str
    """The ``consensus_frequency`` that the session was opened with."""
    before: str
    after: str
    because: str
    reviews: tuple[ReviewId, ...]
    """What that rests on."""
    kind: Literal["frequency_changed"] = "frequency_changed"

    @property
    def words(self) -> str:
        """What changed, and why."""
        return f"milestones of {self.worker} are reviewed by {self.after} from now on: {self.because}"


@value_class
class FeedbackAsked:
    """The session is done, and these workers are asked how it went."""

    workers: tuple[WorkerId, ...]
    kind: Literal["feedback_asked"] = "feedback_asked"


@value_class
class FeedbackGiven:
    """What one of them answered, or why that counts for nothing.  It is shown, and decides nothing."""

    worker: WorkerId
    agent: AgentName
    clarity: int = 0
    """How clear task and instructions were, 1 to 5; 0: not answered."""
    workflow: int = 0
    """How well reviews, order and limits fitted the work."""
    change: str = ""
    """What would have helped most."""
    note: str = ""
    problem: str | None = None
    """Why there is no answer."""
    kind: Literal["feedback_given"] = "feedback_given"

    @property
    def words(self) -> str:
        """The answer on one line."""
        if self.problem is not None:
            return f"no answer that counts: {self.problem}"
        note = f"; {self.note}" if self.note else ""
        return f"clarity {self.clarity} of 5, workflow {self.workflow} of 5, would change: {self.change}{note}"


Fact: TypeAlias = Annotated[
    DecisionMade
    | RecoveryChosen
    | PersonAsked
    | Warned
    | PlanFinished
    | AntipatternFound
    | Escalated
    | FrequencyChanged
    | FeedbackAsked
    | FeedbackGiven,
    BY_KIND,
]
FACTS = (
    DecisionMade,
    RecoveryChosen,
    PersonAsked,
    Warned,
    PlanFinished,
    AntipatternFound,
    Escalated,
    FrequencyChanged,
    FeedbackAsked,
    FeedbackGiven,
)
