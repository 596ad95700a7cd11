"""The models are the one vocabulary: frozen values that every other part speaks, and that import no other part."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from orchestrator.models.decisions import Action as Action
    from orchestrator.models.decisions import OrchestratorDecision as OrchestratorDecision
    from orchestrator.models.decisions import Policy as Policy
    from orchestrator.models.decisions import PolicyRow as PolicyRow
    from orchestrator.models.events import AgentEvent as AgentEvent
    from orchestrator.models.events import EventType as EventType
    from orchestrator.models.recovery import RecoveryAction as RecoveryAction
    from orchestrator.models.recovery import RecoveryRule as RecoveryRule
    from orchestrator.models.reviews import PeerReview as PeerReview
    from orchestrator.models.reviews import ReviewRequest as ReviewRequest
    from orchestrator.models.reviews import Trigger as Trigger
    from orchestrator.models.reviews import Verdict as Verdict
    from orchestrator.models.sandbox import ResourceLimits as ResourceLimits
    from orchestrator.models.sandbox import SandboxConfig as SandboxConfig
    from orchestrator.models.work import Assignment as Assignment
    from orchestrator.models.work import Role as Role
    from orchestrator.models.work import TaskBreakdown as TaskBreakdown
    from orchestrator.models.work import TaskStep as TaskStep
    from orchestrator.models.workers import WorkerState as WorkerState
    from orchestrator.models.workers import WorkerStatus as WorkerStatus

_HOMES: Final[dict[str, str]] = {
    "Action": "decisions",
    "OrchestratorDecision": "decisions",
    "Policy": "decisions",
    "PolicyRow": "decisions",
    "AgentEvent": "events",
    "EventType": "events",
    "RecoveryAction": "recovery",
    "RecoveryRule": "recovery",
    "PeerReview": "reviews",
    "ReviewRequest": "reviews",
    "Trigger": "reviews",
    "Verdict": "reviews",
    "ResourceLimits": "sandbox",
    "SandboxConfig": "sandbox",
    "Assignment": "work",
    "Role": "work",
    "TaskBreakdown": "work",
    "TaskStep": "work",
    "WorkerState": "workers",
    "WorkerStatus": "workers",
}
"""The module of this package that each name stands in."""

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    # A listing passes through here on its way to one module of models and must not pay for all the others.
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
