from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import orchestrator
from orchestrator.models.money import Usage
from orchestrator.value_class import changed, value_class


@value_class
class Ours:
    """What both describe."""

    a: int
    b: tuple[str, ...] = ()
    c: list[int] = field(default_factory=list)
    d: float = field(default=0.5, kw_only=True)
    e: str = field(default="unseen", repr=False, compare=False)
    f: str = field(default="fixed", init=False)
    kind: Literal["ours"] = "ours"


@dataclass(frozen=True, slots=True)
class Theirs:
    """What both describe."""

    a: int
    b: tuple[str, ...] = ()
    c: list[int] = field(default_factory=list)
    d: float = field(default=0.5, kw_only=True)
    e: str = field(default="unseen", repr=False, compare=False)
    f: str = field(default="fixed", init=False)
    kind: Literal["ours"] = "ours"


@value_class
class Checked:
    n: int

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(self.n)


@value_class
class Further(Checked):
    m: int = 1

    def __repr__(self) -> str:
        return "further"


@dataclass(frozen=True)
class OfTheLibrary(Checked):
    """What another package may make of one."""

    m: int = 1


@value_class
class Empty:
    pass


ARGUMENTS = st.fixed_dictionaries(
    {"a": st.integers()},
    optional={
        "b": st.tuples(st.text()),
        "c": st.lists(st.integers()),
        "d": st.floats(),
        "e": st.text(),
    },
)


@given(ARGUMENTS, ARGUMENTS)
def test_it_is_what_the_standard_library_makes(one: dict[str, Any], other: dict[str, Any]) -> None:
    ours, theirs = Ours(**one), Theirs(**one)

    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours == Ours(**other)) == (theirs == Theirs(**other))
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert object() != ours
    assert repr(replace(ours, a=3)) == repr(replace(theirs, a=3)).replace("Theirs", "Ours")
    assert copy.copy(ours) == copy.deepcopy(ours) == pickle.loads(pickle.dumps(ours)) == ours  # noqa: S301 - our own


def test_it_looks_like_what_the_standard_library_makes() -> None:
    assert [(each.name, each.kind) for each in inspect.signature(Ours).parameters.values()] == [
        (each.name, each.kind) for each in inspect.signature(Theirs).parameters.values()
    ]
    assert [(each.name, each.type, each.default) for each in fields(Ours)] == [
        (each.name, each.type, each.default) for each in fields(Theirs)
    ]
    assert Ours.__match_args__ == Theirs.__match_args__
    assert Ours.__init__.__annotations__ == Theirs.__init__.__annotations__
    assert vars(Ours)["__slots__"] == vars(Theirs)["__slots__"]
    assert Ours.__doc__ == "What both describe."


def test_nothing_changes_it() -> None:
    value = Ours(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.a = 2  # type: ignore[misc]  # what is tried
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.z = 2  # type: ignore[attr-defined]  # what is tried
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.a


@pytest.mark.parametrize(
    ("positional", "named", "problem"),
    [
        pytest.param((), {}, "missing 1 required positional argument: 'a'", id="too few"),
        pytest.param((1, (), [], "", "", 3), {}, "takes from 2 to 6 positional", id="too many"),
        pytest.param((1,), {"x": 1}, "unexpected keyword argument 'x'", id="an unknown one"),
        pytest.param((1,), {"f": 1}, "unexpected keyword argument 'f'", id="one that is no argument"),
    ],
)
def test_wrong_arguments_are_refused_at_the_first_instance_too(
    positional: tuple[Any, ...], named: dict[str, Any], problem: str
) -> None:
    @value_class
    class Fresh:
        a: int
        b: tuple[str, ...] = ()
        c: list[int] = field(default_factory=list)
        d: float = field(default=0.5, kw_only=True)
        e: str = field(default="unseen", repr=False, compare=False)
        f: str = field(default="fixed", init=False)
        kind: Literal["ours"] = "ours"

    with pytest.raises(TypeError, match=problem):
        Fresh(*positional, **named)


def test_what_a_default_is_made_of_is_made_for_each() -> None:
    assert Ours(1).c is not Ours(1).c
    assert Ours(1, c=[2]).c == [2]


def test_hashes_are_of_what_is_compared() -> None:
    assert hash(Empty()) == hash(Empty())
    assert hash(Checked(1)) == hash(Checked(1)) != hash(Checked(2))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours(1))


def test_its_own_methods_stay_and_it_is_checked_when_made() -> None:
    assert repr(Further(1)) == "further"
    assert Further(1, 2) != Further(1, 3)
    with pytest.raises(ValueError, match="-1"):
        Further(-1)
    assert Empty() == Empty()


def test_only_what_is_frozen_inherits_from_it() -> None:
    assert OfTheLibrary(1, 2) == OfTheLibrary(1, m=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        OfTheLibrary(1).m = 2  # type: ignore[misc]  # what is tried
    with pytest.raises(TypeError, match="cannot inherit non-frozen"):
        dataclass(type("Loose", (Checked,), {}))


def test_pydantic_reads_and_writes_it() -> None:
    adapter = TypeAdapter(Ours)
    value = Ours(1, ("x",), [2], d=1.5)

    assert adapter.validate_json(adapter.dump_json(value)) == value
    with pytest.raises(ValidationError):
        adapter.validate_json('{"a": "x"}')
    with pytest.raises(ValidationError):
        TypeAdapter(Checked).validate_python({"n": -1})


def test_every_class_of_the_program_can_be_made() -> None:
    made = 0
    for module in pkgutil.walk_packages(orchestrator.__path__, "orchestrator."):
        if ".probes" in module.name or module.name.endswith("__main__"):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and kind.__module__ == module.name and "__match_args__" in vars(kind):
                inspect.signature(kind)
                made += 1
    assert made > 500


def test_a_changed_value_is_another_with_the_rest_as_it_was() -> None:
    usage = Usage(input_tokens=1, output_tokens=2, model="m")
    assert changed(usage, output_tokens=3) == replace(usage, output_tokens=3)
    assert usage.output_tokens == 2
    assert type(changed(usage)) is Usage
