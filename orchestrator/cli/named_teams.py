"""Find the team that somebody named on the command line, and lay a team's tree out for people and programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orchestrator.cli.session_lookup import expanded, looks_like_file
from orchestrator.composition.strategies.position import name_of
from orchestrator.composition.team_choice import Team
from orchestrator.composition.team_files import TeamFile
from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
from orchestrator.errors import UsageError
from orchestrator.files.time_limits import in_time
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentNode, GateNode, Node, NodePath, StrategyNode
from orchestrator.quotation import one_line
from orchestrator.settings.team_library import load_team, load_teams


def find_team(asked: str, target: Path, *, trust: bool = False) -> TeamFile:
    """A team by its name, or by its file.  Blocks.

    Args:
        trust: Whether the target's own teams and templates count, whoever has consented to them.

    Raises:
        UsageError: There is no such team, or its file is none, with line and reason.
    """
    project = trusted_project(target, trust=trust)
    if looks_like_file(asked):
        return load_team(expanded(Path(asked)).absolute(), project=project)
    teams = load_teams(project=project)
    if asked in teams:
        return teams[asked]
    known = ", ".join(("auto", *Team, *teams))
    raise UsageError(f"there is no team {asked!r}; there are {known}", hint="a file of your own: --team ./mine.toml")


def trusted_project(target: Path, *, trust: bool = False) -> Path | None:
    """The target where its own settings count; what keeps them from counting is said.  Blocks."""
    trusted = in_time(
        lambda: trusted_settings(target, os.environ, trust=trust, policy="default"),
        within_s=SETTINGS_TIME_S,
        what="the look at the project's settings",
    )
    for warning in trusted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return target if trusted.digest else None


def tree_rows(
    node: Node, path: str = "1", before: str = "", *, last: bool = True, who: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, str]]:
    """The tree for people: branches and path, and what stands there.

    Args:
        who: By an agent's id, in words which CLI runs it, where that is known.
    """
    top = path == "1"
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
            return f"{node.strategy}{name}, {len(node.children)} parts" + "".join(f", {each}" for each in figures)
