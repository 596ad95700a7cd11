from __future__ import annotations

import pytest

from orchestrator.tuning.expectations import AIMS, HALF_KNOWN, expectations, expected, weighed
from orchestrator.tuning.parameters import BASELINE, MEASURES
from orchestrator.tuning.predictions import Expectation, Prediction
from orchestrator.tuning.trial import SPREADS, Trial
from orchestrator.tuning.tuner import Tuning
from orchestrator.tuning.tuning_events import Proposed, Redecided

STEP = ("max_restarts", 3, 4)
KNOWN = [Expectation(*STEP, {"velocity": 0.5, "risk": 0.25}, "trial-1")]


def trial(pairs: int, gain: float) -> Trial:
    one = Trial(Proposed("trial-1", 1, *STEP, "many are lost", MEASURES, 0.02, SPREADS, 0.7, 300, 800, "rules"))
    one.gain.n = pairs
    for _ in range(pairs):
        one.differences["hours"].take(gain)
    return one


def test_what_a_trial_found_is_expected_by_half_where_half_is_known() -> None:
    tuning = Tuning()
    tuning.under_way["trial-1"] = trial(HALF_KNOWN, SPREADS["hours"])
    (found,) = expectations(tuning)
    assert (found.parameter, found.before, found.after, found.source) == (*STEP, "trial-1")
    assert found.gains == {"velocity": 0.5, "quality": 0.0, "cost": 0.0, "risk": 0.0}


def test_what_journals_say_counts_until_a_trial_tells_more() -> None:
    tuning, journals = Tuning(), (("a", "1"), ("b", "2"))
    said = Redecided("offline-1", *STEP, "why", Prediction(9, 4, interventions=2), "/w", journals, "rules")
    tuning.judged[STEP] = said, 0
    (found,) = expectations(tuning)
    assert found.gains["velocity"] == pytest.approx(0.2)
    assert found.gains["risk"] == -1.0
    tuning.under_way["trial-1"] = trial(5, 0.1)
    assert [one.source for one in expectations(tuning)] == ["trial-1"]


def test_steps_add_up_and_a_step_back_loses_what_it_gained() -> None:
    known = [*KNOWN, Expectation("max_restarts", 4, 5, {"velocity": -0.1}, "trial-2")]
    assert expected({"max_restarts": 5}, BASELINE, known) == (0.4, 0.0, 0.0, 0.25)
    assert expected({"max_restarts": 3}, {"max_restarts": 4}, known) == (-0.5, 0.0, 0.0, -0.25)
    assert expected(BASELINE, BASELINE, known) == (0.0,) * len(AIMS)
    assert weighed((1.0, 0.0, 0.0, -1.0), {"velocity": 0.4, "quality": 0.3, "cost": 0.1, "risk": 0.2}) == pytest.approx(
        0.2
    )
