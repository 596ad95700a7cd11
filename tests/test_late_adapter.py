from __future__ import annotations

import pytest
from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from orchestrator.late_adapter import LateAdapter, late_adapter
from orchestrator.models.entries import JOURNAL_ENTRY, JournalEntry
from orchestrator.value_class import value_class


@value_class
class Thing:
    n: int
    odd: bytes = b""


def test_it_reads_and_writes_as_an_adapter_does() -> None:
    ours, theirs = late_adapter(Thing | int), TypeAdapter(Thing | int)

    for text in ('{"n":1,"odd":"x"}', "7"):
        read = ours.validate_json(text)
        assert read == theirs.validate_json(text)
        assert ours.dump_json(read) == theirs.dump_json(read)
        assert ours.dump_python(read, mode="json") == theirs.dump_python(read, mode="json")
    with pytest.raises(ValidationError):
        ours.validate_json('{"n":"x"}')
    assert ours.json_schema() == theirs.json_schema()


def test_it_is_built_when_it_is_asked_for_something() -> None:
    unreadable = late_adapter(object().__class__.__subclasshook__)

    with pytest.raises(PydanticSchemaGenerationError):
        unreadable.validate_json("1")


def test_what_was_asked_for_once_stands_ready() -> None:
    ours = late_adapter(Thing)

    assert ours.validate_json('{"n":1}') == Thing(1)
    assert vars(ours)["validate_json"] == LateAdapter.built(ours).validate_json  # type: ignore[arg-type]  # it is one
    with pytest.raises(AttributeError):
        getattr(ours, "no_such_method")  # noqa: B009 - mypy knows that there is none


def test_entries_are_read_through_one() -> None:
    read = JOURNAL_ENTRY.validate_json('{"n":3,"at":"2026-11-30T10:00:00Z","body":{"kind":"time_passed"}}')

    assert isinstance(read, JournalEntry)
    assert read.n == 3
