"""These models hold a decision of the review policy and the inputs it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated

from orchestrator.models.field_marks import LEFT_OUT
from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.value_class import value_class


class Action(StrEnum):
    """The four outcomes of spec 004's decision policy."""

    STOP_AND_ESCALATE = "stop_and_escalate"
    PAUSE_AND_CLARIFY = "pause_and_clarify"
    LOG_WARNING = "log_warning"
    CONTINUE = "continue"


@value_class
class PolicyRow:
    """One row of a policy table: the least number of each verdict it needs.  First match wins."""

    when: str
    """The reason shown to people."""
    then: Action
    at_least: Mapping[Verdict, int] = field(default_factory=dict)
    at_most: Mapping[Verdict, int] = field(default_factory=dict)
    at_least_share: Mapping[Verdict, float] = field(default_factory=dict)
    """The least share of the panel's weight behind each verdict."""


@value_class
class Policy:
    """An ordered decision table.  The last row must match anything."""

    name: str
    rows: tuple[PolicyRow, ...]
    source: str = "built in"
    weights: Mapping[AgentName, float] = field(default_factory=dict)
    """How much a reviewer's verdict weighs where a row asks for shares; 1 for those not named."""
    escalation: tuple[str, ...] | None = None
    """Conditions of a session under this policy, as they are written; ``None``: it says nothing about them."""


@value_class
class OrchestratorDecision:
    """One application of the policy: the rule, its inputs, the action."""

    action: Action
    rule: str
    policy: str
    review: Annotated[ReviewId | None, LEFT_OUT]
    about: Annotated[WorkerId | None, LEFT_OUT]
    tally: Mapping[Verdict, int] = field(default_factory=dict)
    shares: Mapping[Verdict, float] = field(default_factory=dict)
    """The shares of the panel's weight, where the policy weighs."""
    reasons: tuple[str, ...] = ()
    """What the reviewers who matter said, one line each."""

    @property
    def because(self) -> str:
        """The rule and the reasons, as the journal tells people of them; readers look for it word by word."""
        rule, said = f"{self.rule} ({self.review})", "; ".join(self.reasons)
        return f"{rule}: {said}" if said else rule
