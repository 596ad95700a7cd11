from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.tuning.parameters import BASELINE, PARAMETERS
from orchestrator.tuning.proposals import AIM_OF, RULES, WEIGHTS, Standing, proposals
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
