"""Refuse a plan that could not be run as it says, before anything of it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from types import MappingProxyType

from orchestrator.composition.strategies.debate import MOST_ROUNDS
from orchestrator.composition.strategies.position import Position, agents_of, as_run, name_of, writes
from orchestrator.late_pattern import late_pattern
from orchestrator.models.plan_tree import AgentNode, Aggregator, GateNode, Node, NodePath, Strategy, StrategyNode

MOST_NODES = 256
MOST_DEPTH = 12
MOST_REPEATS = 20
MOST_CANDIDATES = 8
_AGENT_ID = late_pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_plan(plan: Node) -> None:
    """Check a whole tree.

    Raises:
        ValueError: With the first thing that is wrong, by the node's path.
    """
    for count, (path, node, parent) in enumerate(_walk(plan), start=1):
        if count > MOST_NODES:
            raise ValueError(f"a plan has at most {MOST_NODES} nodes")
        if path.count(".") >= MOST_DEPTH:
            raise ValueError(f"a plan is at most {MOST_DEPTH} levels deep; {path} is deeper")
        problem = _problem(node, parent, NodePath(path))
        if problem:
            raise ValueError(f"{problem} (node {path} of the plan)")
    names = [agent.id for agent in agents_of(plan)]
    # Files are named after agents, and not every file system tells ``a.jsonl`` from ``A.jsonl``.
    seen = Counter(name.casefold() for name in names)
    twice = list(dict.fromkeys(name for name in names if seen[name.casefold()] > 1))
    if twice:
        raise ValueError(f"agent ids must be unique in a plan; {_all_of(twice)} more than once")
    for path, node, _ in _walk(as_run(plan)):
        if (
            isinstance(node, StrategyNode)
            and node.strategy is Strategy.BEST_OF
            and (problem := _readers(node, NodePath(path)))
        ):
            raise ValueError(f"{problem} (node {path} of the plan)")


def _all_of(names: Sequence[str]) -> str:
    return (
        f"{names[0]!r} is there" if len(names) == 1 else f"{', '.join(map(repr, names))} are there, in capitals or not,"
    )


def _walk(plan: Node) -> Iterator[tuple[str, Node, StrategyNode | None]]:
    """All nodes with their paths and parents, without recursion: what is checked may be far too deep."""
    waiting: list[tuple[str, Node, StrategyNode | None]] = [("1", plan, None)]
    while waiting:
        path, node, parent = waiting.pop()
        yield path, node, parent
        if isinstance(node, StrategyNode):
            parts: list[tuple[str, Node]] = [(str(n), child) for n, child in enumerate(node.children, start=1)]
            parts += [("gate", node.gate)] if node.gate else []
            parts += [("synthesis", node.synthesizer)] if node.synthesizer else []
            waiting += [(f"{path}.{name}", part, node) for name, part in reversed(parts)]


def _problem(node: Node, parent: StrategyNode | None, path: NodePath) -> str:
    match node:
        case AgentNode():
            return _problem_of_agent(node)
        case GateNode():
            return _problem_of_gates(node, parent)
        case StrategyNode():
            return _problem_of_strategy(node, path)


def _problem_of_agent(node: AgentNode) -> str:
    if not _AGENT_ID.fullmatch(node.id):
        return f"{node.id!r} is no agent id: it starts with a letter or a digit, and has letters, digits, _, . and -"
    limits = node.limits
    for name, value in (
        ("timeout_s", limits.timeout_s),
        ("max_tokens", limits.max_tokens),
        ("memory_mb", limits.memory_mb),
    ):
        if value is not None and not (isfinite(value) and value > 0):
            return f"the agent {node.id!r} has {name} {value}; it must be above 0"
    return ""


def _problem_of_gates(node: GateNode, parent: StrategyNode | None) -> str:
    if not node.gates:
        return "a gate node names at least one gate"
    if parent is None:
        return "a plan has at least one agent"
    if parent.gate is not node and parent.strategy is not Strategy.SEQUENTIAL:
        return f"gates stand in a sequence or behind a whole strategy, not among the children of {parent.strategy}"
    wrong = [name for name, value in node.thresholds.items() if not isfinite(value) or name not in node.gates]
    return f"threshold {wrong[0]!r} is no number, or of a gate that is not measured here" if wrong else ""


def _problem_of_strategy(node: StrategyNode, path: NodePath) -> str:
    agents = [child for child in node.children if not isinstance(child, GateNode)]
    if not agents:
        return f"the agents list is empty: {node.strategy} needs at least one"
    names = _names(node, path)
    if len(set(names)) < len(names):
        return f"children of one strategy must have different names, not {', '.join(names)}"
    if node.threshold is not None and not 0.0 <= node.threshold <= 1.0:
        return f"the threshold of {node.strategy} must be from 0 to 1, not {node.threshold}"
    if not 1 <= node.rounds <= MOST_ROUNDS:
        return f"a debate has 1 to {MOST_ROUNDS} rounds, not {node.rounds}"
    if not 1 <= node.at_most <= MOST_REPEATS:
        return f"`at_most` must be from 1 to {MOST_REPEATS}, not {node.at_most}"
    unused = _unused(node)
    if unused:
        return unused
    check = CHECKS.get(node.strategy)
    return check(node, names) if check else ""


def _names(node: StrategyNode, path: NodePath) -> list[str]:
    """What the children are called where the node stands, gates left out."""
    here = Position(path)
    return [
        name_of(child, here.child(n).path)
        for n, child in enumerate(node.children, start=1)
        if not isinstance(child, GateNode)
    ]


def _unused(node: StrategyNode) -> str:
    """What is said of the strategy that it would not heed.  A gate, above all, that nobody measures looks like one."""
    for name, is_said, heeding in _HEEDED:
        if is_said(node) and node.strategy not in heeding:
            hint = "; to measure, put a node with `gates` behind it in a sequence" if name == "gate" else ""
            return f"`{name}` means nothing to {node.strategy}; it is for {' and '.join(heeding)}{hint}"
    return ""


_HEEDED: Sequence[tuple[str, Callable[[StrategyNode], bool], Sequence[Strategy]]] = (
    ("gate", lambda node: node.gate is not None, (Strategy.ADAPTIVE, Strategy.REPEAT, Strategy.BEST_OF)),
    ("synthesizer", lambda node: node.synthesizer is not None, (Strategy.DEBATE,)),
    ("rounds", lambda node: node.rounds != 1, (Strategy.DEBATE,)),
    ("at_most", lambda node: node.at_most != 1, (Strategy.REPEAT, Strategy.BEST_OF)),
    ("aggregator", lambda node: node.aggregator is not Aggregator.ALL, (Strategy.PARALLEL,)),
    ("weights", lambda node: bool(node.weights), (Strategy.PARALLEL,)),
    ("priority", lambda node: bool(node.priority), (Strategy.PARALLEL,)),
    (
        "threshold",
        lambda node: node.threshold is not None,
        (Strategy.TEACHING, Strategy.ADAPTIVE, Strategy.PARALLEL),
    ),
)
"""What a strategy may be told, when it is told it, and which strategies heed it."""


def _parallel(node: StrategyNode, names: Sequence[str]) -> str:
    unknown = [name for name in (*node.weights, *node.priority) if name not in names]
    if unknown:
        return f"{unknown[0]!r} is weighed or ranked, and is no child; these are {', '.join(names)}"
    bad = [name for name, weight in node.weights.items() if not (isfinite(weight) and weight >= 0)]
    if bad:
        return f"the weight of {bad[0]!r} must be a number from 0 up"
    if len(set(node.priority)) < len(node.priority):
        return "`priority` ranks a child twice"
    for name, is_said, aggregator in (
        ("weights", bool(node.weights), Aggregator.WEIGHTED_SCORE),
        ("threshold", node.threshold is not None, Aggregator.WEIGHTED_SCORE),
        ("priority", bool(node.priority), Aggregator.PRIORITY_LIST),
    ):
        if is_said and node.aggregator is not aggregator:
            return f"`{name}` means nothing to the aggregator {node.aggregator}; it is for {aggregator}"
    if node.weights and not any(node.weights.get(name, 1.0) for name in names):
        return "at least one weight must be above 0"
    return ""


def _teaching(node: StrategyNode, names: Sequence[str]) -> str:
    if len(names) != 2:
        return f"teaching takes exactly 2 agents, a junior and an expert, not {len(names)}"
    return ""


def _refinement(node: StrategyNode, names: Sequence[str]) -> str:
    return f"refinement takes at least 2 agents, not {len(names)}" if len(names) < 2 else ""


def _adaptive(node: StrategyNode, names: Sequence[str]) -> str:
    if len(names) < 2:
        first = "the one to try first and one" if node.gate else "a classifier and a specialist"
        return f"adaptive takes at least 2 agents, {first} behind it, not {len(names)}"
    if node.gate and node.threshold is not None:
        return "adaptive has a `threshold` for its classifier, or a `gate` that decides, not both"
    return ""


def _repeat(node: StrategyNode, names: Sequence[str]) -> str:
    if len(names) != 1:
        return f"repeat takes one child, not {len(names)}; put several into a strategy of their own"
    return "" if node.gate else "repeat needs a gate that ends it"


def _best_of(node: StrategyNode, names: Sequence[str]) -> str:
    if node.gate is None:
        return "best_of needs a gate that chooses"
    if not 2 <= len(names) * node.at_most <= MOST_CANDIDATES:
        return f"best_of takes 2 to {MOST_CANDIDATES} candidates, not {len(names) * node.at_most}"
    return ""


def _readers(node: StrategyNode, path: NodePath) -> str:
    """Candidates that change nothing where they stand; also what may write elsewhere, but not in a debate."""
    children = [child for child in node.children if not isinstance(child, GateNode)]
    readers = [name for name, child in zip(_names(node, path), children, strict=True) if not writes(child, Position())]
    return f"best_of chooses among changes, and {readers[0]!r} makes none" if readers else ""


CHECKS: Mapping[Strategy, Callable[[StrategyNode, Sequence[str]], str]] = MappingProxyType(
    {
        Strategy.PARALLEL: _parallel,
        Strategy.TEACHING: _teaching,
        Strategy.REFINEMENT: _refinement,
        Strategy.ADAPTIVE: _adaptive,
        Strategy.REPEAT: _repeat,
        Strategy.BEST_OF: _best_of,
    }
)
