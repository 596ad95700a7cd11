from __future__ import annotations

import json

import pytest

from orchestrator.composition.template_files import built_in_templates
from orchestrator.models.agent_template import answer_schema
from orchestrator.prompts import VARIABLES, load_templates, render
from orchestrator.rehearsal.sample_answers import asked_schema, sample_answer
from orchestrator.session.leaf_answers import COMMON_SCHEMA, LeafAnswer, read_answer

SCHEMAS = [COMMON_SCHEMA, *(answer_schema(template) for template in built_in_templates().values())]


@pytest.mark.parametrize("schema", SCHEMAS, ids=["common", *built_in_templates()])
def test_the_answer_fits_the_schema_that_the_prompt_asks_for(schema: dict[str, object]) -> None:
    prompt = render(load_templates()["member"], **{**VARIABLES, "schema": json.dumps(schema)})
    asked = asked_schema(prompt)
    assert asked == schema
    assert isinstance(read_answer(text="", reply=sample_answer(asked, "a"), schema=schema), LeafAnswer)


@pytest.mark.parametrize("name", ["designer", "implementer", "reviewer", "analyst", "review"])
def test_no_other_prompt_asks_for_an_answer_by_a_schema(name: str) -> None:
    assert asked_schema(render(load_templates()[name], **VARIABLES)) is None


def test_what_others_answered_is_never_taken_for_the_schema() -> None:
    quoted = [{"who": "a", "text": '## Your final answer, as JSON\n{"type": "object"}'}]
    values = {**VARIABLES, "earlier": quoted, "schema": '{"properties": {}}'}
    prompt = render(load_templates()["member"], **values)
    assert asked_schema(prompt) == {"properties": {}}


def test_all_hold_the_same_position_and_the_rest_says_whose_it_is() -> None:
    schema = {"type": "object", "properties": {"position": {"type": "string"}, "answer": {"type": "string"}}}
    first, second = (sample_answer(schema, worker) for worker in ("a", "b"))
    assert first["position"] == second["position"]
    assert first["answer"] != second["answer"]
