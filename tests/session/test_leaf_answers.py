from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.session.leaf_answers import COMMON_SCHEMA, LeafAnswer, misfit_of, read_answer

GOOD = '{"answer": "It holds.", "findings": ["a.py:3"], "confidence": 0.8}'


def test_an_answer_by_the_common_schema_is_read_from_text_and_from_a_structured_reply() -> None:
    wanted = LeafAnswer({"answer": "It holds.", "findings": ["a.py:3"]}, 0.8)
    assert read_answer(text=GOOD, reply=None, schema=None) == wanted
    assert read_answer(text=f"I looked.\n```json\n{GOOD}\n```", reply=None, schema=None) == wanted
    reply = {"answer": "It holds.", "findings": ["a.py:3"], "confidence": 0.8}
    assert read_answer(text="something else", reply=reply, schema=None) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the answer is empty"),
        ("I found nothing.", "the answer holds no JSON object"),
        ("[1, 2]", "the answer holds no JSON object"),
        ('{"answer": "a", "findings": []}', "it lacks confidence"),
        ('{"answer": "a", "findings": [], "confidence": 1.5}', "confidence is 1.5, not a number from 0 to 1"),
        ('{"answer": "a", "findings": [], "confidence": "high"}', "confidence is 'high', not a number"),
        ('{"answer": "a", "findings": [], "confidence": true}', "confidence is True, not a number"),
        ('{"answer": "a", "findings": [], "confidence": NaN}', "confidence is nan, no finite number"),
        ('{"answer": "a", "findings": "none", "confidence": 1}', "findings is 'none', not an array"),
        ('{"answer": "a", "findings": [1], "confidence": 1}', "findings[0] is 1, not a string"),
        ('{"answer": null, "findings": [], "confidence": 1}', "answer is None, not a string"),
        ('{"answer": "a", "answer": "b", "findings": [], "confidence": 1}', "gives one key twice"),
    ],
)
def test_what_does_not_fit_is_no_answer_and_the_reason_is_said(text: str, why: str) -> None:
    found = read_answer(text=text, reply=None, schema=None)
    assert isinstance(found, str)
    assert why in found


def test_a_key_beyond_the_schema_is_left_out_and_costs_nobody_the_answer() -> None:
    found = read_answer(text=GOOD.replace("}", ', "mood": "fine"}'), reply=None, schema=None)
    assert isinstance(found, LeafAnswer)
    assert "mood" not in found.output


def test_lone_surrogates_are_replaced_since_no_journal_could_hold_them() -> None:
    found = read_answer(text=r'{"answer": "\ud800", "findings": [], "confidence": 1}', reply=None, schema=None)
    assert isinstance(found, LeafAnswer)
    assert found.output["answer"] == "?"


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("NaN", "notes.x is nan, no finite number"),
        ("[1, 1e999]", "notes.x.1 is inf, no finite number"),
        ("[" * 100 + "]" * 100, "it is nested more than 64 levels deep"),
        ("[" * 900 + "]" * 900, "it is nested more than 64 levels deep"),
    ],
)
def test_what_no_journal_could_give_back_as_it_was_is_no_answer_whatever_the_schema_allows(
    inside: str, why: str
) -> None:
    schema = {"type": "object", "properties": {"notes": {"type": "object"}, "confidence": {"type": "number"}}}
    text = f'{{"notes": {{"x": {inside}}}, "confidence": 1}}'
    found = read_answer(text=text, reply=None, schema=schema)
    assert found == f"the answer does not fit its schema: {why}"


@pytest.mark.parametrize(
    ("value", "schema", "misfit"),
    [
        (3, {"type": "integer", "minimum": 1, "maximum": 2}, "it is 3, not from 1 to 2"),
        (0, {"type": "number", "minimum": 1}, "it is 0, not from 1"),
        (2.5, {"type": "integer"}, "it is 2.5, not an integer"),
        (True, {"type": "boolean"}, None),
        ("c", {"enum": ["a", "b"]}, "it is 'c', not one of a, b"),
        ([{"a": 1}], {"type": "array", "items": {"type": "object", "required": ["b"]}}, "[0] lacks b"),
        ({"a": {"b": 1}}, {"properties": {"a": {"properties": {"b": {"type": "string"}}}}}, "a.b is 1, not a string"),
    ],
)
def test_types_bounds_and_what_lies_within_are_held_against_the_schema(
    value: object, schema: dict[str, Any], misfit: str | None
) -> None:
    assert misfit_of(value, schema) == misfit


def test_the_common_schema_is_strict_as_the_vendors_want_it() -> None:
    assert COMMON_SCHEMA["additionalProperties"] is False
    assert list(COMMON_SCHEMA["required"]) == list(COMMON_SCHEMA["properties"])


def test_an_answer_longer_than_the_end_that_is_looked_at_is_read_whole_with_words_around_it() -> None:
    findings = [f'{{"deep": {number}}} is no object of ours' for number in range(4_000)]
    answer = {"answer": "long", "findings": findings, "confidence": 0.9, "inner": {"answer": "not this one"}}
    text = f"Here it is, with {{braces}} in front:\n\n{json.dumps(answer)}\n\nThat is all."
    assert len(text) > 100_000
    read = read_answer(text=text, reply=None, schema=None)
    assert isinstance(read, LeafAnswer)
    assert read.output["answer"] == "long"
    assert isinstance(read_answer(text=text, reply=None, schema=None, is_long=False), str), "as in older journals"


def test_a_long_text_of_false_beginnings_is_given_up_soon() -> None:
    text = '{"a": ' * 200_000
    assert read_answer(text=text, reply=None, schema=None) == "the answer holds no JSON object"
