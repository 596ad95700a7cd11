"""Show a session's plan as a tree: each node with its state, and the workers whose time and tokens are its own."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.models.gate_states import GateState
from orchestrator.models.plan_tree import (
    ROOT,
    AgentNode,
    AgentResult,
    GateNode,
    GateResult,
    MergeResult,
    Node,
    NodePath,
    Result,
    StrategyNode,
)
from orchestrator.quotation import one_line
from orchestrator.session.state import Session
from orchestrator.value_class import value_class

MOST_NODES = 400
"""Of a plan that is shown; what lies beyond is counted in the last row."""
_WIDTH = 200


@value_class
class NodeView:
    """One node of the plan, in the order in which people read a tree."""

    path: str
    depth: int
    kind: str
    """``strategy``, ``agent`` or ``gates``."""
    name: str
    """What it is called: an agent's id, a strategy, the gates."""
    title: str
    agent: str
    """The CLI; empty where it is not chosen yet, or no CLI runs."""
    access: str
    state: str
    """``waits``, ``runs``, ``done``, ``failed``, ``not_measured``; of an agent at work its worker knows more."""
    worker: str | None
    why: str
    """Why it failed, what it measured; empty where there is nothing to say."""
    rounds: int = 1
    """How often it has run; each further round has workers of its own."""
    workers: tuple[str, ...] = ()
    """Whose time and tokens are its own, all rounds together."""


def plan_views(session: Session) -> tuple[NodeView, ...]:
    """Every node, the root first; the steps of a built-in team where the session has no plan of its own."""
    if session.options.plan is None:
        return tuple(_steps(session))
    found: list[NodeView] = []
    for view in _nodes(session, session.options.plan, ROOT, 0):
        if len(found) == MOST_NODES:
            break
        found.append(view)
    return tuple(found)


def plan_key(session: Session) -> tuple[object, ...]:
    """What the views depend on: while each of these is the same object, the tree looks the same."""
    run = session.plan_run
    return (session.plan, run.started, run.results, run.measuring, run.merging, run.result, session.workers.keys())


def _steps(session: Session) -> Iterator[NodeView]:
    steps = session.steps()
    if not steps:
        return
    team = session.options.team or "change"
    yield NodeView("1", 0, "strategy", team, "one after the other", "", "", "", None, "")
    for number, step in enumerate(steps, 1):
        state = session.workers.get(step.worker)
        access = "write" if str(step.role) == "implementer" else "read"
        yield NodeView(
            f"1.{number}",
            1,
            "agent",
            str(step.role),
            one_line(step.title, _WIDTH),
            str(state.agent) if state else "",
            access,
            "",
            step.worker,
            "",
            workers=(step.worker,),
        )


def _nodes(session: Session, node: Node, path: NodePath, depth: int) -> Iterator[NodeView]:
    rounds = _rounds(session, path)
    result = session.plan_run.results.get(rounds[-1]) if rounds else None
    match node:
        case AgentNode():
            yield _agent(session, node, path, depth, rounds, result)
        case GateNode():
            yield _gates(session, node, path, depth, rounds, result)
        case StrategyNode():
            yield _strategy(session, node, path, depth)
            for number, child in enumerate(node.children, 1):
                yield from _nodes(session, child, NodePath(f"{path}.{number}"), depth + 1)
            if node.gate is not None:
                gate = NodePath(f"{path}.gate")
                again = _rounds(session, gate)
                measured = session.plan_run.results.get(again[-1]) if again else None
                yield _gates(session, node.gate, gate, depth + 1, again, measured)
            if node.synthesizer is not None:
                yield from _nodes(session, node.synthesizer, NodePath(f"{path}.synthesis"), depth + 1)


def _agent(
    session: Session, node: AgentNode, path: NodePath, depth: int, rounds: list[NodePath], result: Result | None
) -> NodeView:
    started = [session.plan_run.started[one] for one in rounds if one in session.plan_run.started]
    workers = tuple(str(one.worker) for one in started)
    last = session.workers.get(started[-1].worker) if started else None
    why = result.error if isinstance(result, AgentResult) else ""
    return NodeView(
        path,
        depth,
        "agent",
        one_line(node.id, _WIDTH),
        one_line(node.title, _WIDTH),
        str(last.agent) if last else str(node.agent or ""),
        node.access,
        _state(result, began=bool(started)),
        workers[-1] if workers else None,
        one_line(why, _WIDTH),
        max(1, len(rounds)),
        workers,
    )


def _gates(
    session: Session, node: GateNode, path: NodePath, depth: int, rounds: list[NodePath], result: Result | None
) -> NodeView:
    why = ""
    if isinstance(result, GateResult):
        why = "; ".join(f"{gate.name}: {gate.state}" for gate in result.gates) or result.error
    running = any(one in session.plan_run.measuring for one in (path, *rounds))
    state = _state(result, began=running)
    names = ", ".join(node.gates)
    rounds_run = max(1, len(rounds))
    return NodeView(path, depth, "gates", names, "", "", "", state, None, one_line(why, _WIDTH), rounds_run)


def _strategy(session: Session, node: StrategyNode, path: NodePath, depth: int) -> NodeView:
    names = [key for key in (*session.plan_run.started, *session.plan_run.results) if _is_below(key, path)]
    state = "runs" if names else "waits"
    if path == ROOT and session.plan_run.result is not None:
        state = "done" if session.plan_run.result.success else "failed"
    elif names and session.plan_run.result is not None:
        state = "done"
    title = one_line(node.title, _WIDTH)
    return NodeView(path, depth, "strategy", str(node.strategy).replace("_", " "), title, "", "", state, None, "")


def _state(result: Result | None, *, began: bool) -> str:
    match result:
        case AgentResult(success=good) | MergeResult(success=good):
            return "done" if good else "failed"
        case GateResult():
            return {GateState.PASS: "done", GateState.FAIL: "failed"}.get(result.state, "not_measured")
        case _:
            return "runs" if began else "waits"


def _plain(path: str) -> str:
    """A path without the numbers of rounds."""
    return ".".join(part.partition("@")[0] for part in path.split("."))


def _is_below(path: str, node: NodePath) -> bool:
    return _plain(path).startswith(f"{node}.") or _plain(path) == node


def _rounds(session: Session, path: NodePath) -> list[NodePath]:
    """The paths under which the node has run, in order."""
    run = session.plan_run
    return list(dict.fromkeys(key for key in (*run.started, *run.results, *run.measuring) if _plain(key) == path))
