"""These models hold the outcome of a session: who worked, what gates measured, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from orchestrator.models.effects import Outcome
from orchestrator.models.identity import AgentName, SessionId, WorkerId
from orchestrator.models.lesson import Lesson
from orchestrator.models.suite_measurements import SuiteState
from orchestrator.value_class import value_class

OWN_VIEW: Final = Path(".orchestrator/compositions")
"""Below a project: what this program itself writes there.  It is no part of the project."""

Result: TypeAlias = Literal["success", "failure", "unknown"]


@value_class
class TeamMember:
    """One worker of the plan."""

    worker: WorkerId
    agent: AgentName
    role: str
    version: str = ""
    """Of its CLI, as it was found when the session began; empty where that was not told."""
    model: str = ""
    """As the CLI named it, else as the user asked for it; empty where neither did."""
    attempts: int = 0
    ran_s: float = 0.0
    tokens: int | None = None
    cost_usd: float | None = None


@value_class
class GateOutcome:
    """One gate, as it was measured last."""

    gate: str
    state: SuiteState
    reason: str
    share: float | None = None
    """How much of what it counts was as it should be, 0 to 1; ``None`` where it was not measured."""


@value_class
class RecordedOutcome:
    """The outcome of one session, derived from its journal alone."""

    session: SessionId
    project: str
    """The folder that the user named as the target."""
    pattern: str
    """What kind of task it was: ``testing``, ``security_answer``…"""
    team: str
    tier: int | None
    """Fallback tier of spec 004: how much of the team was there."""
    members: tuple[TeamMember, ...]
    ended: Outcome
    result: Result
    because: str
    """Why it is a success, a failure, or unknown."""
    opened_at: datetime
    closed_at: datetime
    entries: int
    """How many entries the journal has up to its end; a session that went on has more."""
    gates: tuple[GateOutcome, ...] = ()
    tree: str = ""
    """The recorded tree that the gates measured; empty where that is not certain."""
    quality_score: float | None = None
    """0 to 100; ``None`` where no gate measured anything."""
    tokens: int | None = None
    tokens_complete: bool = False
    cost_usd: float | None = None
    cost_complete: bool = False
    wall_s: float = 0.0
    questions: int = 0
    """How often a person was asked."""
    rework: int = 0
    """Reviews that sent work back."""
    rehearsal: bool = False
    plan: str = ""
    """A hash over the plan of somebody's own that it ran; empty for the built-in teams."""
    reuses: str = ""
    """The proven composition that was reused; empty where none was."""
    lessons: tuple[Lesson, ...] = ()
    """What its reviewers taught, where the session was to learn."""
    lessons_shown: tuple[str, ...] = ()
    """Ids of the lessons of earlier sessions that its writers were shown."""
    engine_version: str = ""
    time_shares: Mapping[AgentName, float] = field(default_factory=dict)
    """By agent, in which share of the session's time any worker of it ran, together; empty where it is not known."""
