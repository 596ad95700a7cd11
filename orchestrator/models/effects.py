"""Effects are what the session wants done, as pure values; ``coordinator/performer`` alone turns them into actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.egress import InspectOutbound as InspectOutbound
from orchestrator.models.egress import SendOutbound as SendOutbound
from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.identity import EffectId as EffectId
from orchestrator.models.identity import ReviewId, WorkerId
from orchestrator.models.plan_steps import MergeLeaf
from orchestrator.models.plan_tree import GateNode, NodePath
from orchestrator.models.reviews import PeerReview, ReviewRequest
from orchestrator.models.session_outcome import Outcome as Outcome
from orchestrator.models.work import Assignment, TaskBreakdown
from orchestrator.value_class import value_class


@value_class
class RecordPlan:
    """Write the breakdown into ``session.json`` and show it."""

    breakdown: TaskBreakdown
    kind: Literal["record_plan"] = "record_plan"


@value_class
class StartWorker:
    """Start one attempt of one worker."""

    worker: WorkerId
    attempt: int
    assignment: Assignment
    kind: Literal["start_worker"] = "start_worker"


@value_class
class StopWorker:
    """Run the CLI's stop ladder on the whole tree."""

    worker: WorkerId
    because: str
    hard: bool = False
    """Leave the ladder out: kill the tree at once."""
    kind: Literal["stop_worker"] = "stop_worker"


@value_class
class FreezeWorker:
    """Stop the whole tree from running, without ending it."""

    worker: WorkerId
    because: str
    kind: Literal["freeze_worker"] = "freeze_worker"


@value_class
class ThawWorker:
    """Let a frozen tree run on."""

    worker: WorkerId
    kind: Literal["thaw_worker"] = "thaw_worker"


@value_class
class TakeSnapshot:
    """Record the target as it stands and the diff since the session began, for the reviewers."""

    review: ReviewId
    kind: Literal["take_snapshot"] = "take_snapshot"


@value_class
class MeasureWork:
    """Find out what a worker that has ended really changed."""

    worker: WorkerId
    kind: Literal["measure_work"] = "measure_work"


@value_class
class MeasureBaseline:
    """Run the target's tests as they were before anybody worked on it, while the agents work."""

    within_s: float
    """What has not ended by then is not measured."""
    kind: Literal["measure_baseline"] = "measure_baseline"


@value_class
class RunChecks:
    """Review by measuring: did anything change, does the diff apply, do the target's tests still pass."""

    review: ReviewId
    without_baseline: str | None = None
    """Why there is nothing to compare the tests with; ``None`` where there is."""
    kind: Literal["run_checks"] = "run_checks"


@value_class
class MeasureGates:
    """Measure the gates that stand at one point of the session's own plan."""

    path: NodePath
    node: GateNode
    without_baseline: str | None = None
    """Why there is nothing to compare the tests with; ``None`` where there is."""
    layers: tuple[NodePath, ...] = ()
    """What is measured is the last of these layers; the target where there is none."""
    kind: Literal["measure_gates"] = "measure_gates"


@value_class
class MergeLayers:
    """Merge what was made side by side in the session's own plan, and keep what does not go in."""

    leaf: MergeLeaf
    writers: Mapping[NodePath, tuple[WorkerId, ...]] = field(default_factory=dict)
    """Who wrote on each layer."""
    kind: Literal["merge_layers"] = "merge_layers"


@value_class
class SaveReview:
    """Write the whole review into ``reviews/``."""

    request: ReviewRequest
    reviews: tuple[PeerReview, ...]
    decision: OrchestratorDecision
    kind: Literal["save_review"] = "save_review"


@value_class
class AnswerGuard:
    """Tell a guard that waits in front of a command whether the command may run, or how it went without it."""

    worker: WorkerId
    request: str
    run: bool
    reason: str
    code: int | None = None
    """Exit code of the command where it was run in the worker's place; the guard passes it on."""
    stdout: str = ""
    stderr: str = ""
    kind: Literal["answer_guard"] = "answer_guard"


@value_class
class CloseSession:
    """Write the report and end the session, since every worker is proven gone."""

    outcome: Outcome
    reason: str
    kind: Literal["close_session"] = "close_session"


Effect: TypeAlias = Annotated[
    RecordPlan
    | StartWorker
    | StopWorker
    | FreezeWorker
    | ThawWorker
    | TakeSnapshot
    | MeasureWork
    | MeasureBaseline
    | RunChecks
    | MeasureGates
    | MergeLayers
    | SaveReview
    | AnswerGuard
    | InspectOutbound
    | SendOutbound
    | CloseSession,
    BY_KIND,
]
