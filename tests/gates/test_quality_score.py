from __future__ import annotations

import pytest

from orchestrator.gates.gate import Evidence, Reading, Subject, Unmeasured
from orchestrator.gates.quality_score import POINTS, read

SUBJECT = Subject(python_files=("a.py",), lines=lambda _: ("x = 1",) * 500 + ("",) * 500)


def score(lint: float, types: float, complexity: float, documentation: float) -> float:
    values = zip(POINTS, (lint, types, complexity, documentation), strict=True)
    found = read(SUBJECT, Evidence(values={name: Reading(value, 1, "") for name, value in values}))
    assert isinstance(found, Reading)
    assert found.counted == 500
    return found.value


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ((0, 0, 10, 100), 10.0),
        ((0, 0, 1, 100), 10.0),
        ((5, 0, 10, 100), 8.5),
        ((10, 10, 30, 0), 0.0),
        ((1_000, 1_000, 99, 0), 0.0),
        ((0, 0, 20, 50), 8.0),
    ],
)
def test_points_by_hand(values: tuple[float, float, float, float], wanted: float) -> None:
    assert score(*values) == wanted


def test_a_part_that_is_missing_is_never_left_out_of_the_sum() -> None:
    values: dict[str, Reading | Unmeasured] = {name: Reading(0.0, 1, "") for name in POINTS}
    values["types"] = Unmeasured("mypy is missing")
    assert read(SUBJECT, Evidence(values=values)) == Unmeasured("types was not measured: mypy is missing")
    assert read(SUBJECT, Evidence()) == Unmeasured("lint was not measured")
