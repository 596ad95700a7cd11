"""Read values of our own classes from JSON that this program wrote, without pydantic.

A look at a small session would spend most of its time on loading pydantic and on building what reads an entry.  The
plain reader knows the spelling of our own writer and nothing else: no text that stands for a number, no field that a
class does not have, no time in another form.  Whatever it does not know it refuses with :class:`NotPlain`, and whoever
asked lets pydantic read it, which alone says what is right and what is wrong.  So what is read plainly is what pydantic
would have read; a test holds one against the other over every recorded journal.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    NoReturn,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from orchestrator.late_pattern import late_pattern
from orchestrator.models.field_marks import LEFT_OUT, Bounded, Checked, ToldApart

_Read: TypeAlias = Callable[[Any], Any]

_SURROGATE: Final = late_pattern(rb"\\u[dD]")
"""This program writes no character so, and of half a pair the two readers think differently."""
_TIME: Final = late_pattern(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{6})?Z", re.ASCII)
_set: Final = object.__setattr__


class NotPlain(ValueError):
    """This is not spelled as this program spells it, or is wrong."""


def plain_json(line: bytes) -> Any:
    """The values of a JSON text.

    Raises:
        NotPlain: It is none, or one that two programs may read in two ways.
    """
    if b"\\u" in line and _SURROGATE.search(line):
        raise NotPlain("it holds an escaped surrogate")
    try:
        return json.loads(line.decode(), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotPlain(str(error)) from None


def plain_value(kind: Any, value: Any) -> Any:
    """What ``value``, as it comes from JSON or TOML, means as a value of this type.

    Raises:
        NotPlain: It is not spelled as this program spells it, or is wrong.
    """
    try:
        return _reader_of(kind)(value)
    except RecursionError:
        raise NotPlain("it is too deep") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotPlain("a field stands there twice")
    return found


def _refuse(value: object) -> NoReturn:
    raise NotPlain(f"{value!r} is not plain")


class _ClassReader:
    """Reads a value class; its fields are looked at when the first value of it is met."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._readers: dict[str, _Read] | None = None
        self._defaults: dict[str, Callable[[], Any]] = {}
        self._is_checked = hasattr(kind, "__post_init__")

    def __call__(self, value: Any) -> Any:
        readers = self._readers or self._look_at_fields()
        if type(value) is not dict:
            _refuse(value)
        made = self._kind.__new__(self._kind)
        for name, one in value.items():
            read = readers.get(name)
            _set(made, name, read(one) if read is not None else _refuse(name))
        if len(value) < len(readers):
            for name in readers.keys() - value.keys():
                _set(made, name, self._defaults[name]() if name in self._defaults else _refuse(name))
        if self._is_checked:
            try:
                made.__post_init__()
            except ValueError as error:
                raise NotPlain(str(error)) from None
        return made

    def _look_at_fields(self) -> dict[str, _Read]:
        hints = get_type_hints(self._kind, include_extras=True)
        for name, each in self._kind.__dataclass_fields__.items():
            if LEFT_OUT in getattr(hints[name], "__metadata__", ()):
                self._defaults[name] = lambda: None
            elif each.default_factory is not MISSING:
                self._defaults[name] = each.default_factory
            elif each.default is not MISSING:
                self._defaults[name] = lambda default=each.default: default  # type: ignore[misc]  # its own default
        self._readers = {name: _reader_of(hints[name]) for name in self._kind.__dataclass_fields__}
        return self._readers


@lru_cache(None)
def _reader_of(kind: Any) -> _Read:
    """What reads a type; of one that is not known here, a reader that refuses all there is."""
    if kind in _READERS:
        return _READERS[kind]
    if isinstance(kind, NewType):
        return _reader_of(kind.__supertype__)
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        return _ClassReader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _words({each.value: each for each in kind})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _marked(parts[0], parts[1:])
    if origin is Literal:
        return _words({word: word for word in parts})
    if origin in (Union, UnionType):
        return _union(parts)
    if origin is tuple:
        return _tuple(parts)
    if origin in (dict, Mapping):
        return _mapping(*parts)
    return _refuse


def _marked(kind: Any, marks: Sequence[object]) -> _Read:
    read = _reader_of(kind)
    for mark in marks:
        if isinstance(mark, Bounded):
            read = _within(mark, read)
        elif isinstance(mark, Checked):
            read = _checked(mark.check, read)
        elif not (isinstance(mark, ToldApart) or mark == LEFT_OUT):
            return _refuse
    return read


def _text(value: Any) -> str:
    return value if type(value) is str else _refuse(value)


def _whole(value: Any) -> int:
    return value if type(value) is int else _refuse(value)


def _fraction(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    return float(value) if type(value) is int and abs(value) < 2**53 else _refuse(value)


def _truth(value: Any) -> bool:
    return value if type(value) is bool else _refuse(value)


def _time(value: Any) -> datetime:
    if type(value) is not str or not _TIME.fullmatch(value):
        _refuse(value)
    try:
        return datetime.fromisoformat(value[:-1]).replace(tzinfo=UTC)
    except ValueError:
        _refuse(value)


def _path(value: Any) -> Path:
    return Path(value) if type(value) is str else value if isinstance(value, Path) else _refuse(value)


def _within(bounds: Bounded, read: _Read) -> _Read:
    def figure(value: Any) -> Any:
        found = read(value)
        return found if found is None or bounds.admits(found) else _refuse(value)

    return figure


def _checked(check: _Read, read: _Read) -> _Read:
    def value_let_pass(value: Any) -> Any:
        try:
            return check(read(value))
        except ValueError as error:
            raise NotPlain(str(error)) from None

    return value_let_pass


def _words(meanings: Mapping[str, Any]) -> _Read:
    def word(value: Any) -> Any:
        return meanings[value] if type(value) is str and value in meanings else _refuse(value)

    return word


def _tuple(parts: Sequence[Any]) -> _Read:
    if len(parts) == 2 and parts[1] is Ellipsis:
        each = _reader_of(parts[0])
        return lambda value: tuple(map(each, value)) if type(value) in (list, tuple) else _refuse(value)
    readers = [_reader_of(part) for part in parts]

    def members(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or len(value) != len(readers):
            _refuse(value)
        return tuple(read(one) for read, one in zip(readers, value, strict=True))

    return members


def _mapping(key: Any, of: Any) -> _Read:
    read_key, read = _reader_of(key), _reader_of(of)

    def mapping(value: Any) -> dict[Any, Any]:
        return {read_key(name): read(one) for name, one in value.items()} if type(value) is dict else _refuse(value)

    return mapping


def _union(parts: Sequence[Any]) -> _Read:
    some = [part for part in parts if part is not NoneType]
    read = _reader_of(some[0]) if len(some) == 1 else _choice(some)
    if len(some) == len(parts):
        return read
    return lambda value: None if value is None else read(value)


def _choice(parts: Sequence[Any]) -> _Read:
    """Reads one of several types: plain ones by what the value is, classes by the word in their field ``kind``."""
    if all(part in (str, int, float) for part in parts):
        plain = frozenset(parts)
        return lambda value: _READERS[type(value)](value) if type(value) in plain else _refuse(value)
    kinds = _classes(parts)
    if not all("kind" in getattr(kind, "__dataclass_fields__", ()) for kind in kinds):
        return _refuse
    readers = {kind.__dataclass_fields__["kind"].default: _reader_of(kind) for kind in kinds}
    if len(readers) < len(kinds):
        return _refuse

    def of_kind(value: Any) -> Any:
        kind = value.get("kind") if type(value) is dict else None
        return readers[kind](value) if type(kind) is str and kind in readers else _refuse(value)

    return of_kind


def _classes(parts: Sequence[Any]) -> list[Any]:
    """The classes of a union, and of the unions in it."""
    found: list[Any] = []
    for part in parts:
        inner = get_args(part)[0] if get_origin(part) is Annotated else part
        found += _classes(get_args(inner)) if get_origin(inner) in (Union, UnionType) else [inner]
    return found


_READERS: Final[dict[Any, _Read]] = {
    str: _text,
    int: _whole,
    float: _fraction,
    bool: _truth,
    datetime: _time,
    Path: _path,
    Any: lambda value: value,
}
