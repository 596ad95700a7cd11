"""What a caller's process and the process of a session tell each other: an order, and the report on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from pydantic import TypeAdapter

from orchestrator.late_adapter import late_adapter
from orchestrator.models.plan_tree import AgentResult, StrategyNode, StrategyResult
from orchestrator.value_class import value_class


@value_class
class SessionOrder:
    """The order to run one session."""

    task: str
    target: Path
    workspace: Path
    plan: StrategyNode
    rehearse: bool = False
    scenario: str = ""
    """The text of a scenario; empty: none."""
    stand_ins: bool = False
    models: Mapping[str, str] = field(default_factory=dict)
    agents: tuple[str, ...] | None = None
    sandbox: str = "default"
    """A policy by its name, or by its file."""
    isolated: bool = False
    """Work on a copy of the target."""
    data: str = ""
    """What the session's process is told besides, by whoever gave it a module of its own."""


@value_class
class SessionReport:
    """The report on that session."""

    session: str = ""
    folder: str = ""
    outcome: str = ""
    reason: str = ""
    exit_code: int = 0
    result: StrategyResult | None = None
    """``None``: the plan has not come to one."""
    partial: tuple[AgentResult, ...] = ()
    """Where it has not: what its agents came to so far."""
    error: str = ""
    """Why no session was begun; then all of the above is empty."""
    hint: str = ""
    error_code: int = 0


ORDER: TypeAdapter[SessionOrder] = late_adapter(SessionOrder)
REPORT: TypeAdapter[SessionReport] = late_adapter(SessionReport)
