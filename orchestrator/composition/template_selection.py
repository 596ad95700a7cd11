"""Choose the templates for a task: who can do what it takes, who of them may write, and who completes a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from orchestrator.composition.domains import Domain
from orchestrator.composition.outcomes import Outcome
from orchestrator.composition.pattern_rules import (
    LEAST_AGENTS,
    CompositionPattern,
    PatternRule,
    Question,
    choose_pattern,
)
from orchestrator.composition.task_analysis import TaskAnalysis
from orchestrator.models.agent_template import AgentTemplate
from orchestrator.value_class import value_class

MAKES_THE_CHANGE = (
    "\n\nThe task asks for a change, and you are the one who makes it. After what is said above, change the project "
    "as the task asks, keep to the task, and run the tests that cover what you changed."
)
"""Told to an agent that writes here although its kind only reads."""


@value_class
class Chosen:
    """A template, and why it was taken."""

    template: AgentTemplate
    because: str


def choose_templates(
    domain: Domain, capabilities: Sequence[str], library: Mapping[str, AgentTemplate]
) -> tuple[Chosen, ...]:
    """The first template that has each capability, each template once, in the order of the capabilities.

    Raises:
        ValueError: Nobody has one of them.
    """
    found: dict[str, list[str]] = {}
    for capability in capabilities:
        able = next((name for name, template in library.items() if capability in template.capabilities), None)
        if able is None:
            raise ValueError(no_agents(domain, capability, library))
        found.setdefault(able, []).append(capability)
    if not found:
        raise ValueError(no_agents(domain, None, library))
    return tuple(Chosen(library[name], f"it can {', '.join(has)}") for name, has in found.items())


def no_agents(domain: Domain, capability: str | None, library: Mapping[str, AgentTemplate]) -> str:
    """The specification's error, with what is there."""
    wanted = f": nobody can {capability}" if capability is not None else ": no capability is asked for"
    able = sorted({name for template in library.values() for name in template.capabilities})
    return (
        f"No agents available for domain {str(domain)!r}{wanted}. "
        f"There are the templates {', '.join(library) or '(none)'}, which can {', '.join(able) or 'nothing'}"
    )


def with_access(chosen: Sequence[Chosen], outcome: Outcome, pattern: CompositionPattern) -> tuple[Chosen, ...]:
    """The same with what each may do: nobody writes where an answer is asked for, and somebody does for a change.

    Whoever takes over or refines has to be able to do what the one before it could; a classifier only reads.
    """
    if outcome is Outcome.ANSWER:
        return tuple(_reading(each) for each in chosen)
    if pattern in (CompositionPattern.TEACHING, CompositionPattern.REFINEMENT):
        return tuple(_writing(each) for each in chosen)
    if pattern is CompositionPattern.ADAPTIVE and len(chosen) > 1:
        return (_reading(chosen[0]), *(_writing(each) for each in chosen[1:]))
    if any(each.template.access == "write" for each in chosen):
        return tuple(chosen)
    return (_writing(chosen[0]), *chosen[1:])


def _reading(chosen: Chosen) -> Chosen:
    return replace(chosen, template=replace(chosen.template, access="read"))


def _writing(chosen: Chosen) -> Chosen:
    template = chosen.template
    if template.access == "write":
        return chosen
    told = template.default_instructions + MAKES_THE_CHANGE
    writer = replace(template, access="write", default_instructions=told)
    return Chosen(writer, f"{chosen.because}, and makes the change")


def completed(
    chosen: Sequence[Chosen], pattern: CompositionPattern, library: Mapping[str, AgentTemplate]
) -> tuple[Chosen, ...]:
    """As many as the pattern needs: the reviewer besides, or else whoever is not there yet."""
    least = LEAST_AGENTS.get(pattern, 1)
    found = list(chosen[:2] if pattern is CompositionPattern.TEACHING else chosen)
    others = [library[name] for name in ("code_reviewer", *library) if name in library]
    for other in others:
        if len(found) >= least:
            break
        if all(each.template.id != other.id for each in found):
            found.append(_reading(Chosen(other, f"{pattern} takes {least}")))
    return tuple(found)


@value_class
class ComposedTeam:
    """Who works on a task in which pattern, and why."""

    agents: tuple[Chosen, ...]
    rule: PatternRule


def compose_team(
    question: TaskAnalysis, library: Mapping[str, AgentTemplate], *, capabilities: Sequence[str] | None = None
) -> ComposedTeam:
    """The team for a task.

    Args:
        capabilities: What it takes; ``None``: as the analysis says.

    Raises:
        ValueError: Nobody has one of them.
    """
    wanted = question.capabilities if capabilities is None else capabilities
    chosen = choose_templates(question.domain, wanted, library)
    agents = [each.template for each in chosen]
    rule = choose_pattern(Question(question.domain, question.complexity, question.parallelizable, agents))
    whole = completed(chosen, rule.pattern, library)
    return ComposedTeam(with_access(whole, question.outcome.outcome, rule.pattern), rule)


UNITS: Final[Mapping[str, float]] = {"CHEAP": 1.0, "CAPABLE": 3.0, "PREMIUM": 10.0}
"""What an agent of a tier costs, in the specification's arbitrary units: a cheap one is 1."""


def cost_in_units(agents: Sequence[AgentTemplate]) -> float:
    """What a team costs where each of its agents works once; no money, and no measurement."""
    return sum(UNITS[agent.tier_preference] for agent in agents)


def longest_s(agents: Sequence[AgentTemplate], pattern: CompositionPattern) -> int:
    """How long a team takes where each agent uses all the time that it has."""
    times = [agent.resource_requirements.timeout_seconds for agent in agents]
    side_by_side = pattern in (CompositionPattern.PARALLEL, CompositionPattern.DEBATE)
    return (max if side_by_side else sum)(times) if times else 0
