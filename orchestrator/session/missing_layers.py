"""Let writers whose copy of the target could not be made work in the target itself, one after the other."""

from __future__ import annotations

from itertools import takewhile

from orchestrator.models.entries import StartFailed
from orchestrator.models.plan_steps import Leaf
from orchestrator.models.plan_tree import Aggregator, Node, NodePath, Strategy, StrategyNode
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.draft import Draft
from orchestrator.session.state import Session


def layers_of(session: Session, leaf: Leaf) -> tuple[NodePath, ...]:
    """Those of the leaf's layers that there can be: without one, nothing lies above what is below it."""
    missing = session.plan_run.without_layer
    return tuple(takewhile(lambda path: path not in missing, leaf.layers))


def why_not_without(session: Session, leaf: Leaf) -> str | None:
    """Why nobody can do the leaf's work without its layers; ``None`` where somebody can, or none is missing.

    Changes that are chosen among cannot all be made in one place.
    """
    plan, dropped = session.options.plan, leaf.layers[len(layers_of(session, leaf)) :]
    if plan is None or not any(_is_chosen_among(plan, path) for path in dropped):
        return None
    return f"it needs a copy of the target, to be chosen or not: {session.plan_run.without_layer[dropped[0]]}"


def do_without(draft: Draft, body: StartFailed, layer: NodePath) -> None:
    """Have the worker wait for its turn in what lies below the layer that could not be made."""
    run, worker = draft.session.plan_run, body.worker
    draft.plan_run.without_layer = {**run.without_layer, layer: body.problem}
    draft.plan_run.started = {path: one for path, one in run.started.items() if one.worker != worker}
    draft.become(worker, WorkerStatus.WAITING, f"no copy of the target could be made: {body.problem}")
    draft.warn(f"{worker} can have no copy of the target, so writers work one after the other: {body.problem}", worker)


def _is_chosen_among(plan: Node, path: NodePath) -> bool:
    """Whether the strategy that began the layer takes some of its children's changes and leaves the others."""
    *above, _ = (part.partition("@")[0] for part in path.split(".")[1:])
    node = plan
    for part in above:
        if not isinstance(node, StrategyNode) or not part.isdecimal():
            return False
        node = node.children[int(part) - 1]
    if not isinstance(node, StrategyNode):
        return False
    return node.strategy is Strategy.BEST_OF or node.aggregator is Aggregator.PRIORITY_LIST
