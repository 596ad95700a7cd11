"""Answer for an agent of a plan that a scenario has no lines for: whatever fits the schema its prompt asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from orchestrator.composition.strategies.consensus import POSITION
from orchestrator.prompts import ANSWER_HEADING

CONFIDENCE: Final = 0.9
NOTHING: Final = "nothing, as this is a rehearsal without lines for it."
MOST_DEEP: Final = 8


def asked_schema(prompt: str) -> Mapping[str, Any] | None:
    """The schema in the prompt of an agent of a plan; ``None`` in every other prompt."""
    _, heading, rest = prompt.rpartition(ANSWER_HEADING)
    if not heading:
        return None
    for line in rest.splitlines():
        if line.startswith("{"):
            try:
                schema = json.loads(line)
            except ValueError:
                return None
            return schema if isinstance(schema, dict) else None
    return None


def sample_answer(schema: Mapping[str, Any], worker: str) -> Mapping[str, Any]:
    """An answer that fits, says whose it is, and is sure of itself where the schema has a place for that."""
    found = _sample(schema, f"{worker}: {NOTHING}", 0)
    if not isinstance(found, dict):
        return {"confidence": CONFIDENCE}
    if isinstance(found.get(POSITION), str):
        found[POSITION] = NOTHING  # they agree, or no debate could be rehearsed to a good end
    if schema.get("additionalProperties") is False and "confidence" not in found:
        return found
    return {**found, "confidence": CONFIDENCE}


def _sample(schema: Mapping[str, Any], words: str, depth: int) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type")
    match kinds[0] if isinstance(kinds, list) and kinds else kinds:
        case "object" if depth < MOST_DEEP:
            return {key: _sample(inner, words, depth + 1) for key, inner in schema.get("properties", {}).items()}
        case "array":
            return []
        case "number" | "integer":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return words
