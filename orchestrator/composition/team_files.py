"""Read a team from a TOML file: a tree of strategies, agents and gates, checked before anything starts.

.. code-block:: toml

    description = "Two look side by side, one mends, and the tests decide."

    [plan]
    strategy = "sequential"

    [[plan.children]]
    strategy = "parallel"
    children = [{ template = "security_auditor" }, { template = "code_reviewer" }]

    [[plan.children]]
    id = "mender"
    access = "write"
    instructions = "Mend what was found, the gravest first."

    [[plan.children]]
    gates = ["tests"]
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from orchestrator.composition.plan_checks import MOST_DEPTH, MOST_NODES, check_plan
from orchestrator.composition.strategies.position import agents_of, as_run
from orchestrator.composition.team_choice import AUTO, Team
from orchestrator.errors import InvalidFile
from orchestrator.models.agent_template import AgentTemplate, answer_schema
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import (
    AgentLimits,
    AgentNode,
    Aggregator,
    GateNode,
    Node,
    Strategy,
    StrategyNode,
    Tier,
)
from orchestrator.toml_files import TomlFile, unknown_key
from orchestrator.value_class import value_class

TEAM_KEYS: Final = ("name", "description", "plan")
STRATEGY_KEYS: Final = (
    *("strategy", "children", "title", "threshold", "rounds", "at_most", "gate", "synthesizer", "aggregator"),
    *("weights", "priority"),
)
AGENT_KEYS: Final = (
    *(
        "id",
        "template",
        "title",
        "instructions",
        "access",
        "agent",
        "model",
        "tier",
        "capabilities",
        "answer",
        "limits",
        "priority",
    ),
)
GATE_KEYS: Final = ("gates", "thresholds")
SESSION_GATE: Final = "tests"
"""Measured by every session itself."""
MOST_PRIORITY: Final = 100
LIMIT_KEYS: Final = ("timeout_s", "max_tokens", "memory_mb")
RESERVED: Final = frozenset({AUTO, *Team})
"""Names of the teams that are built in."""
TAKEN: Final = frozenset({"checks", "baseline", "orchestrator", "journal"})
"""Ids that workers, folders and files of every session have."""
E = TypeVar("E", bound=StrEnum)


@value_class
class TeamFile:
    """A team that somebody wrote down."""

    name: str
    plan: StrategyNode
    description: str = ""
    path: Path | None = None

    @property
    def writes(self) -> bool:
        """Whether anybody in it may change the target."""
        return any(agent.access == "write" for agent in agents_of(as_run(self.plan)))


@dataclass(slots=True)
class _Reader:
    """Reads the nodes of one file and of those it includes."""

    templates: Mapping[str, AgentTemplate]
    known_agents: Sequence[str]
    known_gates: Callable[[], Collection[str]]
    read: Callable[[Path], TomlFile]
    nodes: int = 0
    ids: set[str] = field(default_factory=set)


def team_from(
    file: TomlFile,
    *,
    templates: Mapping[str, AgentTemplate],
    known_agents: Sequence[str],
    known_gates: Callable[[], Collection[str]],
    read: Callable[[Path], TomlFile],
) -> TeamFile:
    """The team in a file that was read.

    Args:
        templates: By id.
        known_agents: Names of the CLIs there are adapters for.
        known_gates: Looks up the names of all gates; asked only where a gate other than ``tests`` is named.
        read: Reads a file that this one includes.

    Raises:
        InvalidFile: The file describes no team; with the reason, and the line where there is one.
    """
    data = file.data
    for key in data:
        if key not in TEAM_KEYS:
            raise file.fault(unknown_key(key, TEAM_KEYS), key=key)
    name, description = data.get("name", file.path.stem), data.get("description", "")
    if not isinstance(name, str) or not isinstance(description, str):
        raise file.fault("`name` and `description` are texts")
    if name in RESERVED:
        raise file.fault(f"{name!r} is the name of a built-in team", key="name")
    if not isinstance(data.get("plan"), dict):
        raise file.fault("a team has a table [plan]")
    reader = _Reader(templates, known_agents, known_gates, read)
    node = _node(reader, file, data["plan"], inside=(file.path.resolve(),), depth=1)
    if not isinstance(node, StrategyNode):
        node = StrategyNode(Strategy.SEQUENTIAL, (node,))
    try:
        check_plan(node)
    except ValueError as error:
        raise file.fault(str(error)) from None
    return TeamFile(name, node, description, file.path)


def _node(reader: _Reader, file: TomlFile, data: Any, *, inside: tuple[Path, ...], depth: int) -> Node:
    if not isinstance(data, dict):
        raise file.fault(f"a node of a plan is a table, not {data!r:.80}")
    reader.nodes += 1
    if reader.nodes > MOST_NODES:
        raise file.fault(f"a plan has at most {MOST_NODES} nodes")
    if depth > MOST_DEPTH:
        raise file.fault(f"a plan is at most {MOST_DEPTH} levels deep")
    if "include" in data:
        return _included(reader, file, data, inside=inside, depth=depth)
    if "strategy" in data:
        return _strategy(reader, file, data, inside=inside, depth=depth)
    if "gates" in data:
        return _gates(reader, file, data)
    return _agent(reader, file, data)


def _included(
    reader: _Reader, file: TomlFile, data: Mapping[str, Any], *, inside: tuple[Path, ...], depth: int
) -> Node:
    _refuse_unknown(file, data, ("include",))
    given = _text(file, data, "include")
    path = (file.path.parent / Path(given).expanduser()).resolve()
    if path in inside:
        way = " includes ".join(one.name for one in (*inside[inside.index(path) :], path))
        raise file.fault(f"`include`: a file cannot include itself: {way}", key="include")
    other = reader.read(path)
    if not isinstance(other.data.get("plan"), dict):
        raise other.fault("a team has a table [plan]")
    return _node(reader, other, other.data["plan"], inside=(*inside, path), depth=depth)


def _strategy(
    reader: _Reader, file: TomlFile, data: Mapping[str, Any], *, inside: tuple[Path, ...], depth: int
) -> StrategyNode:
    _refuse_unknown(file, data, STRATEGY_KEYS)
    strategy = _one_of(file, data, "strategy", Strategy)
    children = data.get("children", [])
    if not isinstance(children, list):
        raise file.fault("`children` is a list of nodes", key="children")
    gate, synthesizer = data.get("gate"), data.get("synthesizer")
    fields: dict[str, Any] = {}
    for key, kind in (("rounds", int), ("at_most", int), ("threshold", float), ("title", str)):
        if key in data:
            fields[key] = _plain(file, data, key, kind)
    if "aggregator" in data:
        fields["aggregator"] = _one_of(file, data, "aggregator", Aggregator)
    if "priority" in data:
        fields["priority"] = _texts(file, data, "priority")
    if "weights" in data:
        fields["weights"] = _figures(file, data, "weights")
    if gate is not None:
        fields["gate"] = _gates(reader, file, gate) if isinstance(gate, dict) else _refuse(file, "gate")
    if synthesizer is not None:
        fields["synthesizer"] = _agent(reader, file, synthesizer if isinstance(synthesizer, dict) else {})
    found = tuple(_node(reader, file, child, inside=inside, depth=depth + 1) for child in children)
    return StrategyNode(strategy, found, **fields)


def _gates(reader: _Reader, file: TomlFile, data: Mapping[str, Any]) -> GateNode:
    _refuse_unknown(file, data, GATE_KEYS)
    names = _texts(file, data, "gates")
    if set(names) - {SESSION_GATE}:
        known = reader.known_gates()
        wrong = next((name for name in names if name not in known), None)
        if wrong is not None:
            raise file.fault(f"there is no gate {wrong!r:.80}; there are {', '.join(known)}", key="gates")
    if len(set(names)) < len(names):
        raise file.fault("a gate is named twice", key="gates")
    return GateNode(names, _figures(file, data, "thresholds") if "thresholds" in data else {})


def _agent(reader: _Reader, file: TomlFile, data: Mapping[str, Any]) -> AgentNode:
    _refuse_unknown(file, data, AGENT_KEYS)
    template = _template(reader, file, data)
    name = _text(file, data, "id") if "id" in data else _free(reader, template.id if template else "")
    if template is None and "id" not in data:
        raise file.fault(
            "an agent has a `template`, or an `id` and `instructions`; a node may also be a strategy or gates"
        )
    if name.casefold() in reader.ids:
        raise file.fault(f"agent ids must be unique in a plan; {name!r} is there more than once", key="id")
    if is_taken(name):
        raise file.fault(f"{name!r} is the name of a worker that every session may have", key="id")
    reader.ids.add(name.casefold())
    made = _as_template(file, data, template, name)
    access = _access(file, data, template)
    cli = _text(file, data, "agent") if "agent" in data else None
    if cli is not None and cli not in reader.known_agents:
        raise file.fault(f"unknown agent {cli!r}; there are {', '.join(reader.known_agents)}", key="agent")
    return AgentNode(
        id=name,
        template=template.id if template else "",
        title=_text(file, data, "title") if "title" in data else (template.role if template else ""),
        instructions=made.default_instructions,
        access=access,
        agent=AgentName(cli) if cli is not None else None,
        model=_text(file, data, "model") if "model" in data else None,
        tier=Tier(made.tier_preference) if template is not None or "tier" in data else None,
        capabilities=tuple(made.capabilities) if template is not None or "capabilities" in data else (),
        answer_schema=answer_schema(made) if made.answer or template is not None else None,
        limits=_limits(file, data, template),
        priority=_priority(file, data),
    )


def _priority(file: TomlFile, data: Mapping[str, Any]) -> int:
    priority = data.get("priority", 0)
    if not isinstance(priority, int) or isinstance(priority, bool) or abs(priority) > MOST_PRIORITY:
        raise file.fault(f"`priority` is a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}", key="priority")
    return priority


def is_taken(name: str) -> bool:
    """Whether every session has a worker, a folder or a file that is called so, in capitals or not."""
    return name.casefold() in TAKEN or name.casefold().startswith("review-")


def _template(reader: _Reader, file: TomlFile, data: Mapping[str, Any]) -> AgentTemplate | None:
    if "template" not in data:
        return None
    name = _text(file, data, "template")
    if name not in reader.templates:
        raise file.fault(f"no template {name!r}; there are {', '.join(reader.templates)}", key="template")
    return reader.templates[name]


def _free(reader: _Reader, wanted: str) -> str:
    """The template's name, or with the first number behind it that no agent before it has."""
    number, name = 1, wanted
    while name.casefold() in reader.ids:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _as_template(file: TomlFile, data: Mapping[str, Any], template: AgentTemplate | None, name: str) -> AgentTemplate:
    """What the file says of the agent, over its template: held against the same rules as a template.

    Raises:
        InvalidFile: It breaks one of them.
    """
    text = data.get("instructions", template.default_instructions if template else "")
    try:
        return AgentTemplate(
            id=f"a{name}" if name[:1].isdecimal() else name,
            role=template.role if template else name,
            capabilities=data.get("capabilities", template.capabilities if template else ["work"]),
            tier_preference=data.get("tier", template.tier_preference if template else "CAPABLE"),
            tools=template.tools if template else [],
            default_instructions=text.strip() if isinstance(text, str) else text,
            quality_gates={},
            answer=data.get("answer", template.answer if template else {}),
        )
    except ValueError as error:
        reason = str(error).replace("default_instructions", "instructions").replace("tier_preference", "tier")
        raise file.fault(
            f"the agent {name!r}: {reason}", key="instructions" if "instructions" in reason else None
        ) from None


def _access(file: TomlFile, data: Mapping[str, Any], template: AgentTemplate | None) -> Any:
    access = data.get("access", template.access if template else "read")
    if access not in ("read", "write"):
        raise file.fault(f"`access` is read or write, not {access!r:.80}", key="access")
    if access == "write" and template is not None and template.access == "read":
        raise file.fault(f"the template {template.id!r} may only read", key="access")
    return access


def _limits(file: TomlFile, data: Mapping[str, Any], template: AgentTemplate | None) -> AgentLimits:
    given = data.get("limits", {})
    if not isinstance(given, dict):
        raise file.fault("`limits` is a table", key="limits")
    _refuse_unknown(file, given, LIMIT_KEYS)
    figures = _figures(file, data, "limits") if given else {}
    asked = template.resource_requirements if template else None
    tokens = figures.get("max_tokens", asked.max_tokens if asked else None)
    memory = figures.get("memory_mb", asked.memory_mb if asked else None)
    return AgentLimits(
        timeout_s=figures.get("timeout_s", float(asked.timeout_seconds) if asked else None),
        max_tokens=None if tokens is None else int(tokens),
        memory_mb=None if memory is None else int(memory),
    )


def _refuse(file: TomlFile, key: str) -> Any:
    raise file.fault(f"`{key}` is a table", key=key)


def _refuse_unknown(file: TomlFile, data: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in data:
        if key not in known:
            raise file.fault(unknown_key(key, known), key=key)


def _text(file: TomlFile, data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise file.fault(f"`{key}` is a line of text, not {value!r:.80}", key=key)
    return value.strip()


def _texts(file: TomlFile, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise file.fault(f"`{key}` is a list of names", key=key)
    return tuple(value)


def _plain(file: TomlFile, data: Mapping[str, Any], key: str, kind: type) -> Any:
    value = data[key]
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise file.fault(f"`{key}` is {'a text' if kind is str else 'a number'}, not {value!r:.80}", key=key)
    return kind(value)


def _figures(file: TomlFile, data: Mapping[str, Any], key: str) -> dict[str, float]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise file.fault(f"`{key}` is a table of numbers", key=key)
    for name, figure in value.items():
        if isinstance(figure, bool) or not isinstance(figure, int | float):
            raise file.fault(f"`{key}.{name}` is a number, not {figure!r:.80}", key=name)
    return {name: float(figure) for name, figure in value.items()}


def _one_of(file: TomlFile, data: Mapping[str, Any], key: str, kind: type[E]) -> E:
    value = data.get(key)
    if isinstance(value, str) and value in list(kind):
        return kind(value)
    raise file.fault(f"there is no {key} {value!r:.80}; there are {', '.join(kind)}", key=key)


def included_reader(root: Path, read: Callable[[Path], TomlFile]) -> Callable[[Path], TomlFile]:
    """Reads included files below the folder of the first one only: a team from elsewhere opens nothing else.

    Raises:
        InvalidFile: When called, for a path outside.
    """
    folder = root.resolve()

    def inside(path: Path) -> TomlFile:
        if not path.is_relative_to(folder):
            raise InvalidFile(path, f"`include` reads only below {folder}")
        return read(path)

    return inside
