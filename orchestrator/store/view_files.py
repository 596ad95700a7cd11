"""The files of a store: what one holds, and what somebody has made of it since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.store.agent_configuration import AgentConfiguration
from orchestrator.store.composition_view import Composition, as_caller
from orchestrator.store.log_records import ConfigurationSaved
from orchestrator.value_class import value_class

OWN = "view"
"""The key under which a file says that this program wrote it."""
_FIGURES = ("success_rate", "avg_quality_score", "usage_count", "success_count", "failure_count", "last_used")
_FIXED = ("id", "task_pattern", "strategy", "created_at")


@value_class
class Edit:
    """What somebody made of a file by hand."""

    taken: ConfigurationSaved | None = None
    """What is taken over."""
    refused: tuple[str, ...] = ()
    """What is not, and why."""
    damaged: str | None = None
    """Why it is no configuration at all."""


def file_text(composition: Composition) -> str:
    """What the file of a composition holds: the specification's fields, then what tells our writing from others'."""
    told = composition.configuration().to_dict()
    sessions = composition.by_sessions
    own: dict[str, Any] = {
        "sessions": {"success": sessions.successes, "failure": sessions.failures, "all": sessions.uses},
        "note": "a view of the outcome log; tags, instructions and quality_gates may be edited here",
        "sha256": _digest(told),
    }
    return json.dumps({**told, OWN: own}, indent=2, ensure_ascii=False) + "\n"


def edit_of(content: bytes, composition: Composition) -> Edit | None:
    """What a hand has made of a file; ``None`` where it is as this program wrote it, then or now."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        return Edit(damaged=f"it is no JSON: {error}")
    if not isinstance(found, dict):
        return Edit(damaged="it is no object")
    if _is_own(found):
        return None
    found.pop(OWN, None)
    try:
        edited = AgentConfiguration.from_dict(found)
    except (ValueError, TypeError, OverflowError) as error:
        return Edit(damaged=str(error))
    unknown = sorted(set(found) - edited.to_dict().keys())
    compared = _compared(edited, composition)
    more = (f"{name!r} is no field of a configuration; its agents and quality_gates may hold more" for name in unknown)
    return replace(compared, refused=(*compared.refused, *more))


def is_own(content: bytes) -> bool:
    """Whether a file is as this program wrote it, now or then."""
    try:
        return _is_own(json.loads(content))
    except (ValueError, RecursionError):
        return False


def _is_own(found: object) -> bool:
    if not isinstance(found, dict) or not isinstance(own := found.get(OWN), dict):
        return False
    told = {name: value for name, value in found.items() if name != OWN}
    return bool(own.get("sha256") == _digest(told))


def _compared(edited: AgentConfiguration, composition: Composition) -> Edit:
    current = composition.configuration()
    before, after = current.to_dict(), edited.to_dict()
    refused = [
        f"{name} is {before[name]!r} by what was recorded, not {after[name]!r}"
        for name in _FIGURES
        if before[name] != after[name]
    ]
    refused += [
        f"{name} says which composition it is: save another one under another id"
        for name in _FIXED
        if before[name] != after[name]
    ]
    agents = current.agents
    if [_without_words(each) for each in before["agents"]] == [_without_words(each) for each in after["agents"]]:
        agents = edited.agents
    else:
        refused.append("agents: another team is another composition: save it under another id")
    made = replace_words(current, agents, edited)
    taken = made.definition(composition.store)
    return Edit(
        replace(taken, source="edit") if as_caller(taken) != as_caller(composition.definition()) else None,
        tuple(refused),
    )


def replace_words(
    current: AgentConfiguration, agents: list[dict[str, Any]], edited: AgentConfiguration
) -> AgentConfiguration:
    """The configuration with what may be edited by hand."""
    return replace(current, agents=agents, quality_gates=edited.quality_gates, tags=edited.tags)


def _without_words(agent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in agent.items() if name not in ("instructions", "quality_gates")}


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
