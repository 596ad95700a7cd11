"""Say which settings there are, what each may be, and how those of the user and of a project become one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, TypeAlias

from orchestrator.agents.registry import AGENTS
from orchestrator.models.escalation import FORM, conditions_of
from orchestrator.toml_files import TomlFile, unknown_key
from orchestrator.tuning.parameters import PARAMETERS, SETTABLE, Parameter
from orchestrator.value_class import value_class

TIERS: Final = ("CHEAP", "CAPABLE", "PREMIUM")
STAKES: Final = ("low", "normal", "high", "critical")
"""How much is at stake, from the least; what each means stands in ``tuning/criticality.py``."""
SEARCHES: Final = ("rules", "optuna")
"""What says which step tuning tries next."""
TUNING_AIMS: Final = ("velocity", "quality", "cost", "risk")
MOST_MONEY_USD: Final = 1_000_000
MOST_TOKENS: Final = 10**12

Value: TypeAlias = Any
Fault: TypeAlias = Callable[[Value], str | None]
"""What is wrong with a value; ``None``: nothing."""


@value_class
class Key:
    """One setting."""

    path: tuple[str, ...]
    """From the top of the file."""
    means: str
    fault: Fault
    only_lowers: bool = False
    """A project may lower what the user says, and not raise it."""
    rises_in: tuple[Value, ...] = ()
    """From the least on: a project may raise what the user says, or where that is nothing the default, and not lower
    it; empty: whatever it says stands."""
    default: Value = None

    @property
    def name(self) -> str:
        """``tiers.CHEAP.claude``."""
        return ".".join(self.path)


@value_class
class Known:
    """Every setting by its path, and the tables they stand in."""

    keys: Mapping[tuple[str, ...], Key]
    tables: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """What may stand in each table, the top's included."""


def _is_text(value: Value) -> str | None:
    return None if isinstance(value, str) and value.strip() and value.isprintable() else "must be a text"


def _is_model(value: Value) -> str | None:
    if value == "":
        return None
    if _is_text(value) or str(value).startswith("-") or len(str(value)) > 200:
        return "must be a model's name, or \"\" for the CLI's own"
    return None


def _are_texts(value: Value) -> str | None:
    fits = isinstance(value, list) and all(isinstance(each, str) and each.strip() for each in value)
    return None if fits else 'must be a list of texts: ["a", "b"]'


def _are_agents(value: Value) -> str | None:
    wrong = _are_texts(value)
    if wrong is not None:
        return wrong
    unknown = [name for name in value if name not in AGENTS]
    return f"names {unknown[0]!r}; there are {', '.join(sorted(AGENTS))}" if unknown else None


def _is_number(most: float, *, whole: bool = False) -> Fault:
    def fault(value: Value) -> str | None:
        fits = isinstance(value, int) or (isinstance(value, float) and not whole)
        if isinstance(value, bool) or not fits or not 0 < value <= most:
            return f"must be a {'whole ' if whole else ''}number above 0 and at most {most:,}"
        return None

    return fault


def _are_conditions(value: Value) -> str | None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return f'must be a list of conditions: ["{FORM}"]'
    try:
        conditions_of(value)
    except ValueError as error:
        return f"has what is none: {error}; it is"
    return None


def _is_stake(value: Value) -> str | None:
    return None if value in STAKES else f"must be one of {', '.join(STAKES)}"


def _is_search(value: Value) -> str | None:
    return None if value in SEARCHES else f"must be one of {', '.join(SEARCHES)}"


def _is_value_of(parameter: Parameter) -> Fault:
    def fault(value: Value) -> str | None:
        try:
            parameter.place(value)
        except ValueError:
            return f"must be one of {', '.join(map(str, parameter.values))}"
        return None

    return fault


def _keys() -> Iterator[Key]:
    yield Key(("tests", "commands"), "the commands that run the project's tests", _are_texts)
    for tier in TIERS:
        yield Key(("tiers", tier, "prefer"), f"which CLIs to take for {tier}, the first usable one", _are_agents)
        for name in AGENTS:
            yield Key(("tiers", tier, name), f"the model of {name} for {tier}", _is_model)
    for span in ("day", "month"):
        yield Key(
            ("budget", f"per_{span}"),
            f"US dollars that all sessions of a {span} may cost",
            _is_number(MOST_MONEY_USD),
            only_lowers=True,
        )
        yield Key(
            ("budget", f"per_{span}_tokens"),
            f"tokens that all sessions of a {span} may use",
            _is_number(MOST_TOKENS, whole=True),
            only_lowers=True,
        )
    stakes = ", ".join(STAKES)
    said = f"what is at stake, so how often is reviewed and what thresholds ask for: {stakes}"
    yield Key(("tuning", "criticality"), said, _is_stake, rises_in=STAKES, default="normal")
    yield Key(("tuning", "search"), f"what says which step tuning tries next: {', '.join(SEARCHES)}", _is_search)
    for aim in TUNING_AIMS:
        yield Key(("tuning", "weights", aim), f"what {aim} counts where tuning searches by optuna", _is_number(1000))
    for parameter in map(PARAMETERS.__getitem__, SETTABLE):
        values = f"{', '.join(map(str, parameter.values))} {parameter.unit}".rstrip()
        yield Key(("parameters", parameter.name), f"{parameter.means}: {values}", _is_value_of(parameter))
    yield Key(("feedback", "share"), "in which share of sessions agents are asked how it went, 0 to 1", _is_number(1))
    form = "when metrics of a session call for an action; see `orchestrate policies escalation`"
    yield Key(("escalation", "conditions"), form, _are_conditions)
    yield Key(("gates", "allowed_licences"), "SPDX names of the licences that dependencies may have", _are_texts)
    performance = ("gates", "performance")
    yield Key((*performance, "command"), "what the performance gate runs", _is_text)
    yield Key((*performance, "seconds"), "how long it may take", _is_number(1e9))
    yield Key((*performance, "memory_mib"), "how much memory it may take", _is_number(1e9))


def _known() -> Known:
    keys = {key.path: key for key in _keys()}
    tables: dict[tuple[str, ...], dict[str, None]] = {}
    for path in keys:
        for depth in range(len(path)):
            tables.setdefault(path[:depth], {})[path[depth]] = None
    return Known(keys, {path: tuple(names) for path, names in tables.items()})


KNOWN: Final = _known()


def check(file: TomlFile) -> None:
    """Raise for the first thing in a file that is no setting, and for settings that lack what belongs to them.

    Raises:
        InvalidFile: With the line and the reason.
    """
    check_each(file)
    lacks = lacking(file.data)
    if lacks:
        raise file.fault(lacks, table="gates.performance", key="command")


def check_each(file: TomlFile) -> None:
    """Raise for the first thing in a file that is no setting.

    Raises:
        InvalidFile: With the line and the reason.
    """
    _check_table(file, file.data, ())


def lacking(data: Mapping[str, Any]) -> str:
    """What settings lack that belongs to them; empty where nothing does."""
    performance = data.get("gates", {}).get("performance", {})
    if not performance or ("command" in performance and performance.keys() & {"seconds", "memory_mib"}):
        return ""
    return "gates.performance needs a command, and seconds or memory_mib"


def _check_table(file: TomlFile, data: Mapping[str, Any], path: tuple[str, ...]) -> None:
    table = ".".join(path) or None
    for name, value in data.items():
        inner = (*path, name)
        if inner in KNOWN.keys:
            wrong = KNOWN.keys[inner].fault(value)
            if wrong is not None:
                raise file.fault(f"{'.'.join(inner)} {wrong}, not {_shown(value)}", table=table, key=name)
        elif inner not in KNOWN.tables:
            place = f" in {table}" if table else ""
            raise file.fault(f"{unknown_key(name, KNOWN.tables[path])}{place}", table=table, key=name)
        elif not isinstance(value, dict):
            raise file.fault(f"{'.'.join(inner)} must be a table", table=table, key=name)
        else:
            _check_table(file, value, inner)


def _shown(value: Value) -> str:
    text = json.dumps(value, default=str, ensure_ascii=True)
    return text if len(text) <= 80 else f"{text[:79]}…"


def flat(data: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every setting in a checked file with its path."""
    for name, value in data.items():
        inner = (*path, name)
        if inner in KNOWN.keys:
            yield inner, value
        else:
            yield from flat(value, inner)


def merged(files: Sequence[tuple[str, Mapping[str, Any]]]) -> Mapping[tuple[str, ...], tuple[Value, str]]:
    """Every setting with its origin; of two, the later file's stands, unless that would go where it may not.

    Args:
        files: Origin and checked data, the user's first.
    """
    found: dict[tuple[str, ...], tuple[Value, str]] = {}
    for origin, data in files:
        for path, value in flat(data):
            before = found.get(path)
            key = KNOWN.keys[path]
            if before is not None and key.only_lowers and value > before[0]:
                continue
            least = key.default if before is None else before[0]
            if key.rises_in and origin != "user" and key.rises_in.index(value) < key.rises_in.index(least):
                continue
            found[path] = (value, origin)
    return found
