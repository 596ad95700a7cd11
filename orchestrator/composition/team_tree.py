"""Lay a team's tree out for people and programs, and say in a line what a team is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from orchestrator.composition.strategies.position import agents_of, as_run, name_of
from orchestrator.composition.team_files import TeamFile
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentNode, GateNode, Node, NodePath, StrategyNode
from orchestrator.quotation import one_line


def verdict(team: TeamFile) -> str:
    """What a check says of a team that is right."""
    agents = agents_of(as_run(team.plan))
    writers = [agent.id for agent in agents if agent.access == "write"]
    who = f"{', '.join(writers)} may write in the target" if writers else "nobody may write in the target"
    return f"right; {team.name}, {_number(len(agents), 'agent')}, {who}"


def tree_rows(
    node: Node, path: str = "1", before: str = "", *, last: bool = True, who: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, str]]:
    """The tree for people: branches and path, and what stands there.

    Args:
        who: By an agent's id, in words which CLI runs it, where that is known.
    """
    top = path == "1"
    node = as_run(node) if top else node
    branch = "" if top else "└─ " if last else "├─ "
    yield "plan", f"{before}{branch}{path} {_words(node, path, who)}"
    below = before if top else before + ("   " if last else "│  ")
    parts = parts_of(node, path)
    for number, (inner, child) in enumerate(parts, start=1):
        yield from tree_rows(child, inner, below, last=number == len(parts), who=who)


def tree_document(
    node: Node, path: str = "1", *, chosen: Mapping[str, tuple[AgentName, str | None]] = MappingProxyType({})
) -> Mapping[str, Any]:
    """The tree for programs.

    Args:
        chosen: By an agent's id, the CLI that would run it and the model, where that is known.
    """
    node = as_run(node) if path == "1" else node
    match node:
        case AgentNode():
            limits = node.limits
            agent, model = chosen.get(node.id, (node.agent, node.model))
            return {
                "path": path,
                "kind": "agent",
                "id": node.id,
                "template": node.template or None,
                "title": node.title,
                "access": node.access,
                "agent": agent,
                "model": model,
                "tier": node.tier,
                "capabilities": list(node.capabilities),
                "limits": {
                    "timeout_s": limits.timeout_s,
                    "max_tokens": limits.max_tokens,
                    "memory_mb": limits.memory_mb,
                },
            }
        case GateNode():
            return {"path": path, "kind": "gates", "gates": list(node.gates), "thresholds": dict(node.thresholds)}
        case StrategyNode():
            children = [tree_document(child, inner, chosen=chosen) for inner, child in parts_of(node, path)]
            return {
                "path": path,
                "kind": "strategy",
                "strategy": node.strategy,
                "title": node.title,
                "children": children,
            }


def parts_of(node: Node, path: str) -> list[tuple[str, Node]]:
    """The nodes right below one, each with its path."""
    if not isinstance(node, StrategyNode):
        return []
    parts: list[tuple[str, Node]] = [(f"{path}.{number}", child) for number, child in enumerate(node.children, start=1)]
    parts += [(f"{path}.gate", node.gate)] if node.gate is not None else []
    parts += [(f"{path}.synthesis", node.synthesizer)] if node.synthesizer is not None else []
    return parts


def _words(node: Node, path: str, who: Mapping[str, str]) -> str:
    match node:
        case AgentNode():
            may = "writes in the target" if node.access == "write" else "reads"
            named = ", ".join(filter(None, (node.agent or "", node.model or "", node.tier or "")))
            title = f" ({one_line(node.title, 60)})" if node.title else ""
            return f"{node.id}{title}, {may}; {who.get(node.id) or named or 'any agent'}"
        case GateNode():
            bounds = ", ".join(f"{name} {figure:g}" for name, figure in node.thresholds.items())
            return f"gates: {', '.join(node.gates)}{f' (thresholds: {bounds})' if bounds else ''}"
        case StrategyNode():
            figures = [f"at most {node.at_most} times"] if node.at_most > 1 else []
            figures += [f"{node.rounds} rounds"] if node.rounds > 1 else []
            figures += [f"threshold {node.threshold:g}"] if node.threshold is not None else []
            name = f" {one_line(name_of(node, NodePath(path)), 60)}" if node.title else ""
            parts = _number(len(node.children), "part")
            return f"{node.strategy}{name}, {parts}" + "".join(f", {each}" for each in figures)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
