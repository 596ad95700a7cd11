from __future__ import annotations

from orchestrator.models.options import SessionOptions
from orchestrator.tuning.parameters import BASELINE, MEASURES, PARAMETERS, is_allowed


def test_each_parameter_has_its_default_among_its_values_an_owner_and_an_aim() -> None:
    for parameter in PARAMETERS.values():
        assert parameter.default in parameter.values
        assert len(set(parameter.values)) == len(parameter.values) > 1
        assert set(parameter.aims) <= set(MEASURES)
        assert parameter.aims
        assert parameter.owner
        assert parameter.means
    assert is_allowed(BASELINE)


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
