from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.tuning.proposals import AIM_OF, RULES, WEIGHTS, Standing, aims_of, proposals
from orchestrator.tuning.tuning_events import SessionResult

FINE = Standing(0.9, 0.3, 0.5, 0.0, 0.0, 0.9)


def test_where_all_goes_well_nothing_is_proposed() -> None:
    assert list(proposals(FINE, BASELINE, (), {})) == []


def test_every_rule_speaks_for_one_step_where_its_measure_is_beyond_its_bound() -> None:
    for rule in RULES:
        beyond = rule.beyond / 2 if rule.measure in ("success", "utilisation") else rule.beyond * 2
        standing = replace(FINE, **{rule.measure: beyond})
        values = dict(BASELINE)
        parameter = PARAMETERS[rule.parameter]
        # From the bound that the rule leads away from, so that there is a step.
        values[rule.parameter] = parameter.values[0 if rule.direction == 1 else -1]
        values |= dict([parameter.only_with]) if parameter.only_with else {}
        found = {one.parameter: one for one in proposals(standing, values, (), {})}
        assert found[rule.parameter].value in parameter.neighbours(values[rule.parameter]), rule
        assert str(rule.beyond).rstrip("0").rstrip(".") in found[rule.parameter].because
        values[rule.parameter] = parameter.values[-1 if rule.direction == 1 else 0]
        assert rule.parameter not in {
            one.parameter for one in proposals(standing, values, (), {}) if one.because.startswith(rule.because)
        }


def test_several_rules_for_a_step_count_together_and_what_was_in_vain_stands_behind() -> None:
    standing = replace(FINE, interventions=1.0, utilisation=0.4)
    first, *others = proposals(standing, BASELINE, (), {})
    assert (first.parameter, first.value) == ("consensus_frequency", "timeboxed")
    assert first.because.count(";") == 1
    step = ("consensus_frequency", "every_change", "timeboxed")
    assert next(iter(proposals(standing, BASELINE, (), {step: 5}))).parameter == others[0].parameter
    barred = {("consensus_frequency", "timeboxed")}
    assert "consensus_frequency" not in {one.parameter for one in proposals(standing, BASELINE, barred, {})}


def test_the_weights_are_whole_and_each_measure_has_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    assert {AIM_OF[rule.measure] for rule in RULES} <= set(WEIGHTS)


def test_how_things_stand_is_the_mean_of_what_is_known() -> None:
    results = [SessionResult("a", True, 1.0, None, 2.0, 0.0, 0.5), SessionResult("b", None, 3.0, 4.0, 0.0, 1.0, 0.7)]
    assert Standing.of(results) == Standing(1.0, 2.0, 4.0, 1.0, 0.5, 0.6)


def test_every_parameter_that_is_tried_has_a_rule_that_speaks_for_it() -> None:
    assert {rule.parameter for rule in RULES} == {one.name for one in PARAMETERS.values() if one.is_tried}


@pytest.mark.parametrize(("name", "with_"), [("timebox_s", "timeboxed"), ("trusted_after", "threshold")])
def test_what_means_something_with_one_frequency_is_proposed_beside_that_alone(name: str, with_: str) -> None:
    poor = Standing(0.4, 2.0, 1.0, 2.0, 2.0, 0.2)
    for frequency in PARAMETERS["consensus_frequency"].values:
        values = {**BASELINE, "consensus_frequency": frequency}
        found = {one.parameter for one in proposals(poor, values, (), {})}
        assert (name in found) is (frequency == with_)


@pytest.mark.parametrize(
    ("name", "before", "after", "aims"),
    [
        pytest.param("max_review_rounds", 2, 3, ("success",), id="more reviews for success are judged by it"),
        pytest.param("consensus_frequency", "threshold", "timeboxed", ("success",), id="so is asking others more"),
        pytest.param("team", "solo", "change", ("success",), id="and a design and a review"),
        pytest.param("trusted_after", 2, 3, ("success",), id="and later trust"),
        pytest.param("max_review_rounds", 3, 2, PARAMETERS["max_review_rounds"].aims, id="fewer by what they spare"),
        pytest.param(
            "review_timeout_s", 300, 240, PARAMETERS["review_timeout_s"].aims, id="a rule for another measure"
        ),
        pytest.param("max_restarts", 3, 2, PARAMETERS["max_restarts"].aims, id="no rule speaks for it"),
    ],
)
def test_a_step_is_judged_by_what_it_is_for(name: str, before: Value, after: Value, aims: tuple[str, ...]) -> None:
    assert aims_of(PARAMETERS[name], before, after) == aims
