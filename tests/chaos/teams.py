"""Plans of counting agents, one for each pattern: all of their parts run before they end well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.composition.strategies.position import agents_of
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentNode, Aggregator, GateNode, Strategy, StrategyNode, Tier

GATE = GateNode(("tests",))
TEST = """import pathlib, unittest


class Made(unittest.TestCase):
    def test_it_is_not_half_made(self):
        made = pathlib.Path("made.txt")
        self.assertNotEqual(made.read_text().splitlines()[1:] if made.exists() else ["begun"], [])
"""
"""Holds as the target is, fails once one agent has written its line, and holds from the second line on."""


def reader(name: str, cli: str, tier: Tier | None = None) -> AgentNode:
    """An agent that reads; one whose name begins with ``low`` is not sure of what it answers."""
    return AgentNode(name, agent=AgentName(cli), title=name, instructions="Count.", tier=tier)


def writer(name: str, cli: str) -> AgentNode:
    return AgentNode(name, agent=AgentName(cli), title=name, instructions="Count.", access="write")


A, B, C = reader("a", "gemini"), reader("b", "claude"), reader("c", "codex")
LOW = reader("low", "gemini")

TEAMS: Mapping[str, StrategyNode] = {
    "sequential": StrategyNode(Strategy.SEQUENTIAL, (A, B, writer("w", "codex"))),
    "parallel": StrategyNode(
        Strategy.PARALLEL, (A, writer("w", "claude"), writer("v", "codex")), aggregator=Aggregator.CONSENSUS
    ),
    "debate": StrategyNode(Strategy.DEBATE, (A, B), rounds=2, synthesizer=C),
    "teaching": StrategyNode(Strategy.TEACHING, (LOW, B)),
    "refinement": StrategyNode(Strategy.REFINEMENT, (A, B, C)),
    "adaptive": StrategyNode(
        Strategy.ADAPTIVE, (LOW, reader("cheap", "claude", Tier.CHEAP), reader("premium", "codex", Tier.PREMIUM))
    ),
    "cascade": StrategyNode(Strategy.ADAPTIVE, (writer("w", "claude"), writer("v", "codex")), gate=GATE),
    "repeat": StrategyNode(Strategy.REPEAT, (writer("w", "claude"),), gate=GATE, at_most=3),
    "best_of": StrategyNode(Strategy.BEST_OF, (writer("w", "claude"), writer("v", "codex")), gate=GATE),
    "nested": StrategyNode(
        Strategy.SEQUENTIAL,
        (
            StrategyNode(Strategy.PARALLEL, (A, StrategyNode(Strategy.TEACHING, (LOW, B), title="pair"))),
            writer("w", "codex"),
        ),
    ),
}


def prepare(team: str, target: Path) -> None:
    """Put into the target what the team's gates measure."""
    if team in ("cascade", "repeat", "best_of"):
        (target / "test_made.py").write_text(TEST)


def expected(team: str, count: int) -> Mapping[str, int]:
    """How far each worker of the team counts that runs at all; those of later rounds have the number behind."""
    names = [node.id for node in agents_of(TEAMS[team])]
    return {name + number: count for name in names for number in ("", "-2", "-3")}
