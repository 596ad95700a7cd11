from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.models.entries import JOURNAL_ENTRY, JournalEntry
from orchestrator.models.plain_reader import NotPlain, plain_json, plain_value
from orchestrator.value_class import value_class

RECORDED = sorted((Path(__file__).parents[1] / "recordings" / "journals").glob("*.jsonl"))
LINES = [line for path in RECORDED for line in path.read_bytes().splitlines()]
ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, False, 0, -1, 1.0, 2**63, 1e400, "", "1", "true", "2026-11-30", "2026-W49-1T10:00:00Z", [], {}, [[]]]
)
AT = '{"n":3,"at":"2026-11-30T09:27:36.412958Z","body":%s}'
TOLD_APART = ("2026-11-30T09:27:36Z", "2026-11-30T09:27:36.4Z", "2026-11-30T24:00:00Z", "2026-11-30T09:27:36+00:00")


def plainly(line: bytes) -> JournalEntry | None:
    """``None`` where it is left to pydantic."""
    try:
        entry: JournalEntry = plain_value(JournalEntry, plain_json(line))
    except NotPlain:
        return None
    return entry


def spelled(entry: JournalEntry) -> str:
    """Everything in an entry with its types; the two readers name the one time zone there is differently."""
    return repr(entry).replace("TzInfo(0)", "datetime.timezone.utc")


def test_recorded_journals_are_read_as_pydantic_reads_them_and_none_is_left_to_it() -> None:
    for line in LINES:
        entry = plainly(line)
        assert entry is not None, line
        assert spelled(entry) == spelled(JOURNAL_ENTRY.validate_json(line))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where something can be put in the place of something else."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


@given(st.sampled_from(LINES), ODD, st.data())
def test_what_is_changed_is_read_as_pydantic_reads_it_or_left_to_it(
    line: bytes, odd: object, data: st.DataObject
) -> None:
    changed = copy.deepcopy(json.loads(line))
    inside, key = data.draw(st.sampled_from(list(places(changed))))
    if isinstance(inside, dict) and data.draw(st.booleans()):
        inside["of_another_version"] = inside.pop(key)
    else:
        inside[key] = odd
    text = json.dumps(changed).encode()
    entry = plainly(text)
    if entry is not None:
        assert spelled(entry) == spelled(JOURNAL_ENTRY.validate_json(text))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(AT % '{"kind":"time_passed","kind":"time_passed"}', id="a field twice"),
        pytest.param(AT % '{"kind":"clock_moved","seconds":NaN}', id="no number"),
        pytest.param(AT % '{"kind":"clock_moved","seconds":1e999}', id="a number without an end"),
        pytest.param(
            AT % r'{"kind":"effect_done","effect":{"cause":1,"index":0},"problem":"\ud800"}', id="half a pair"
        ),
        pytest.param(AT % ("[" * 100_000), id="too deep"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_may_be_read_in_two_ways_is_left_to_pydantic(line: str) -> None:
    assert plainly(line.encode()) is None


@pytest.mark.parametrize("at", TOLD_APART)
def test_a_time_is_read_as_pydantic_reads_it_or_left_to_it(at: str) -> None:
    line = json.dumps({"n": 1, "at": at, "body": {"kind": "time_passed"}}).encode()
    entry = plainly(line)
    if entry is not None:
        assert spelled(entry) == spelled(JOURNAL_ENTRY.validate_json(line))


def test_a_line_that_is_no_text_is_left_to_pydantic() -> None:
    assert plainly(b'{"n":1,"\xff":2}') is None
    with pytest.raises(ValidationError):
        JOURNAL_ENTRY.validate_json(b'{"n":1,"\xff":2}')


@value_class
class _Even:
    figure: int

    def __post_init__(self) -> None:
        if self.figure % 2:
            raise ValueError("the figure must be even")


def test_what_a_class_itself_refuses_is_left_to_pydantic() -> None:
    assert plain_value(_Even, {"figure": 2}) == _Even(2)
    with pytest.raises(NotPlain, match="must be even"):
        plain_value(_Even, {"figure": 3})
