from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.models.effects import Effect, ThawWorker
from orchestrator.models.field_marks import LEFT_OUT, Bounded
from orchestrator.models.identity import WorkerId
from orchestrator.value_class import value_class


@value_class
class _Row:
    code: Annotated[int | None, LEFT_OUT]


def test_pydantic_tells_classes_apart_by_their_kind() -> None:
    effects: TypeAdapter[Effect] = TypeAdapter(Effect)
    assert effects.validate_python({"kind": "thaw_worker", "worker": "w"}) == ThawWorker(WorkerId("w"))
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        effects.validate_python({"kind": "unheard_of"})


def test_what_the_journal_leaves_out_must_be_given_in_code() -> None:
    assert TypeAdapter(_Row).validate_json(b"{}") == _Row(None)
    with pytest.raises(TypeError):
        _Row()  # type: ignore[call-arg]  # which is what is tested


@pytest.mark.parametrize(
    ("bounds", "figure", "admitted"),
    [
        (Bounded(more_than=0), 0, False),
        (Bounded(more_than=0), 0.5, True),
        (Bounded(at_least=0), 0, True),
        (Bounded(at_least=0), -1, False),
    ],
)
def test_a_bound_says_the_same_to_both_readers(bounds: Bounded, figure: float, admitted: bool) -> None:
    kind: TypeAdapter[Any] = TypeAdapter(Annotated[float, bounds])
    assert bounds.admits(figure) == admitted
    if admitted:
        assert kind.validate_python(figure) == figure
    else:
        with pytest.raises(ValidationError):
            kind.validate_python(figure)


def test_no_entry_has_pydantic_loaded_before_it_is_needed() -> None:
    code = "import sys, orchestrator.models.entries; sys.exit('pydantic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
