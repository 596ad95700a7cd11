"""What this room writes as JSON it reads back: one example of every public model, in which each field is said."""

from __future__ import annotations

import importlib
import math
import pkgutil

import pytest
from pydantic import BaseModel, ValidationError

import orchestrator.models
from orchestrator.models.quality_gates import (
    Finding,
    GateReport,
    GateState,
    ObeyedSettings,
    QualityGate,
    Suppression,
)

GATES = tuple(
    QualityGate(
        name="lint",
        state=state,
        actual=None if state is GateState.NOT_MEASURED else 2.5,
        threshold=0.1,
        direction="at most",
        blocks=state is not GateState.PASS,
        counted=3,
        duration_s=0.25,
        findings=(Finding("unused", "F401", "a.py", 3, "high"), Finding("shown", counted=False)),
        findings_total=1,
        suppressions=(Suppression("# noqa", "a.py", 3, 1, "F401"),),
    )
    for state in GateState
)
EXAMPLES: tuple[BaseModel, ...] = (
    *GATES,
    GateReport(
        path="/shop",
        tree="sha256:0",
        files=2,
        approved=False,
        confidence="low",
        gates=GATES,
        blockers=("lint",),
        obeyed=ObeyedSettings(("MIT",), {"command": "true", "seconds": 2.0}, ("pytest",)),
    ),
)


def public_models() -> set[type[BaseModel]]:
    found = set[type[BaseModel]]()
    for module in pkgutil.iter_modules(orchestrator.models.__path__):
        for name, kind in vars(importlib.import_module(f"orchestrator.models.{module.name}")).items():
            if isinstance(kind, type) and issubclass(kind, BaseModel) and not name.startswith("_"):
                found.add(kind)
    return found - {BaseModel}


def test_every_public_model_of_the_room_has_an_example() -> None:
    assert public_models() == set(map(type, EXAMPLES))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_what_a_model_writes_it_reads_back(example: BaseModel) -> None:
    kind = type(example)
    assert kind.model_validate_json(example.model_dump_json()) == example
    assert kind.model_validate(example.model_dump()) == example
    assert kind.model_validate(example.model_dump(mode="json")) == example


MODELS = sorted(public_models(), key=str)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_no_model_takes_a_number_that_it_could_not_read_back(kind: type[BaseModel], number: float) -> None:
    (example, *_) = (example for example in EXAMPLES if type(example) is kind)
    given = example.model_dump()
    for name, field in kind.model_fields.items():
        if "float" in str(field.annotation) and not isinstance(given[name], dict):
            with pytest.raises(ValidationError):
                kind.model_validate({**given, name: number})


@pytest.mark.parametrize("passed", [True, "yes", 1, None])
def test_a_gate_whose_answer_is_not_what_its_state_says_is_not_read(passed: object) -> None:
    document = {"name": "lint", "state": "fail", "threshold": 0, "direction": "at most"}
    assert not QualityGate.model_validate({**document, "passed": False}).passed
    with pytest.raises(ValidationError, match="passed is"):
        QualityGate.model_validate({**document, "passed": passed})
