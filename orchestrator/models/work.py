"""These models are the task, its steps, and the assignment that one worker gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_tree import NodePath
from orchestrator.value_class import value_class


class Role(StrEnum):
    """What a worker is there for; the sandbox narrows by it."""

    DESIGNER = "designer"
    """Reads the target, writes only in its scratch folder."""
    IMPLEMENTER = "implementer"
    """Writes in the target."""
    REVIEWER = "reviewer"
    """Reads the target and answers with a verdict."""
    ANALYST = "analyst"
    """Reads the target and answers a task that asks for no change."""


@value_class
class TaskStep:
    """One step of the breakdown."""

    worker: WorkerId
    agent: AgentName
    role: Role
    title: str
    depends_on: tuple[WorkerId, ...] = ()
    instructions: str = ""
    """Added by the designer's ``task`` events; empty in the fixed plan."""
    path: NodePath | None = None
    """Which leaf of the session's own plan it runs; ``None`` in the built-in teams, and for the review at the end."""


@value_class
class TaskBreakdown:
    """The plan: who does what, after whom."""

    task: str
    tier: int
    """Fallback tier of spec 004, 1 (all three CLIs) to 5 (none)."""
    steps: tuple[TaskStep, ...]
    reviews_itself: bool = False
    """No CLI is left to review: the orchestrator reviews by measured checks."""
    notes: tuple[str, ...] = ()
    """What the tier costs, for people."""


@value_class
class ModelEndpoint:
    """Where a CLI finds its model when that is not the vendor's own service (rehearsal)."""

    url: str
    key: str


@value_class
class Assignment:
    """Everything an adapter needs to build one command line.  Prefer widening this to adding a flag."""

    worker: WorkerId
    agent: AgentName
    role: Role
    prompt: str
    target: Path
    scratch: Path
    """The worker's own writable folder."""
    home: Path
    """The worker's private HOME."""
    readable: tuple[Path, ...] = ()
    """Further folders it may read."""
    writable: tuple[Path, ...] = ()
    """Folders it may write: scratch always, the target for an implementer."""
    bypass_approvals: bool = True
    """True only inside a proven sandbox or with ``--sandbox open``; else the CLI's own restricted mode."""
    model: str | None = None
    resume: str | None = None
    """Conversation to continue."""
    reply_schema: Mapping[str, Any] | None = None
    """JSON schema the final answer must fit."""
    endpoint: ModelEndpoint | None = None
    gateway: str | None = None
    """URL at which the user's own settings have the CLI find its model; ``None``: the vendor's service."""
    brought: tuple[str, ...] = ()
    """Kinds of the user's own settings that its home holds; see ``SandboxConfig.bring``."""
    extra_flags: tuple[str, ...] = ()
    without_flags: tuple[str, ...] = ()
    """Flags (with their values) and environment names to leave out: a rehearsal provokes today's errors with it."""
    extra_env: Mapping[str, str] = field(default_factory=dict)
