"""A value class is a frozen dataclass with slots that costs next to nothing until it is used.

The standard library writes six methods of such a class as text and compiles them when the class is made, half a
millisecond together, and a command makes hundreds of classes of which it uses a few.  Here all classes share their
methods, except ``__init__``, which is compiled for the first instance.  To everybody who looks (``dataclasses.fields``
and ``replace``, pydantic, mypy, ``match``, pickle) such a class is a dataclass.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields, is_dataclass
from operator import attrgetter
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

_Class = TypeVar("_Class")
_Values = Callable[[object], tuple[object, ...]]

_set_frozen: Final = object.__setattr__
_READERS: Final[dict[type, _Values]] = {}
"""What reads all fields of a class, made when a value of it is changed for the first time."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_class(cls: type[_Class]) -> type[_Class]:
    """Make of a class what ``dataclass(frozen=True, slots=True)`` makes of it; a method of its own stays."""
    cls.__doc__ = cls.__doc__ or cls.__name__
    own = {name for name, method in vars(cls).items() if method is not None}
    inherits = any(is_dataclass(base) for base in cls.__mro__[1:])
    made: Any = dataclass(init=False, repr=False, eq=False, frozen=inherits, slots=True)(cls)
    made.__dataclass_params__.frozen = True  # so that what inherits from it must be frozen, too
    compared = _values_of([each.name for each in fields(made) if each.compare])
    methods: dict[str, object] = {
        "__init__": _LateInit(made),
        "__eq__": _equality(compared),
        "__hash__": _hash(compared),
        "__repr__": _representation,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
    for name, method in methods.items():
        if name not in own:  # not of the class made, in which the standard library may have put some
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]  # a dataclass made with slots is another class


def changed(value: _Class, **changes: object) -> _Class:
    """``dataclasses.replace`` at a quarter of its cost, for values that are changed with nearly every entry."""
    kind = type(value)
    read = _READERS.get(kind)
    if read is None:
        read = _READERS[kind] = _values_of([each.name for each in fields(kind)])  # type: ignore[arg-type]  # a value class
    new = kind(*read(value))
    for name, one in changes.items():
        _set_frozen(new, name, one)
    return new


class _LateInit:
    """Stands where ``__init__`` is to be, and puts it there when anybody asks for it."""

    __slots__ = ("_of",)

    def __init__(self, of: type) -> None:
        self._of: Any = of

    def __get__(self, instance: object, owner: type) -> object:
        self._of.__init__ = made = _initialiser(self._of)
        return made if instance is None else made.__get__(instance, owner)


def _initialiser(cls: type) -> Any:
    """Compile the ``__init__`` that the standard library would have made; it sets slots without looking them up."""
    given: dict[str, object] = {"MISSING_": MISSING}
    positional: list[str] = []
    named: list[str] = []
    body: list[str] = []
    for each in fields(cls):
        value = _parameter(each, given, named if each.kw_only else positional)
        if value is not None:
            given[f"set_{each.name}"] = getattr(cls, each.name).__set__
            body.append(f"  set_{each.name}(self_, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("  self_.__post_init__()")
    parameters = ", ".join(["self_", *positional, *(["*", *named] if named else [])])
    text = f"def make({', '.join(given)}):\n def __init__({parameters}):\n" + "\n".join(body or ["  pass"])
    found: dict[str, Any] = {}
    exec(f"{text}\n return __init__", vars(sys.modules[cls.__module__]), found)  # noqa: S102 - as the standard library does
    made = found["make"](**given)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {each.name: each.type for each in fields(cls) if each.init} | {"return": None}
    return made


def _parameter(each: Field[Any], given: dict[str, object], parameters: list[str]) -> str | None:
    """Add the parameter of a field, and what it stands for, and return what the field is set to."""
    name = each.name
    if each.default is not MISSING:
        given[f"default_{name}"] = each.default
        default = f"default_{name}"
    elif each.default_factory is not MISSING:
        given[f"make_{name}"] = each.default_factory
        default = f"make_{name}()"
    else:
        default = None
    if not each.init:
        return default
    if default is None or default.startswith("default_"):
        parameters.append(name if default is None else f"{name}={default}")
        return name
    parameters.append(f"{name}=MISSING_")
    return f"{default} if {name} is MISSING_ else {name}"


def _values_of(names: Sequence[str]) -> _Values:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _equality(compared: _Values) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(compared: _Values) -> Callable[[object], int]:
    def __hash__(self: object) -> int:
        return hash(compared(self))

    return __hash__


def _representation(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: Sequence[object]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        _set_frozen(self, each.name, value)
