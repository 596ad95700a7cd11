"""A caller asks the coordinator with these requests, and gets these results back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from orchestrator.composition.team_choice import TeamChoice
from orchestrator.errors import ExitCode
from orchestrator.models.decisions import Policy
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import JournalEntry
from orchestrator.models.identity import AgentName, SessionId
from orchestrator.models.lesson import Lesson
from orchestrator.models.options import EarlierTime, SessionOptions
from orchestrator.models.plan_tree import GateNode, MeasuredGate, StrategyNode
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.session.state import Session
from orchestrator.value_class import value_class

BASELINE_TIME_S = 300.0
"""The budget of the baseline: the first review that measures waits for it at most so long."""


@value_class
class RehearsalRequest:
    """Play the task against a scripted model server instead of the vendors' services."""

    scenario: Path | None = None
    """``None``: the built-in default."""
    stand_ins: bool = False
    """Use the built-in stand-ins even where a real CLI could be had."""
    installed: bool = False
    """Use the CLIs that are installed on this machine instead of the pinned ones."""
    port: int = 0
    """Where the model server listens if it can: workers that outlived a coordinator look for it there."""
    server: str | None = None
    """URL of a model server that runs already; ``None`` starts one for the session."""


@value_class
class RunRequest:
    """One task to run.  Paths are absolute and resolved."""

    task: str
    target: Path
    workspace: Path
    """The parent of all sessions."""
    policy: Policy
    sandbox: SandboxConfig
    templates: Mapping[str, str]
    agents: tuple[AgentName, ...] | None = None
    """``None``: every agent there is an adapter for."""
    models: Mapping[AgentName, str] = field(default_factory=dict)
    rehearsal: RehearsalRequest | None = None
    isolated: bool = False
    """Work on a copy of the target; the target itself is not touched."""
    interactive: bool = False
    """Questions wait for a person (terminal, ``orchestrate answer``); otherwise the session stops and exits with 3."""
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    timeout_s: float | None = None
    auto_resume: bool = False
    """Wait for the end of a usage limit and go on; otherwise a person is asked."""
    trust_project: bool = False
    """Obey the target's own settings (``.orchestrator/``) in this session, whoever has consented to them."""
    share_target: bool = False
    """Work in the target although another session does."""
    whole_home: bool = False
    """Agents may work in a folder that holds logins (a home)."""
    baseline_s: float | None = BASELINE_TIME_S
    """How long the target's tests may take as they were before; ``None``: they are not run."""
    no_change: bool = False
    """The task asks for no change: an answer is its result, and nobody writes."""
    chosen_team: TeamChoice | None = None
    """``None``: the team that ``no_change`` says."""
    plan: StrategyNode | None = None
    """A tree of agents and gates that ``check_plan`` let through; ``None``: that of the chosen team."""
    learns: bool = False
    """Show writers what reviewers taught in earlier sessions, and record what they teach in this one."""
    lessons: tuple[Lesson, ...] = ()
    earlier: tuple[EarlierTime, ...] = ()
    asks_feedback: bool = False
    """Ask the agents, once the session is done, how it went."""
    escalate: tuple[str, ...] = ()
    """Conditions besides those of policy and settings, as they are written."""
    criticality: str | None = None
    """What is at stake in the task; ``None``: what the settings say."""
    parameters: Mapping[str, int | float | str] = field(default_factory=dict)
    """Parameters of tuning that are held at a value in this session, by name."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Figures of :class:`SessionOptions` to override, by name (``silence_s``, ``orphan_grace_s`` …)."""


@value_class
class FollowUpRequest:
    """What is asked besides of a session that is done."""

    text: str
    changed_target: bool = False
    """Go on although the target is not as the session left it."""
    max_cost_usd: float | None = None
    """What the follow-up may cost; ``None``: as much as the session might."""
    max_tokens: int | None = None
    timeout_s: float | None = None
    """How long it may take; ``None``: as long as the session might."""


@value_class
class SessionResult:
    """How a session ended."""

    session: SessionId
    folder: Path
    outcome: Outcome
    reason: str
    exit_code: ExitCode
    state: Session


Observer: TypeAlias = Callable[[Session, JournalEntry], None]
"""Called after every entry, in order, on the event loop; must return at once and never raise."""


GateMeasurer: TypeAlias = Callable[[GateNode, Path], Awaitable[tuple[MeasuredGate, ...]]]
"""Measures gates on a folder; what cannot be measured is an answer, and never an exception."""
GatesOf: TypeAlias = Callable[[SessionOptions], GateMeasurer]
"""Makes what measures the gates of one session's own plan, before any agent works; it lives on a floor above this."""


class Phase(str):
    """What is being done before there is a session, worth saying only to somebody who watches while it lasts."""

    __slots__ = ()


Progress: TypeAlias = Callable[[str], None]
"""Told what happens before there is a session (installing CLIs, probing the sandbox), a line at a time."""
