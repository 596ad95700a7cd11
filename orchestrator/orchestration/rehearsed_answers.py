"""Write the scenario of a rehearsal in which every agent of a plan answers once as its schema asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from orchestrator.composition.strategies.position import agents_of, as_run
from orchestrator.models.plan_tree import AgentNode, StrategyNode
from orchestrator.toml_files import toml_text

CONFIDENCE: Final = 0.9
FOLDER: Final = "rehearsed"
"""In the copy of the target: what agents that may write leave there."""


def scenario_of(plan: StrategyNode) -> str:
    """The scenario as TOML: each agent answers, and one that may write leaves a file in the copy of the target."""
    turns = [turn for agent in agents_of(as_run(plan)) for turn in _turns(agent)]
    parts = ['name = "a rehearsed team"\nabout = "Every agent answers once, as its schema asks."\n']
    for turn in turns:
        parts.append(f"\n[[turn]]\n{toml_text({'worker': turn['worker'], 'repeat': True})}")
        parts += [f"\n[[turn.step]]\n{inline_tables(step)}" for step in turn["step"]]
    return "".join(parts)


def _turns(agent: AgentNode) -> Iterator[Mapping[str, Any]]:
    # A second start of the same agent, in another round say, has a number behind its name.
    for worker in (agent.id, f"{agent.id}-[0-9]*"):
        steps: list[Mapping[str, Any]] = []
        if agent.access == "write":
            text = f"{agent.id} was here, in a rehearsal.\n"
            steps.append({"write": {"path": f"{{target}}/{FOLDER}/{agent.id}.md", "text": text}})
        steps.append({"reply": sample_of(agent.answer_schema or {}, agent.id)})
        yield {"worker": worker, "step": steps}


def inline_tables(step: Mapping[str, Any]) -> str:
    """One line: JSON objects with quoted keys and ``=`` are inline tables."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in step.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def sample_of(schema: Mapping[str, Any], who: str) -> Any:
    """A value that fits a schema, so plain that nobody takes it for a finding."""
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if schema.get("enum"):
        return schema["enum"][-1]
    match kind:
        case "object":
            properties = schema.get("properties") or {
                "answer": {"type": "string"},
                "findings": {"type": "array"},
                "confidence": {"type": "number"},
            }
            return {name: _sample_named(name, inner, who) for name, inner in properties.items()}
        case "array":
            return [sample_of(schema["items"], who)] if isinstance(schema.get("items"), Mapping) else []
        case "number" | "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            # Agents are not asked for nothing alone.
            return ""
    return f"as rehearsed by {who}"


def _sample_named(name: str, schema: Mapping[str, Any], who: str) -> Any:
    if name == "confidence":
        return CONFIDENCE
    # In a rehearsed debate all are for the same.
    return "as rehearsed" if name == "position" else sample_of(schema, who)
