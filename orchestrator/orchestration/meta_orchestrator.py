"""Read a task and put a team together for it (specification 000 and 002)."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.composition.outcomes import Outcome, Reading
from orchestrator.composition.pattern_rules import CompositionPattern, PatternRule, Question, choose_pattern
from orchestrator.composition.task_analysis import TaskAnalysis
from orchestrator.composition.template_selection import (
    choose_templates,
    compose_team,
    cost_in_units,
    longest_s,
)
from orchestrator.errors import OrchestrateError
from orchestrator.journal.last_probes import last_probes
from orchestrator.orchestration.agent_factory import AgentFactory
from orchestrator.orchestration.agent_templates import TEMPLATES, AgentTemplate
from orchestrator.orchestration.arguments import text_of
from orchestrator.orchestration.task_analyzer import TaskAnalyzer, TaskComplexity, TaskDomain, TaskRequirements
from orchestrator.settings.user_places import default_workspace, state_folder
from orchestrator.store.agent_configuration import AgentConfiguration
from orchestrator.store.composition_names import store_of
from orchestrator.store.configuration_store import ConfigurationStore
from orchestrator.store.estimates import TeamKey, estimate_of, outcomes_in
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.proven import proof_of
from orchestrator.store.reuse import replaced_since, versions_of

__all__ = [
    "CompositionPattern",
    "ExecutionPlan",
    "MetaOrchestrator",
    "TaskComplexity",
    "TaskDomain",
    "TaskRequirements",
]

_log = logging.getLogger("orchestrator.orchestration")


@dataclass
class ExecutionPlan:
    """Who is to work on a task in which pattern (specification 002)."""

    agents: list[AgentTemplate]
    strategy: CompositionPattern
    quality_gates: dict[str, Any] = field(default_factory=dict)
    estimated_cost: float = 0.0
    """In the specification's arbitrary units: 1 for each CHEAP agent, 3 for a CAPABLE one, 10 for a PREMIUM one."""
    estimated_duration: int = 0
    """Seconds that it takes where every agent uses all of its time."""
    complexity: TaskComplexity = TaskComplexity.MODERATE
    domain: TaskDomain = TaskDomain.GENERAL
    because: str = ""
    """The rule that chose the strategy."""
    chosen_because: dict[str, str] = field(default_factory=dict)
    """Why each agent was taken, by its id."""
    expected_tokens: tuple[int, int] | None = None
    """Between what the next session of this team takes in 80 of 100 cases, by at least ten that have ended; ``None``:
    there have not been so many."""
    expected_cost_usd: tuple[float, float] | None = None
    """The same in US dollars."""


class MetaOrchestrator:
    """Reads a task, chooses templates and a pattern, and says what that would take; nothing is started."""

    def __init__(self) -> None:
        self.task_analyzer = TaskAnalyzer()
        self.agent_factory = AgentFactory()

    def analyze_and_compose(self, task: str, context: dict[str, Any] | None = None) -> ExecutionPlan:
        """The plan for a task.

        Raises:
            ValueError: The task is no text, or empty; the context is no JSON; nobody can do what the task takes.
        """
        return self.compose_agents(self.task_analyzer.analyze(task, context))

    def orchestrate(self, task: str, context: dict[str, Any] | None = None) -> ExecutionPlan:
        """The plan of a composition that is proven for such tasks, else of a new one (specification 000).

        Raises:
            ValueError: As :meth:`analyze_and_compose`.
        """
        requirements = self.task_analyzer.analyze(task, context)
        proven = self.check_proven_compositions(requirements)
        return self.compose_agents(requirements) if proven is None else self.load_composition(proven)

    def check_proven_compositions(self, requirements: TaskRequirements) -> AgentConfiguration | None:
        """The composition in the store of the current folder that gates have proven for such tasks; mostly ``None``.

        Such tasks are those of ``context["task_pattern"]``, else of the domain.  What a caller recorded by hand proves
        nothing, and what was proven with other versions of the CLIs than the newest sessions found has lapsed.
        """
        _require(requirements)
        versions = versions_of(last_probes(_workspace()))
        pattern = requirements.context.get("task_pattern", requirements.domain.value)
        proven = [
            (proof.interval[0], composition.configuration())
            for composition in ConfigurationStore().compositions()
            if (proof := proof_of(composition)).is_proven and not replaced_since(composition, versions)
        ]
        fitting = [(low, one) for low, one in proven if one.task_pattern == pattern and _unloadable(one) is None]
        best = max(fitting, key=lambda pair: pair[0], default=None)
        _log.debug("compositions proven for %s: %d", pattern, len(fitting))
        return None if best is None else best[1]

    def load_composition(self, composition: AgentConfiguration) -> ExecutionPlan:
        """The plan of a saved composition: its templates, each with the tier that it was saved with.

        Raises:
            ValueError: The configuration cannot be read, or names a template, a tier or a strategy that is not there.
        """
        if not isinstance(composition, AgentConfiguration):
            raise ValueError(f"composition must be an AgentConfiguration, not {type(composition).__name__}")
        wrong = _unloadable(composition)
        if wrong is not None:
            raise ValueError(f"the composition {composition.id!r} cannot be loaded: {wrong}")
        agents = []
        for saved in composition.agents:
            template = TEMPLATES[saved["role"]]
            agents.append(replace(template, tier_preference=saved.get("tier", template.tier_preference)))
        pattern = CompositionPattern(composition.strategy)
        tokens, cost_usd = _expected(agents, composition.task_pattern)
        return ExecutionPlan(
            agents=agents,
            strategy=pattern,
            quality_gates=dict(composition.quality_gates),
            estimated_cost=cost_in_units(agents),
            estimated_duration=longest_s(agents, pattern),
            because=f"the saved composition {composition.id}",
            expected_tokens=tokens,
            expected_cost_usd=cost_usd,
        )

    def compose_agents(self, requirements: TaskRequirements) -> ExecutionPlan:
        """A team for what a task takes.

        Raises:
            ValueError: Nobody has one of the capabilities.
        """
        _require(requirements)
        library = dict(TEMPLATES)
        team = compose_team(_analysis(requirements), library, capabilities=requirements.capabilities_needed)
        agents = [chosen.template.copied() for chosen in team.agents]
        tokens, cost_usd = _expected(agents, requirements.context.get("task_pattern", requirements.domain.value))
        plan = ExecutionPlan(
            agents=agents,
            strategy=team.rule.pattern,
            quality_gates={
                **{name: value for agent in agents for name, value in agent.quality_gates.items()},
                **requirements.quality_gates,
            },
            estimated_cost=cost_in_units(agents),
            estimated_duration=longest_s(agents, team.rule.pattern),
            complexity=requirements.complexity,
            domain=requirements.domain,
            because=team.rule.reason,
            chosen_because={chosen.template.id: chosen.because for chosen in team.agents},
            expected_tokens=tokens,
            expected_cost_usd=cost_usd,
        )
        _log.debug(
            "team: %s, in the pattern %s (%s)",
            "; ".join(f"{name}: {why}" for name, why in plan.chosen_because.items()),
            plan.strategy,
            plan.because,
        )
        return plan

    def select_template(self, capability: str) -> AgentTemplate:
        """The template that has a capability.

        Raises:
            ValueError: Nobody has it.
        """
        text_of("capability", capability)
        return choose_templates(TaskDomain.GENERAL, [capability], dict(TEMPLATES))[0].template

    def select_strategy(
        self, requirements: TaskRequirements, agents: Sequence[AgentTemplate] | None = None
    ) -> CompositionPattern:
        """The pattern for what a task takes, by the specification's nine rules.

        Args:
            agents: Who works; ``None``: those that the capabilities lead to.
        """
        _require(requirements)
        if agents is None:
            chosen = choose_templates(requirements.domain, requirements.capabilities_needed, dict(TEMPLATES))
            agents = [each.template for each in chosen]
        return _rule(requirements, agents).pattern


def _expected(
    agents: Sequence[AgentTemplate], pattern: object
) -> tuple[tuple[int, int] | None, tuple[float, float] | None]:
    """What a session of these agents takes of tokens and dollars, by what the outcome log tells of such sessions."""
    log = OutcomeLog(state_folder(os.environ))
    if not log.path.exists():
        return None, None
    workers, store = frozenset(agent.id for agent in agents), store_of(str(Path.cwd()))
    try:
        outcomes = outcomes_in(log.read())
    except OrchestrateError:
        return None, None
    # Which of the two a session is depends on its task's words, which are not known here.
    keys = [TeamKey(f"{pattern}{kind}", workers=workers) for kind in ("", "_answer")]
    found = max((estimate_of(outcomes, key, store=store) for key in keys), key=lambda one: one.sessions)
    tokens, cost = found.tokens, found.cost_usd
    return (
        None if tokens is None else (round(tokens.low), round(tokens.high)),
        None if cost is None else (cost.low, cost.high),
    )


def _workspace() -> Path:
    """The parent of the sessions whose CLIs are looked at."""
    return Path(os.environ.get("ORCHESTRATOR_WORKSPACE") or default_workspace()).expanduser()


def _unloadable(composition: AgentConfiguration) -> str | None:
    """Explain why a saved composition cannot be loaded now; ``None`` if it can."""
    if composition.strategy not in set(CompositionPattern):
        return f"there is no strategy {composition.strategy!r}"
    for saved in composition.agents:
        role, tier = saved.get("role"), saved.get("tier", "CAPABLE")
        if not isinstance(role, str) or role not in TEMPLATES:
            return f"there is no template {role!r}"
        if tier not in tuple(AgentTemplate.ALLOWED_TIERS):
            return f"there is no tier {tier!r}"
    return None if composition.agents else "it has no agents"


def _rule(requirements: TaskRequirements, agents: Sequence[AgentTemplate]) -> PatternRule:
    return choose_pattern(
        Question(requirements.domain, requirements.complexity, requirements.parallelizable, list(agents))
    )


def _analysis(requirements: TaskRequirements) -> TaskAnalysis:
    """Rebuild the analysis from the requirements, which the caller may have changed."""
    read = requirements.analysis
    return TaskAnalysis(
        outcome=read.outcome if read else Reading(Outcome.CHANGE, "nobody read a task", (), ""),
        domain=requirements.domain,
        domain_hits=read.domain_hits if read else (),
        complexity=requirements.complexity,
        complexity_because=read.complexity_because if read else "as the caller says",
        capabilities=tuple(requirements.capabilities_needed),
        parallelizable=requirements.parallelizable,
        parallelizable_because=read.parallelizable_because if read else "as the caller says",
    )


def _require(requirements: object) -> None:
    if not isinstance(requirements, TaskRequirements):
        raise ValueError(f"requirements must be TaskRequirements, not {type(requirements).__name__}")
