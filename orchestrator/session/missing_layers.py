"""Let writers whose copy of the target could not be made work in the target itself, one after the other."""

from __future__ import annotations

from itertools import takewhile

from orchestrator.models.entries import StartFailed
from orchestrator.models.identity import WorkerId
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


def merge_of_layer(path: NodePath) -> NodePath:
    """Where what was made on a layer is merged, or kept: the strategy that began it has one such place."""
    return NodePath(f"{path.rpartition('.')[0]}.merge")


def send_to_target(draft: Draft, worker: WorkerId) -> bool:
    """Let a writer whose layer was merged already work in what lies below it, when its turn comes there.

    What it would still change on its layer nobody would merge.

    Returns:
        Whether that is so, or it cannot be started again; else it goes on where it was.
    """
    run = draft.session.plan_run
    path, started = next(((path, one) for path, one in run.started.items() if one.worker == worker), (None, None))
    if path is None or started is None or run.result is not None:
        return False
    if any(merge_of_layer(layer) in run.measuring for layer in started.leaf.layers):
        draft.warn(f"{worker} is not started again while what it made is being merged; ask again when it is", worker)
        return True
    merged = next((layer for layer in started.leaf.layers if merge_of_layer(layer) in run.results), None)
    if merged is None:
        return False
    if draft.session.options.plan is not None and _is_chosen_among(draft.session.options.plan, merged):
        draft.warn(f"{worker} is not started again: among what it and others made has been chosen already", worker)
        return True
    draft.plan_run.without_layer = {**run.without_layer, merged: "what was made on it has been merged"}
    draft.plan_run.started = {key: one for key, one in run.started.items() if key != path}
    draft.plan_run.results = {key: one for key, one in run.results.items() if key != path}
    draft.become(worker, WorkerStatus.WAITING, "it goes on in the target, when its turn comes there")
    return True


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
