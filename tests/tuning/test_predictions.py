from __future__ import annotations

from orchestrator.tuning.parameters import PARAMETERS
from orchestrator.tuning.predictions import CANNOT_JUDGE, CANNOT_SHOW, Prediction


def test_each_parameter_says_what_journals_cannot_show_or_why_they_say_nothing() -> None:
    assert {*CANNOT_SHOW, *CANNOT_JUDGE} == set(PARAMETERS)
    assert not {*CANNOT_SHOW} & {*CANNOT_JUDGE}


def test_predictions_add_up_and_one_missed_blocker_is_harm() -> None:
    one = Prediction(4, 2, 1, 1, -1)
    both = one.and_(Prediction(3, 1, missed_blockers=1, sessions=("s",)))
    assert both == Prediction(7, 3, 1, 1, -1, missed_blockers=1, sessions=("s",))
    assert (one.is_harmful, both.is_harmful, Prediction(passed_failures=1).is_harmful) == (False, True, True)


def test_a_prediction_is_said_in_one_line() -> None:
    said = Prediction(7, 3, 1, 2, -1, 4).in_words()
    assert said == (
        "of 7 reviews 3 fewer, 1 more, 2 decided otherwise; a person asked 1 times less; "
        "4 late answers with more time; 0 blockers missed, 0 measured failures passed"
    )
