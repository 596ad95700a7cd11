"""Read what an agent of a plan answered: a JSON object by its schema, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.models.plan_steps import AgentLeaf, Purpose
from orchestrator.review_engine.replies import KeyGivenTwice, last_object
from orchestrator.value_class import value_class

COMMON_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "findings": {"type": "array", "items": {"type": "string"}},
        "confidence": {"type": "number"},
    },
    # OpenAI's strict mode refuses a schema in which a property is optional or further ones are allowed.
    "required": ["answer", "findings", "confidence"],
    "additionalProperties": False,
}
"""What an agent answers whose template says nothing else."""
DEBATED: Final = frozenset({Purpose.OPINION, Purpose.REPLY})
POSITION: Final = {
    "type": "string",
    "description": "What you are for, in a few words; in the very words of another where you agree with it.",
}
MOST_SHOWN: Final = 80
MOST_DEPTH: Final = 64
"""How deep an answer may be nested: a journal with much deeper ones could not be read again."""
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


@value_class
class LeafAnswer:
    """An agent's answer as far as it fits the schema; further keys are left out."""

    output: Mapping[str, Any]
    confidence: float
    """From 0 to 1, as the agent says of itself."""


def schema_of(leaf: AgentLeaf) -> Mapping[str, Any]:
    """The schema of the answer at this place of the plan: in a debate everybody states a position besides."""
    schema = leaf.node.answer_schema or COMMON_SCHEMA
    if leaf.purpose not in DEBATED or "position" in schema["properties"]:
        return schema
    return {
        **schema,
        "properties": {"position": POSITION, **schema["properties"]},
        "required": ["position", *schema["required"]],
    }


def read_answer(
    *, text: str, reply: Mapping[str, Any] | None, schema: Mapping[str, Any] | None, is_long: bool = True
) -> LeafAnswer | str:
    """Read the answer, or say in words why there is none that counts.

    ``reply`` is the CLI's structured answer and goes before ``text``.

    Args:
        schema: ``None``: the common one.
        is_long: Look for the object through all of a text of more than 32 KiB, and not only through its end.
    """
    schema = schema or COMMON_SCHEMA
    if reply is None:
        try:
            reply = last_object(text, is_long=is_long)
        except KeyGivenTwice as twice:
            return str(twice)
    if reply is None:
        return "the answer holds no JSON object" if text.strip() else "the answer is empty"
    misfit = _misfit_of_json(reply) or misfit_of(reply, schema)
    if misfit is not None:
        return f"the answer does not fit its schema: {misfit}"
    confidence = reply.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        return f"its confidence is {_shown(confidence)}, not a number from 0 to 1"
    known = schema.get("properties", {})
    output = {key: _cleaned(value) for key, value in reply.items() if key in known and key != "confidence"}
    return LeafAnswer(output, float(confidence))


def _misfit_of_json(value: object) -> str | None:
    """Say why a value, whatever its schema allows, could not be kept in a journal and read from it as it was."""
    waiting = [("", value, 1)]
    while waiting:
        where, one, depth = waiting.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return f"{where} is {_shown(one)}, no finite number"
        if isinstance(one, Mapping | list):
            if depth > MOST_DEPTH:
                return f"it is nested more than {MOST_DEPTH} levels deep"
            inner = one.items() if isinstance(one, Mapping) else enumerate(one)
            waiting += [(f"{where}.{key}" if where else str(key), each, depth + 1) for key, each in inner]
    return None


def misfit_of(value: object, schema: Mapping[str, Any], where: str = "") -> str | None:
    """Say where a value breaks the schema, ``None`` where it fits.

    Types, enumerations, bounds, required keys and what lies within lists and objects are held against it, which is all
    that our schemas say.  A key beyond those of an object is no break: see :class:`LeafAnswer`.
    """
    name = where or "it"
    wanted = schema.get("type")
    kinds = [wanted] if isinstance(wanted, str) else wanted or []
    if kinds and not any(_is_of(value, kind) for kind in kinds):
        return f"{name} is {_shown(value)}, not {'an' if kinds[0][0] in 'aeio' else 'a'} {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{name} is {_shown(value)}, not one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _misfit_of_number(value, schema, name)
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        found = (misfit_of(item, schema["items"], f"{where}[{index}]") for index, item in enumerate(value))
        return next((misfit for misfit in found if misfit is not None), None)
    if isinstance(value, Mapping):
        return _misfit_of_object(value, schema, where)
    return None


def _misfit_of_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> str | None:
    missing = [key for key in schema.get("required", ()) if key not in value]
    if missing:
        return f"{where or 'it'} lacks {' and '.join(missing)}"
    for key, inner in schema.get("properties", {}).items():
        if key in value:
            misfit = misfit_of(value[key], inner, f"{where}.{key}" if where else key)
            if misfit is not None:
                return misfit
    return None


def _misfit_of_number(value: float, schema: Mapping[str, Any], name: str) -> str | None:
    if not math.isfinite(value):
        return f"{name} is {_shown(value)}, no finite number"
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = f"from {least}" if most is None else f"up to {most}" if least is None else f"from {least} to {most}"
        return f"{name} is {_shown(value)}, not {bounds}"
    return None


def _is_of(value: object, wanted: str) -> bool:
    if isinstance(value, bool):  # which Python counts among the numbers
        return wanted == "boolean"
    return isinstance(value, _TYPES.get(wanted, (object,)))


def _cleaned(value: Any) -> Any:
    r"""Without lone surrogates: JSON may say ``\ud800``, which no journal could write."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_cleaned(item) for item in value]
    return value


def _shown(value: object) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"
    return shown.encode("utf-8", "replace").decode("utf-8")
