"""Write a team as TOML in one canonical form, and tell what of a hand-written file that form would lose.

The same tree has the same text, however it was put together: keys stand in a fixed order, and an inner node's children
stand on one line where that is short and nobody's instructions are among them, else each under a header of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from orchestrator.composition.team_files import AGENT_KEYS, GATE_KEYS, LIMIT_KEYS, STRATEGY_KEYS, TEAM_KEYS
from orchestrator.late_pattern import late_pattern
from orchestrator.toml_files import toml_text

MOST_VALUES: Final = 20_000
"""In all, of a tree that a program sends."""
MOST_NESTED: Final = 64
MOST_WHOLE: Final = 2**53
"""Above it a browser cannot tell a whole number from the next one."""
WIDTH: Final = 110
"""Of a line with children on it."""
_ORDER: Final = {
    key: place
    for place, key in enumerate(
        dict.fromkeys((*TEAM_KEYS[:2], "include", "strategy", *AGENT_KEYS, *STRATEGY_KEYS, *GATE_KEYS, *LIMIT_KEYS))
    )
}
_LAST: Final = ("children", "plan")
_TEXT_OR_COMMENT: Final = late_pattern(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|(#[^\n]*)', re.DOTALL
)


def fault_of(data: Any) -> str:
    """Why a tree that a program sent cannot be a team's data, whatever it says; empty where it can.

    TOML has no null, a browser no whole number beyond 2^53, and what is nested without end is no plan.
    """
    waiting: list[tuple[Any, int]] = [(data, 1)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            return f"a team has at most {MOST_VALUES:,} values"
        if depth > MOST_NESTED:
            return f"a team is at most {MOST_NESTED} tables deep"
        match value:
            case Mapping():
                waiting += [(part, depth + 1) for part in (*value.keys(), *value.values())]
            case list():
                waiting += [(part, depth + 1) for part in value]
            case str():
                if any("\ud800" <= letter <= "\udfff" for letter in value):
                    return "a text has half of a character in it"
            case bool():
                pass
            case int() | float():
                if not abs(value) <= MOST_WHOLE:
                    return f"{value!r:.40} is no number that a team can have"
            case _:
                return f"{value!r:.40} is nothing that a team can have"
    return ""


def team_text(data: Mapping[str, Any]) -> str:
    """The file of a team with this data; :func:`tomllib.loads` reads the same again.

    Args:
        data: As a file has it, and :func:`fault_of` finds nothing wrong with it.
    """
    ordered = _ordered(data)
    plan = ordered.pop("plan", None)
    head = "".join(_pair(key, value) for key, value in ordered.items())
    if not isinstance(plan, Mapping):
        return head + ("" if plan is None else _pair("plan", plan))
    return head + ("\n" if head else "") + "\n".join(_tables(plan, "plan", "[plan]"))


def comments_in(text: str) -> int:
    """How many comments stand in a file that is TOML; a ``#`` within a text is none."""
    return sum(found[1] is not None for found in _TEXT_OR_COMMENT.finditer(text))


def _tables(node: Mapping[str, Any], path: str, header: str) -> Iterator[str]:
    """A node under its header, and after it those of its children that get headers of their own."""
    children = node.get("children")
    own = [header + "\n"] + [_pair(key, value, long=True) for key, value in node.items() if key != "children"]
    if not _has_sections(children):
        if children is not None:
            own.append(_pair("children", children))
        yield "".join(own)
        return
    yield "".join(own)
    for child in children or ():
        yield from _tables(child, f"{path}.children", f"[[{path}.children]]")


def _has_sections(children: Any) -> bool:
    if not isinstance(children, list) or not children or not all(isinstance(child, Mapping) for child in children):
        return False
    return (
        any("children" in child or "instructions" in child for child in children)
        or len(_pair("children", children)) > WIDTH
    )


def _pair(key: str, value: Any, *, long: bool = False) -> str:
    """One line; a text of several lines is written as such where nothing in it needs an escape."""
    if (
        long
        and isinstance(value, str)
        and "\n" in value
        and not re.search(r'[\\\x00-\x08\x0b-\x1f\x7f]|"""|"\Z', value)
    ):
        return f'{key} = """\n{value}"""\n'
    # A table on a line of its own is what a list of one has.
    return toml_text({key: [value]}).replace("= [", "= ", 1).removesuffix("]\n") + "\n"


def _ordered(value: Any) -> Any:
    """The same with the keys of each table in the fixed order, and whole numbers written as such."""
    match value:
        case Mapping():
            last = len(_ORDER)
            places = {key: (key in _LAST, _ORDER.get(key, last)) for key in value}
            return {key: _ordered(value[key]) for key in sorted(value, key=places.__getitem__)}
        case list():
            return [_ordered(part) for part in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def same_data(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two files say the same, however they are written."""
    return json.dumps(_ordered(one), sort_keys=True, default=str) == json.dumps(
        _ordered(other), sort_keys=True, default=str
    )
