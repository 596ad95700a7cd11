from __future__ import annotations

from typing import Any

import pytest

from orchestrator.orchestration.context_data import MOST_BYTES, checked_context

CYCLE: dict[str, Any] = {}
CYCLE["itself"] = CYCLE
DEEP: dict[str, Any] = {}
for _ in range(10_000):
    DEEP = {"d": DEEP}


def test_a_context_is_copied_as_json_has_it() -> None:
    given = {"version": "3.12.0", "modules": ("auth", "payment"), "n": 1.5, "none": None, "ü": "✓"}
    found = checked_context(given)
    assert found == {**given, "modules": ["auth", "payment"]}
    assert checked_context(None) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        *("text", ["a"], 3, {3: "x"}, {"x": object()}, {"x": {1, 2}}, {"x": b"y"}, {"x": float("nan")}),
        *(CYCLE, DEEP, {"x": "y" * MOST_BYTES}, {"x": "\ud800"}, {"x": lambda: None}),
    ],
    ids=[*map(str, range(13))],
)
def test_what_is_no_json_or_too_large_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="context "):
        checked_context(wrong)
