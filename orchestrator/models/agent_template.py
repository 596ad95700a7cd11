"""An agent template says what one kind of agent is for, what it may do, and in which form it answers."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar, Final, Literal, TypeAlias

from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

Access: TypeAlias = Literal["read", "write"]

MOST_INSTRUCTIONS: Final = 20_000
"""Characters; longer ones are a document, which belongs in the project."""
MOST_NAMES: Final = 64
"""Of capabilities, and of tools."""
MOST_ANSWER_BYTES: Final = 20_000
"""Of the description of an answer, as JSON."""
MOST_FIGURE: Final = 1_000_000_000
"""Of a resource requirement."""

_ID: Final = late_pattern(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_PLACEHOLDERS: Final = ("{{", "{%", "{#")
_CONTROL: Final = late_pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@value_class
class AgentCapability:
    """Something that an agent can do (specification 002)."""

    name: str
    description: str
    required_tools: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _require_text("name", self.name)
        _require_text("description", self.description)
        _require_names("required_tools", self.required_tools)


@value_class
class ResourceRequirements:
    """What one agent of a template may use (specification 002)."""

    min_tokens: int = 1000
    """Fewer would not be enough to begin with."""
    max_tokens: int = 10000
    """Tokens that its model may generate, those of its thinking included; what it reads does not count."""
    timeout_seconds: int = 300
    memory_mb: int = 512

    def __post_init__(self) -> None:
        for name in ("min_tokens", "max_tokens", "timeout_seconds", "memory_mb"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"{name} must be a whole number, not {value!r}")
            if value > MOST_FIGURE:
                raise ValueError(f"{name} must be at most {MOST_FIGURE:,}, not {value}")
        if self.min_tokens < 0:
            raise ValueError(f"min_tokens must be at least 0, not {self.min_tokens}")
        if self.max_tokens < self.min_tokens:
            raise ValueError(f"max_tokens ({self.max_tokens}) must be at least min_tokens ({self.min_tokens})")
        if self.timeout_seconds <= 0:
            raise ValueError(f"timeout_seconds must be above 0, not {self.timeout_seconds}")
        if self.memory_mb <= 0:
            raise ValueError(f"memory_mb must be above 0, not {self.memory_mb}")


@value_class
class AgentTemplate:
    """One kind of agent (specification 002)."""

    id: str
    role: str
    capabilities: list[str]
    tier_preference: str
    tools: list[str]
    """Names of what it works with; they are told to the agent, and nothing is installed for them."""
    default_instructions: str
    quality_gates: dict[str, Any]
    resource_requirements: ResourceRequirements = field(default_factory=ResourceRequirements)
    access: Access = "read"
    """The most that it may do in the target."""
    answer: dict[str, Any] = field(default_factory=dict)
    """What its answer holds beside ``summary`` and ``confidence``: JSON-schema properties by name."""

    ALLOWED_TIERS: ClassVar[set[str]] = {"CHEAP", "CAPABLE", "PREMIUM"}

    def __post_init__(self) -> None:
        _require_text("id", self.id)
        if not _ID.fullmatch(self.id):
            raise ValueError(
                f"id must be a name of letters, digits, '_' and '-' that begins with a letter, not {self.id[:80]!r}"
            )
        _require_text("role", self.role)
        _require_names("capabilities", self.capabilities)
        if not self.capabilities:
            raise ValueError("capabilities must be a non-empty list of names")
        if self.tier_preference not in tuple(self.ALLOWED_TIERS):
            raise ValueError(
                f"tier_preference must be one of {', '.join(sorted(self.ALLOWED_TIERS))}, not {self.tier_preference!r}"
            )
        _require_names("tools", self.tools)
        _require_instructions(self.default_instructions)
        gates: object = self.quality_gates
        if not isinstance(gates, dict) or not all(isinstance(name, str) for name in gates):
            raise ValueError(f"quality_gates must be a dict of thresholds by name, not {self.quality_gates!r}")
        if not isinstance(self.resource_requirements, ResourceRequirements):
            raise ValueError(f"resource_requirements must be ResourceRequirements, not {self.resource_requirements!r}")
        if self.access not in ("read", "write"):
            raise ValueError(f"access must be 'read' or 'write', not {self.access!r}")
        _require_properties(self.answer)

    def copied(self) -> AgentTemplate:
        """Copy the template with its lists, so that a caller who changes a list changes nobody else's."""
        return copy.deepcopy(self)


OWN_ANSWER: Final[Mapping[str, Mapping[str, Any]]] = {
    "summary": {"type": "string", "description": "The answer in at most five sentences, for a person."},
    "confidence": {
        "type": "number",
        "description": "From 0 to 1: how sure you are that the answer is right and complete. 0.5 is a guess.",
    },
}
"""What every answer holds; ``confidence`` is what the specification's strategies route by."""


def answer_schema(template: AgentTemplate) -> dict[str, Any]:
    """The JSON schema of the template's answer.

    All CLIs must take it, so it is of the strict kind: every property is required, and there are no others.
    """
    return _strict({"type": "object", "properties": {**template.answer, **OWN_ANSWER}})


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(schema)
    if isinstance(found.get("items"), Mapping):
        found["items"] = _strict(found["items"])
    if isinstance(found.get("properties"), Mapping):
        inner = {name: _strict(each) for name, each in found["properties"].items()}
        found |= {"properties": inner, "required": list(inner), "additionalProperties": False}
    return found


def _require_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a non-empty string, not {value!r}")
    if len(value) > MOST_INSTRUCTIONS or _CONTROL.search(value):
        raise ValueError(f"{name} must be a short line of text")


def _require_names(name: str, value: object) -> None:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list of names, not {value!r}")
    for each in value:
        if not isinstance(each, str) or not each.strip() or _CONTROL.search(each) or len(each) > 200:
            raise ValueError(f"{name} must be a list of names, and holds {each!r}")
    if len(value) > MOST_NAMES:
        raise ValueError(f"{name} must be a list of at most {MOST_NAMES} names, not of {len(value)}")
    doubled = sorted({each for each in value if value.count(each) > 1})
    if doubled:
        raise ValueError(f"{name} names {doubled[0]!r} twice")


def _require_instructions(text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"default_instructions must be a non-empty string, not {text!r}")
    if len(text) > MOST_INSTRUCTIONS:
        raise ValueError(f"default_instructions may have {MOST_INSTRUCTIONS:,} characters, and have {len(text):,}")
    if _CONTROL.search(text):
        raise ValueError("default_instructions hold a control character")
    for mark in _PLACEHOLDERS:
        if mark in text:
            raise ValueError(
                f"default_instructions hold {mark!r}, and nothing is filled in there: "
                "the agent is told the task and the results of others by itself"
            )


_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})


def _require_properties(answer: object) -> None:
    if not isinstance(answer, dict):
        raise ValueError(f"answer must be a dict of JSON-schema properties, not {answer!r}")
    for name, schema in answer.items():
        if not isinstance(name, str) or not _ID.fullmatch(name):
            raise ValueError(f"answer holds a property with the name {name!r}")
        if name in OWN_ANSWER:
            raise ValueError(f"answer describes {name!r}, which every answer holds already")
        _require_schema(f"answer.{name}", schema)
    if len(json.dumps(answer)) > MOST_ANSWER_BYTES:
        raise ValueError(f"answer may have {MOST_ANSWER_BYTES:,} bytes as JSON")


def _require_schema(where: str, schema: object, *, depth: int = 0) -> None:
    """Refuse schemas that some CLI does not accept: a part without a type, or a list without an item type."""
    if depth > 8:
        raise ValueError(f"{where} is nested too deeply")
    if not isinstance(schema, dict):
        raise ValueError(f"{where} must be a JSON schema, not {schema!r}")
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if not kinds or not all(isinstance(each, str) and each in _TYPES for each in kinds):
        raise ValueError(f"{where}.type must be one of {', '.join(sorted(_TYPES))}, not {kind!r}")
    if "array" in kinds:
        _require_schema(f"{where}.items", schema.get("items"), depth=depth + 1)
    if "object" in kinds:
        inner = schema.get("properties")
        if not isinstance(inner, dict) or not inner:
            raise ValueError(f"{where}.properties must say what the object holds")
        for name, each in inner.items():
            _require_schema(f"{where}.{name}", each, depth=depth + 1)
    _require_json(where, schema)


def _require_json(where: str, schema: dict[str, Any]) -> None:
    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{where} is no JSON: {error}") from None
