from __future__ import annotations

from typing import Any

import pytest

from orchestrator.store.agent_configuration import AgentConfiguration, is_number, is_whole

GOOD: dict[str, Any] = {"id": "a", "task_pattern": "t", "agents": [], "strategy": "s", "quality_gates": {}}


def each(name: str, *values: object) -> list[dict[str, Any]]:
    return [{name: value} for value in values]


@pytest.mark.parametrize(
    "bad",
    [
        *each("task_pattern", "", " ", None, 3),
        *each("agents", None, {}, ["x"], "x", [{"x": object()}], [{"x": float("nan")}]),
        *each("quality_gates", None, [], {"x": {1, 2}}),
        *each("tags", None, "x", [1]),
        *each("usage_count", -1, 1.5, True, "1"),
        *each("success_rate", -0.1, 1.1, float("nan"), True, "x"),
        *each("avg_quality_score", -1, 101),
        *each("created_at", "yesterday", 5),
        *each("last_used", "yesterday", 5),
        *each("id", "../x", None, 5),
    ],
)
def test_what_is_not_of_its_kind_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AgentConfiguration.from_dict({**GOOD, **bad})


@pytest.mark.parametrize("missing", list(GOOD))
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        AgentConfiguration.from_dict({name: value for name, value in GOOD.items() if name != missing})


def test_further_keys_are_passed_over() -> None:
    assert AgentConfiguration.from_dict({**GOOD, "view": {}, "later": 1, "created_at": None}).id == "a"


def test_what_was_recorded_is_kept_apart_from_what_was_set() -> None:
    one = AgentConfiguration.from_dict({**GOOD, "usage_count": 2, "success_count": 2, "avg_quality_score": 50.0})
    assert one.set_by_hand() is None
    one.record_outcome(True, 80.0)
    assert one.avg_quality_score == 60.0
    assert one.set_by_hand() is None
    assert [each.quality_score for each in one.pending()] == [80.0]
    one.usage_count += 5
    said = one.set_by_hand()
    assert said is not None
    assert (said.usage_count, said.success_count) == (7, 2)


def test_a_dictionary_is_a_copy() -> None:
    one = AgentConfiguration("a", "t", [{"role": "x"}], "s", {"g": {"least": 1}})
    one.to_dict()["agents"][0]["role"] = "y"
    one.to_dict()["quality_gates"]["g"]["least"] = 2
    assert (one.agents, one.quality_gates) == ([{"role": "x"}], {"g": {"least": 1}})


def test_numbers() -> None:
    assert is_number(1)
    assert not is_number(True)
    assert is_whole(0, least=0)
    assert not is_whole(True, least=0)
