"""Plan the task's steps from a table of which kinds of agent there are (spec 004, Fallback Strategy)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from orchestrator.agents.contract import Agent
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Role, TaskBreakdown, TaskStep
from orchestrator.value_class import value_class

D, I, R = Role.DESIGNER, Role.IMPLEMENTER, Role.REVIEWER  # noqa: E741 - the table below is read as columns

NO_CHANGE = "the task asks for no change: one agent reads and answers, and nobody may write in the target"


@value_class
class TierRow:
    """Who takes which part when only these parts have somebody who is good at them."""

    tier: int
    designs: Role | None
    implements: Role | None
    reviews: Role | None
    note: str = ""


TIERS: Mapping[frozenset[Role], TierRow] = {
    frozenset({D, I, R}): TierRow(1, D, I, R),
    frozenset({D, I}): TierRow(2, D, I, None, "no reviewer: the orchestrator reviews by measured checks"),
    frozenset({D, R}): TierRow(3, None, D, R, "no implementer: the designer implements as well"),
    frozenset({I, R}): TierRow(4, None, I, R, "no designer: the implementer designs as well"),
    frozenset({D}): TierRow(5, None, D, None, "one agent alone: the orchestrator reviews by measured checks"),
    frozenset({I}): TierRow(5, None, I, None, "one agent alone: the orchestrator reviews by measured checks"),
    frozenset({R}): TierRow(5, None, R, None, "one agent alone: the orchestrator reviews by measured checks"),
    frozenset(): TierRow(5, None, None, None, "no agent CLI is usable: checks and a written breakdown only"),
}
"""One row for each subset of the three parts that somebody can take."""


def plan_breakdown(
    task: str, agents: Sequence[Agent], *, taken: Collection[WorkerId] = (), no_change: bool = False
) -> TaskBreakdown:
    """Break ``task`` down for the agents there are.

    Args:
        agents: Usable ones, in order of preference.
        taken: Worker ids that cannot be used again; a second worker of one CLI is ``<name>-2``.
        no_change: The task asks for an answer: one agent reads, and nobody writes.
    """
    by_strength, spare = _parts(agents)
    row = TIERS[frozenset(by_strength)]
    steps: list[TaskStep] = []
    used = set(taken)

    def add(strength: Role | None, role: Role, title: str) -> None:
        if strength is None:
            return
        agent = by_strength[strength]
        number, worker = 1, WorkerId(str(agent.name))
        while worker in used:
            number += 1
            worker = WorkerId(f"{agent.name}-{number}")
        used.add(worker)
        steps.append(TaskStep(worker, agent.name, role, title, depends_on=tuple(step.worker for step in steps)))

    if no_change:
        add(row.designs or row.implements or row.reviews, Role.ANALYST, "Answer the question")
        return TaskBreakdown(task=task, tier=row.tier, steps=tuple(steps), notes=(NO_CHANGE,))
    notes = (row.note,) if row.note else ()
    if spare:
        notes = (*notes, f"no part of their own, but a voice in reviews: {', '.join(agent.name for agent in spare)}")

    add(row.designs, D, "Design the change")
    add(row.implements, I, "Make the change")
    add(row.reviews, R, "Review the change")
    return TaskBreakdown(
        task=task,
        tier=row.tier,
        steps=tuple(steps),
        reviews_itself=row.reviews is None,
        notes=notes,
    )


def _parts(agents: Sequence[Agent]) -> tuple[Mapping[Role, Agent], Sequence[Agent]]:
    """Who takes which part, and who is left without one.

    Each takes the first of its strengths that nobody before it has taken.  Whoever is then without a part takes one
    that is still free, so that two CLIs of one strength work and review.
    """
    parts: dict[Role, Agent] = {}
    others: list[Agent] = []
    for agent in agents:
        strength = next((role for role in _strengths(agent)[:1] if role not in parts), None)
        if strength is None:
            others.append(agent)
        else:
            parts[strength] = agent
    spare: list[Agent] = []
    for agent in others:
        strength = next((role for role in (*_strengths(agent), I, R, D) if role not in parts), None)
        if strength is None:
            spare.append(agent)
        else:
            parts[strength] = agent
    return parts, spare


def _strengths(agent: Agent) -> Sequence[Role]:
    """Those that are parts of a plan: an adapter of another package may name others."""
    return [Role(strength) for strength in agent.role_strengths if strength in (D, I, R)]
