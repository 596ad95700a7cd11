from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.escalation import DEFAULTS, conditions_of
from orchestrator.models.options import SessionOptions
from orchestrator.store.tuning_views import status_of
from orchestrator.tuning.parameters import BASELINE, MEASURES, PARAMETERS, is_allowed
from orchestrator.tuning.proposals import RULES
from orchestrator.tuning.tuner import Tuning, apply, on_open, rolled_back
from orchestrator.tuning.tuning_events import Assigned, Claimed, Switched


def test_each_parameter_has_its_default_among_its_values_an_owner_and_an_aim() -> None:
    for parameter in PARAMETERS.values():
        assert parameter.default in parameter.values
        assert len(set(parameter.values)) == len(parameter.values) > 1
        assert set(parameter.aims) <= set(MEASURES)
        assert parameter.aims
        assert parameter.owner
        assert parameter.means
    assert is_allowed(BASELINE)


def test_names_fit_the_column_in_which_tune_shows_them() -> None:
    shown = status_of(Tuning()).lines
    assert all(any(line.split()[:1] == [name] for line in shown) for name in PARAMETERS)


def test_numbers_stand_in_their_order() -> None:
    for parameter in PARAMETERS.values():
        numbers = [value for value in parameter.values if not isinstance(value, str)]
        assert numbers == sorted(numbers)


def test_a_step_leads_one_place_on_and_never_beyond_a_bound() -> None:
    rounds = PARAMETERS["max_review_rounds"]
    assert rounds.neighbours(3) == (2, 4)
    assert rounds.neighbours(1) == (2,)
    assert rounds.neighbours(5) == (4,)


def test_what_is_no_parameter_or_no_value_of_one_is_not_allowed() -> None:
    assert not is_allowed({"max_review_rounds": 6})
    assert not is_allowed({"sandbox": "open"})


def test_where_a_session_has_the_option_its_default_is_the_one_of_the_table() -> None:
    defaults = {name: field.default for name, field in SessionOptions.__dataclass_fields__.items()}
    for name in (PARAMETERS.keys() & defaults.keys()) - {"team"}:
        assert defaults[name] == BASELINE[name], name


def test_escalation_thresholds_are_those_of_the_built_in_conditions() -> None:
    for condition in conditions_of(DEFAULTS):
        assert BASELINE[condition.trigger_metric] == condition.threshold


def test_where_it_may_only_tighten_the_default_is_the_loosest_bound() -> None:
    floored = {name: one for name, one in PARAMETERS.items() if one.floor}
    for parameter in floored.values():
        assert parameter.default in (parameter.values[0], parameter.values[-1])
    assert {"gate_margin", "failed_tool_share", "tokens_without_progress", "antipatterns"} <= floored.keys()
    assert all(PARAMETERS[rule.parameter].is_tried for rule in RULES)


STEPS = [
    (name, before, after)
    for name, one in PARAMETERS.items()
    for before in one.values
    for after in one.neighbours(before)
]


@pytest.mark.parametrize(("name", "before", "after"), STEPS)
def test_every_step_stays_within_the_bounds_and_its_inverse_restores(name: str, before: Any, after: Any) -> None:
    parameter = PARAMETERS[name]
    assert before in parameter.neighbours(after)
    assert abs(parameter.place(before) - parameter.place(after)) == 1
    tuning = Tuning()
    apply(tuning, Switched("on", "person", "seed"))
    tuning.values[name] = before
    apply(tuning, Claimed("trial-1", name, before, after, 60.0, 52.0, 60, ""))
    assert tuning.values == {**BASELINE, name: after}
    assert is_allowed(tuning.values)
    back = rolled_back(tuning, "trial-1", by="person", because="")
    for event in back:
        apply(tuning, event)
    assert tuning.values == {**BASELINE, name: before}


@given(
    name=st.sampled_from(sorted(PARAMETERS)),
    value=st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.booleans()),
)
def test_a_value_that_is_not_in_the_table_is_refused(name: str, value: Any) -> None:
    known = any(type(one) is type(value) and one == value for one in PARAMETERS[name].values)
    if known or (not isinstance(value, bool) and not isinstance(value, str) and value in PARAMETERS[name].values):
        return
    assert not is_allowed({name: value})
    with pytest.raises(ValueError, match="cannot be"):
        PARAMETERS[name].place(value)
    assert not is_allowed({f"{name}_": PARAMETERS[name].default})


def test_what_a_session_is_held_to_stands_in_both_arms_and_nothing_of_it_is_tried() -> None:
    tuning = Tuning()
    apply(tuning, Switched("on", "person", "seed"))
    (opened,) = on_open(tuning, "s", held={"silence_s": 300}, without=("silence_s",))
    assert isinstance(opened, Assigned)
    assert opened.values == {**BASELINE, "silence_s": 300}


def test_the_documentation_has_the_table_as_it_is() -> None:
    text = (Path(__file__).parents[2] / "docs/tuning.md").read_text()
    for parameter in PARAMETERS.values():
        values = ", ".join(f"**{one}**" if one == parameter.default else str(one) for one in parameter.values)
        row = f"| `{parameter.name}` | {values}{f' {parameter.unit}' if parameter.unit else ''} | {parameter.owner} | "
        (line,) = [line for line in text.splitlines() if line.startswith(row)]
        assert line.endswith(f"| {parameter.floor} |" if parameter.floor else "| |")
        assert ("no trial" in line) is not parameter.is_tried
