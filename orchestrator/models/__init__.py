"""The models are the one vocabulary: frozen values that every other part speaks, and that import no other part."""

from orchestrator.models.decisions import Action, OrchestratorDecision, Policy, PolicyRow
from orchestrator.models.events import AgentEvent, EventType
from orchestrator.models.recovery import RecoveryAction, RecoveryRule
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.models.sandbox import ResourceLimits, SandboxConfig
from orchestrator.models.work import Assignment, Role, TaskBreakdown, TaskStep
from orchestrator.models.workers import WorkerState, WorkerStatus

__all__ = [
    "Action",
    "AgentEvent",
    "Assignment",
    "EventType",
    "OrchestratorDecision",
    "PeerReview",
    "Policy",
    "PolicyRow",
    "RecoveryAction",
    "RecoveryRule",
    "ResourceLimits",
    "ReviewRequest",
    "Role",
    "SandboxConfig",
    "TaskBreakdown",
    "TaskStep",
    "Trigger",
    "Verdict",
    "WorkerState",
    "WorkerStatus",
]
