from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.settings.keys import STAKES
from orchestrator.tuning.criticality import CRITICALITY, ranges_of, within_criticality, words_of
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, is_allowed

VALUES = st.fixed_dictionaries({name: st.sampled_from(one.values) for name, one in PARAMETERS.items()})


def test_its_levels_are_those_of_the_settings_and_its_rows_name_values_of_the_table() -> None:
    assert tuple(CRITICALITY) == STAKES
    for row in CRITICALITY.values():
        for name, (first, last) in row.ranges.items():
            assert PARAMETERS[name].place(first) <= PARAMETERS[name].place(last)


def test_where_much_is_at_stake_no_review_is_spared() -> None:
    bold = {**BASELINE, "consensus_frequency": "critical_only", "max_review_rounds": 1}
    assert within_criticality(bold, "low") == bold
    assert within_criticality(bold, "normal") == bold
    high, critical = within_criticality(bold, "high"), within_criticality(bold, "critical")
    assert (high["consensus_frequency"], high["max_review_rounds"]) == ("timeboxed", 3)
    assert (critical["consensus_frequency"], critical["max_review_rounds"]) == ("every_change", 3)
    with pytest.raises(ValueError, match="no criticality 'huge': low, normal, high, critical"):
        ranges_of("huge")


def test_it_scales_reviews_and_thresholds_of_the_defaults_and_says_so() -> None:
    said = {level: words_of(level, within_criticality(BASELINE, level)) for level in STAKES}
    assert said["low"] == "consensus_frequency timeboxed"
    assert said["normal"] == ""
    assert "silence_s 600 s" in said["high"]
    assert "gate_margin 10 % of the scale" in said["critical"]
    assert "silence_s" not in words_of("high", within_criticality(BASELINE, "high"), but=("silence_s",))
    assert "silence_s 300 s" in words_of("high", {**BASELINE, "silence_s": 300}), "what tuning has made of it"


@given(values=VALUES, level=st.sampled_from(STAKES))
def test_whatever_is_in_force_comes_out_within_the_row_at_the_nearest_value(
    values: dict[str, int | float | str], level: str
) -> None:
    found = within_criticality(values, level)
    assert is_allowed(found)
    assert found.keys() == PARAMETERS.keys()
    assert within_criticality(found, level) == found
    ranges = ranges_of(level)
    for name, value in found.items():
        if name not in ranges:
            assert value == values[name]
            continue
        parameter = PARAMETERS[name]
        first, last, was = (parameter.place(one) for one in (*ranges[name], values[name]))
        assert first <= parameter.place(value) <= last
        if first <= was <= last:
            assert value == values[name]


@given(values=VALUES)
def test_more_at_stake_never_makes_anything_looser(values: dict[str, int | float | str]) -> None:
    """From ``normal`` up each parameter with a floor moves away from it, and reviews become no rarer."""
    rows = [within_criticality(values, level) for level in STAKES[1:]]
    for less, more in pairwise(rows):
        for name, parameter in PARAMETERS.items():
            if not parameter.floor:
                continue
            loosest = parameter.place(parameter.default)
            assert abs(parameter.place(more[name]) - loosest) >= abs(parameter.place(less[name]) - loosest)
        frequency = PARAMETERS["consensus_frequency"]
        assert frequency.place(more["consensus_frequency"]) <= frequency.place(less["consensus_frequency"])
