from __future__ import annotations

import random
from dataclasses import replace

import pytest

from orchestrator.tuning.trial import FAST_AT, SPREADS, Moments, Trial, reading
from orchestrator.tuning.tuning_events import Proposed, SessionResult

PROPOSED = Proposed(
    "trial-1", 1, "max_restarts", 3, 4, "", ("failures", "interventions"), 0.02, dict(SPREADS), 0.7, 100, 800, ""
)
GOOD = SessionResult("", True, 1.0, 1.0, 0.0, 0.0, 0.5)
BAD = replace(GOOD, interventions=2.0, failures=2.0)


def trial(proposed: Proposed = PROPOSED, *, pairs: int = 100) -> Trial:
    made = Trial(proposed)
    for pair in range(1, pairs + 1):
        made.place(f"i{pair}", pair, "incumbent")
        made.place(f"c{pair}", pair, "candidate")
    return made


def fed(made: Trial, incumbent: SessionResult | None, candidate: SessionResult | None, *, pairs: int = 100) -> str:
    """The first verdict."""
    for pair in range(1, pairs + 1):
        for name, result in ((f"i{pair}", incumbent), (f"c{pair}", candidate)):
            made.take(name, replace(result, session=name) if result is not None else None)
            if made.verdict()[0]:
                return made.verdict()[0]
    return ""


def test_a_clear_gain_is_claimed_and_a_clear_harm_stops_the_trial() -> None:
    made = trial()
    assert fed(made, BAD, GOOD) == "claim"
    assert made.pairs == 30, "fewer pairs prove nothing, however clear they look"
    made = trial()
    assert fed(made, GOOD, BAD) == "harm"
    assert made.pairs < 30
    assert "became worse" in made.verdict()[1]


def test_what_makes_no_difference_is_given_up_or_comes_to_its_bound() -> None:
    assert fed(trial(), GOOD, GOOD) == "futile"
    short = replace(PROPOSED, most_pairs=20)
    assert fed(trial(short, pairs=20), GOOD, GOOD, pairs=20) == "bound"


def test_what_may_yet_be_decided_goes_on_and_what_looks_better_while_nobody_waits() -> None:
    small = replace(GOOD, failures=0.05)
    hopeful = trial(replace(PROPOSED, most_pairs=900))
    assert fed(hopeful, small, GOOD) == "", "a standard error more would be enough"
    idle = trial()
    fed(idle, GOOD, GOOD, pairs=79)
    for name in ("i80", "c80"):
        idle.take(name, replace(GOOD, session=name))
    assert idle.verdict(has_room=True)[0] == ""
    assert idle.verdict()[0] == "futile"
    slower = trial()
    fed(slower, GOOD, replace(GOOD, hours=1.05), pairs=79)
    for name, hours in (("i80", 1.0), ("c80", 1.05)):
        slower.take(name, replace(GOOD, session=name, hours=hours))
    assert slower.verdict(has_room=True)[0] in ("futile", "harm"), "it looks worse by the weights"


def test_a_gain_that_costs_successes_is_not_claimed() -> None:
    random_, made = random.Random(3), trial(replace(PROPOSED, reference=None))
    for pair in range(1, 61):
        made.take(f"i{pair}", replace(BAD, session=f"i{pair}", success=random_.random() < 0.7))
        made.take(f"c{pair}", replace(GOOD, session=f"c{pair}", success=random_.random() < 0.45))
        assert made.verdict()[0] != "claim"
    assert made.gain.wealth > made.needed


def test_a_candidate_that_mostly_fails_is_stopped_before_its_pairs_are_complete() -> None:
    made = trial()
    for pair in range(1, 11):
        made.take(f"c{pair}", replace(GOOD, session=f"c{pair}", success=False))
    assert made.pairs == 0
    assert made.verdict()[0] == "harm"
    assert FAST_AT >= 20


def test_sessions_that_no_gate_measured_count_for_no_gain_and_too_many_of_them_stop_it() -> None:
    made = trial()
    assert fed(made, GOOD, replace(GOOD, success=None)) == "harm"
    assert made.pairs == 0
    assert "measured by no gate" in made.verdict()[1]


def test_pairs_are_weighed_in_their_order_whoever_is_known_first() -> None:
    known, late = trial(pairs=3), trial(pairs=3)
    results = {
        f"{arm}{pair}": replace(BAD if arm == "i" else GOOD, hours=float(pair)) for arm in "ic" for pair in (1, 2, 3)
    }
    for name in ("i1", "c1", "i2", "c2", "i3", "c3"):
        known.take(name, results[name])
    for name in ("c3", "i3", "c2", "i2", "c1"):
        late.take(name, results[name])
    assert late.pairs == 0
    late.take("i1", results["i1"])
    assert (late.pairs, late.gain.logs) == (3, known.gain.logs)
    assert late.evidence() == known.evidence()


def test_what_was_counted_is_the_same_evidence_whether_it_was_read_from_the_log_or_not() -> None:
    found = [Trial(PROPOSED), Trial(PROPOSED)]
    for one, as_read in zip(found, (int, float), strict=True):
        one.place("a", 1, "incumbent")
        one.take("a", SessionResult("a", True, 0.5, None, as_read(2), as_read(0), 0.5))
    assert found[0].evidence() == found[1].evidence()


def test_a_further_trial_of_the_same_step_goes_on_with_its_evidence() -> None:
    first = trial(replace(PROPOSED, most_pairs=20), pairs=20)
    fed(first, BAD, replace(GOOD, interventions=1.5, failures=1.5), pairs=20)
    again = trial(pairs=40)
    again.go_on_from(first)
    assert (again.pairs, again.own_pairs) == (first.pairs, 0)
    assert again.gain.wealth == pytest.approx(first.gain.wealth)
    before = again.evidence()
    fed(again, BAD, GOOD, pairs=1)
    assert again.own_pairs == 1
    assert first.pairs == 20, "the first one stays as it was"
    assert again.evidence() != before


def test_a_reading_is_the_better_the_higher_and_unknown_where_nobody_told() -> None:
    assert reading(GOOD, "success") == 1.0
    assert reading(replace(GOOD, hours=2.0), "hours") < reading(GOOD, "hours")  # type: ignore[operator]  # both are told
    assert reading(BAD, "failures") == -2.0
    assert reading(replace(GOOD, cost=None), "cost") is None
    assert reading(replace(GOOD, hours=0.0), "hours") is not None


def test_moments_are_mean_and_spread() -> None:
    moments = Moments()
    assert (moments.mean, moments.spread) == (0.0, 0.0)
    for value in (1.0, 2.0, 3.0):
        moments.take(value)
    assert moments.mean == 2.0
    assert moments.spread == pytest.approx(1.0)
