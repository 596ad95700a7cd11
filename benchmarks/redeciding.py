"""How fast plans are decided again: ``python -m benchmarks.redeciding [DECISIONS]``.

A decision is one call of ``next_steps`` with what was known at the time.  They are taken from plays of every pattern;
the goal is 1,000 in less than a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from orchestrator.composition.next_steps import next_steps
from orchestrator.models.plan_steps import Run
from orchestrator.models.plan_tree import Node, NodePath, Result
from tests.chaos.teams import TEAMS
from tests.composition.plan_play import Play

GOAL_S = 1.0


def recorded(plan: Node) -> list[tuple[Node, Mapping[NodePath, Result], object]]:
    """Every decision of one play: the plan, the results at that time, and what was decided."""
    play = Play(plan)
    made: list[tuple[Node, Mapping[NodePath, Result], object]] = []
    while True:
        step = play.step()
        made.append((plan, dict(play.results), step))
        if not isinstance(step, Run):
            return made
        play.results[step.leaves[0].path] = play.result_of(step.leaves[0])


def main(wanted: int = 1_000) -> int:
    """Print the figure; ends with 1 where it misses the goal or a decision came out otherwise."""
    of_all = [decision for plan in TEAMS.values() for decision in recorded(plan)]
    decisions = [of_all[n % len(of_all)] for n in range(wanted)]
    begun = time.perf_counter()
    others = sum(next_steps(plan, results) != was for plan, results, was in decisions)
    took_s = time.perf_counter() - begun
    print(f"{wanted} decisions of {len(TEAMS)} teams again in {took_s * 1_000:.0f} ms; {others} came out otherwise")
    return int(bool(others) or took_s * 1_000 / wanted > GOAL_S)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
