"""Let one agent read a task, beside the tables: it proposes what the task is and who should work on it.

Nothing is decided by what it says.  It runs as a session of its own, in which it may only read, so its journal, its
cost and its bounds are those of every session.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from orchestrator.composition.capabilities import KNOWN_CAPABILITIES
from orchestrator.composition.domains import Domain
from orchestrator.composition.pattern_rules import CompositionPattern
from orchestrator.composition.task_analysis import Complexity
from orchestrator.errors import OrchestrateError
from orchestrator.models.agent_template import OWN_ANSWER
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentLimits, AgentNode, Strategy, StrategyNode
from orchestrator.orchestration.execution_strategies import order_of
from orchestrator.orchestration.session_call import call_session
from orchestrator.value_class import value_class

TIMEOUT_S: Final = 300.0
OUTCOMES: Final = ("change", "answer")
_READ: Final = "task_reader"
_INSTRUCTIONS: Final = """\
Say what the task asks for, and who should work on it. Look into the project only as far as that takes; do not work on
the task itself, and change nothing.

`outcome` is `change` where anything in the project is to be different afterwards, and in doubt; `answer` where only
words are asked for. `capabilities` are what the work takes, the most important first, and no more than it needs.
`parallelizable` is true where parts can be done at the same time without a view of one another. `pattern` is the
simplest one that fits: sequential where each step builds on the one before, parallel for independent looks, debate
where opinions will differ, teaching where a cheap try is likely to do, refinement for a draft that is to be improved,
adaptive where nobody can tell beforehand. `why` gives the reason in at most 60 words, and names the files you went by.
"""


@value_class
class ProposedReading:
    """What an agent takes a task for."""

    agent: AgentName
    outcome: str
    complexity: str
    domain: str
    capabilities: tuple[str, ...]
    parallelizable: bool
    pattern: str
    why: str
    """The agent's own words, at most 600 characters: to be quoted."""
    session: str


def reading_plan(agent: AgentName) -> StrategyNode:
    """The plan of the session in which the agent reads the task."""
    node = AgentNode(
        id=_READ,
        title="Task Reader",
        instructions=_INSTRUCTIONS,
        agent=agent,
        answer_schema=_schema(),
        limits=AgentLimits(timeout_s=TIMEOUT_S),
    )
    return StrategyNode(Strategy.SEQUENTIAL, (node,))


async def propose_reading(task: str, agent: AgentName, context: Mapping[str, Any]) -> ProposedReading:
    """Have the agent read the task.

    Args:
        context: As for a strategy's ``execute``: ``path``, ``workspace``, ``rehearse``, ``consent``.

    Raises:
        OrchestrateError: The agent could not be run, or gave no answer that fits.
    """
    order = order_of(reading_plan(agent), {**context, "task": task}, os.environ)
    report = await call_session(order, writes=False, environ=os.environ)
    results = report.result.outputs if report.result is not None else report.partial
    answer = next((result.output for result in results if result.success), None)
    if answer is None:
        why = next((result.error for result in results if result.error), report.reason)
        raise OrchestrateError(
            f"{agent} did not read the task: {why}",
            hint=f"orchestrate show {report.session} tells more; the tables read it without an agent",
        )
    return ProposedReading(
        agent=agent,
        outcome=str(answer["outcome"]),
        complexity=str(answer["complexity"]),
        domain=str(answer["domain"]),
        capabilities=tuple(dict.fromkeys(str(each) for each in answer["capabilities"])),
        parallelizable=bool(answer["parallelizable"]),
        pattern=str(answer["pattern"]),
        why=" ".join(str(answer["why"]).split())[:600],
        session=report.session,
    )


def _schema() -> dict[str, Any]:
    properties: dict[str, Any] = {
        "outcome": {"type": "string", "enum": list(OUTCOMES)},
        "complexity": {"type": "string", "enum": [str(each) for each in Complexity]},
        "domain": {"type": "string", "enum": [str(each) for each in Domain]},
        "capabilities": {"type": "array", "items": {"type": "string", "enum": list(KNOWN_CAPABILITIES)}},
        "parallelizable": {"type": "boolean"},
        "pattern": {"type": "string", "enum": [str(each) for each in CompositionPattern]},
        "why": {"type": "string"},
        **{name: dict(each) for name, each in OWN_ANSWER.items()},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
