from __future__ import annotations

import inspect
from dataclasses import fields

from orchestrator.models import sandbox
from orchestrator.models.sandbox import Leaving, ResourceLimits, SandboxConfig
from orchestrator.safety.policy_schema import policy_schema

SCHEMA = policy_schema(inspect.getsource(sandbox))


def test_every_key_of_a_policy_is_described() -> None:
    assert set(SCHEMA["properties"]) == {each.name for each in fields(SandboxConfig)}
    assert all(value["description"] for value in SCHEMA["properties"].values())
    for name, model in (("limits", ResourceLimits), ("leaving", Leaving)):
        table = SCHEMA["properties"][name]
        assert set(table["properties"]) == {each.name for each in fields(model)}
        assert all(value["description"] for value in table["properties"].values())


def test_no_key_must_be_given_and_no_other_may() -> None:
    assert "required" not in SCHEMA
    assert SCHEMA["additionalProperties"] is False
