"""Write a folded session down as text, and read it again: the same values in the same order, in classes of ours.

JSON knows neither tuples nor sets, times or mappings by anything but texts, so each of these is an object with one
name that says what it is.  Nobody else's classes are made, and nothing is run: whoever reads a text that others could
have written asks first who wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from importlib import import_module
from pathlib import Path, PosixPath
from typing import Any, Final

from orchestrator.session.growing_texts import GrowingTexts
from orchestrator.session.state import Session

_OURS: Final = "orchestrator."
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def text_of(session: Session) -> str:
    """The session as one line of JSON.

    Raises:
        TypeError: It holds a value of a kind that is not written here.
    """
    writing = _Writing()
    value = writing.of(session)
    return json.dumps({"classes": writing.names(), "session": value}, separators=(",", ":"))


def session_of(text: str | bytes) -> Session:
    """The session that :func:`text_of` wrote.

    Raises:
        ValueError: It is none.
    """
    try:
        data = json.loads(text)
        session = _Reading([_class_named(name) for name in data["classes"]]).of(data["session"])
    except (LookupError, TypeError, AttributeError, ImportError, RecursionError) as error:
        raise ValueError(f"no session: {error!r}") from error
    if not isinstance(session, Session):
        raise ValueError(f"no session, but {type(session).__name__}")
    return session


class _Writing:
    """Makes values that JSON can hold, and numbers the classes that come up."""

    def __init__(self) -> None:
        self._numbers: dict[type, tuple[str, Sequence[str]]] = {}
        """By class, its tag and the names of its fields."""

    def names(self) -> list[str]:
        """The classes by their numbers."""
        return [f"{kind.__module__}:{kind.__qualname__}" for kind in self._numbers]

    def of(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is tuple:
            return [self.of(one) for one in value]
        if kind is dict:
            return {"dict": [[self.of(name), self.of(one)] for name, one in value.items()]}
        if kind is list:
            return {"list": [self.of(one) for one in value]}
        if kind is frozenset:
            # In one order, so that the same session has one text.
            return {"set": sorted((self.of(one) for one in value), key=json.dumps)}
        if kind is datetime:
            return {"at": value.isoformat()}
        if kind is timedelta:
            return {"span": [value.days, value.seconds, value.microseconds]}
        if kind is PosixPath:
            return {"path": str(value)}
        if kind is GrowingTexts:
            return {"texts": list(value)}
        return self._of_class(kind, value)

    def _of_class(self, kind: type, value: Any) -> Any:
        known = self._numbers.get(kind)
        if known is None:
            if not _is_ours(kind):
                raise TypeError(f"a session holds a value of {kind.__module__}.{kind.__qualname__}")
            own = [one.name for one in fields(kind)] if is_dataclass(kind) else []
            known = self._numbers[kind] = str(len(self._numbers)), own
        tag, names = known
        if isinstance(value, Enum):
            return {tag: value.value}
        return {tag: [self.of(getattr(value, name)) for name in names]}


class _Reading:
    """Makes the values again.

    Args:
        kinds: The classes by their numbers.
    """

    def __init__(self, kinds: Sequence[type]) -> None:
        self._readers: Mapping[str, Callable[[Any], Any]] = {
            "dict": lambda pairs: {self.of(name): self.of(one) for name, one in pairs},
            "list": lambda values: [self.of(one) for one in values],
            "set": lambda values: frozenset(map(self.of, values)),
            "at": datetime.fromisoformat,
            "span": lambda parts: timedelta(*parts),
            "path": Path,
            "texts": GrowingTexts,
            **{str(number): self._reader_of(kind) for number, kind in enumerate(kinds)},
        }

    def of(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            return tuple(map(self.of, value))
        if kind is not dict:
            return value
        ((tag, held),) = value.items()
        return self._readers[tag](held)

    def _reader_of(self, kind: type) -> Callable[[Any], Any]:
        if issubclass(kind, Enum):
            return kind
        names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # a dataclass: _class_named looked

        def made(values: Any) -> Any:
            # Past the constructor: what stood in a session was made by it once.
            one = object.__new__(kind)
            for name, value in zip(names, values, strict=True):
                object.__setattr__(one, name, self.of(value))
            return one

        return made


def _class_named(name: str) -> type:
    module, _, qualified = name.partition(":")
    found: Any = import_module(module) if module.startswith(_OURS) else None
    for part in qualified.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or not _is_ours(found):
        raise TypeError(f"{name} is no class of a session")
    return found


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith(_OURS) and (is_dataclass(kind) or issubclass(kind, Enum))
