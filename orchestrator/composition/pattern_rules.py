"""Choose the pattern in which agents work together, by the specification's nine rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from orchestrator.composition.domains import Domain
from orchestrator.composition.task_analysis import Complexity
from orchestrator.models.agent_template import AgentTemplate
from orchestrator.value_class import value_class


class CompositionPattern(StrEnum):
    """The six patterns of the specification."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"
    DEBATE = "debate"
    TEACHING = "teaching"
    REFINEMENT = "refinement"
    ADAPTIVE = "adaptive"


@value_class
class Question:
    """What the rules look at."""

    domain: Domain
    complexity: Complexity
    parallelizable: bool
    agents: Sequence[AgentTemplate]

    @property
    def doubled(self) -> bool:
        """Whether two of the agents can do the same."""
        names = [name for agent in self.agents for name in set(agent.capabilities)]
        return len(names) > len(set(names))


@value_class
class PatternRule:
    """If it fits, this pattern."""

    reason: str
    fits: Callable[[Question], bool]
    pattern: CompositionPattern


P = CompositionPattern
PATTERN_RULES: Sequence[PatternRule] = (
    PatternRule("its checks can be made side by side", lambda q: q.parallelizable, P.PARALLEL),
    PatternRule(
        "security and architecture are looked at from several sides at once",
        lambda q: q.domain in (Domain.SECURITY, Domain.ARCHITECTURE),
        P.PARALLEL,
    ),
    PatternRule(
        "documentation is written cheaply, and taken over where the writer is not sure",
        lambda q: q.domain is Domain.DOCUMENTATION,
        P.TEACHING,
    ),
    PatternRule("a refactoring gets better step by step", lambda q: q.domain is Domain.REFACTORING, P.REFINEMENT),
    PatternRule("there is one agent", lambda q: len(q.agents) == 1, P.SEQUENTIAL),
    PatternRule("several agents can do the same, so they debate", lambda q: q.doubled, P.DEBATE),
    PatternRule("tests are found, written and checked in turn", lambda q: q.domain is Domain.TESTING, P.SEQUENTIAL),
    PatternRule(
        "a complex task gets as much as it turns out to need",
        lambda q: q.complexity is Complexity.COMPLEX,
        P.ADAPTIVE,
    ),
    PatternRule("nothing asks for another pattern", lambda _: True, P.SEQUENTIAL),
)
"""In order; the first that fits decides."""

LEAST_AGENTS = {P.TEACHING: 2, P.REFINEMENT: 2, P.ADAPTIVE: 2, P.DEBATE: 2}
"""What a pattern needs to be one."""


def choose_pattern(question: Question) -> PatternRule:
    """The first rule that fits."""
    return next(rule for rule in PATTERN_RULES if rule.fits(question))
