from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tuning import WORLDS, power, read_worlds, regression, year
from orchestrator.tuning import tuner
from orchestrator.tuning.betting import budget_of
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value, is_allowed
from orchestrator.tuning.tuner import (
    Tuning,
    apply,
    decide,
    fold,
    on_open,
    on_result,
    reset,
    rolled_back,
    settings_digest,
)
from orchestrator.tuning.tuning_events import (
    Abandoned,
    Assigned,
    Claimed,
    Escalated,
    Proposed,
    Renewed,
    Reset,
    Resulted,
    RolledBack,
    SessionResult,
    Stopped,
    Switched,
    TuningEvent,
)

CLAIMED = Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, "")


def result(name: str, *, success: bool | None = True, **figures: float) -> SessionResult:
    given: dict[str, float] = {"hours": 0.5, "interventions": 1.0, "failures": 1.0, "utilisation": 0.4, **figures}
    return SessionResult(
        name, success, given["hours"], 1.0, given["interventions"], given["failures"], given["utilisation"]
    )


class Journal:
    """A run of tuning: what was decided is taken in at once, and kept."""

    def __init__(self) -> None:
        self.tuning, self.events = Tuning(), list[TuningEvent]()
        self.take(Switched("on", "test", "seed"))

    def take(self, *events: TuningEvent) -> None:
        for event in events:
            self.events.append(event)
            apply(self.tuning, event)

    def open(self, name: str, **fixed: Value) -> Assigned:
        events = on_open(self.tuning, name, fixed=fixed)
        self.take(*events)
        found = events[-1]
        assert isinstance(found, Assigned)
        return found

    def run(self, sessions: int, of: Mapping[str, float] | None = None, *, success: bool = True) -> None:
        """Sessions one after the other, all alike but that a candidate has the figures ``of``."""
        for _ in range(sessions):
            assigned = self.open(f"s{self.tuning.begun}")
            figures = dict(of or {}) if assigned.arm == "candidate" else {}
            self.take(*on_result(self.tuning, result(assigned.session, success=success, **figures)))
            self.take(*decide(self.tuning))

    def found(self, kind: type[TuningEvent]) -> list[TuningEvent]:
        return [event for event in self.events if isinstance(event, kind)]


def test_while_it_is_off_it_does_nothing() -> None:
    tuning = Tuning()
    assert on_open(tuning, "a") == ()
    assert decide(tuning) == ()
    assert on_result(tuning, result("a")) == ()


def test_nothing_is_tried_before_it_is_known_how_things_stand() -> None:
    journal = Journal()
    journal.run(tuner.LEAST_HISTORY)
    assert not journal.found(Proposed)
    journal.run(1)
    assert len(journal.found(Proposed)) == 1


def test_a_better_candidate_is_claimed_and_the_claim_says_what_it_rests_on() -> None:
    journal = Journal()
    journal.run(150, {"interventions": 0.0, "failures": 0.0, "utilisation": 0.8})
    claimed = journal.found(Claimed)[0]
    assert isinstance(claimed, Claimed)
    assert claimed.e_value >= claimed.needed == pytest.approx(1 / budget_of(1, tuner.BUDGET))
    assert claimed.evidence
    assert journal.tuning.values[claimed.parameter] == claimed.after
    assert claimed.after in PARAMETERS[claimed.parameter].neighbours(claimed.before)


def test_a_harmful_candidate_is_stopped_and_barred() -> None:
    journal = Journal()
    journal.run(120, {"interventions": 5.0, "failures": 5.0, "hours": 2.0})
    stopped = journal.found(Stopped)
    assert stopped
    assert all(isinstance(one, Stopped) and one.is_harm for one in stopped)
    assert journal.tuning.values == BASELINE
    tried = [(one.parameter, one.after) for one in journal.found(Proposed) if isinstance(one, Proposed)]
    assert len(tried) == len(set(tried)), "what did harm is not tried again so soon"


def test_a_claimed_change_that_fails_is_taken_back_and_the_budget_of_its_step_is_spent() -> None:
    journal = Journal()
    journal.run(20)
    journal.take(CLAIMED)
    assert journal.tuning.values["max_restarts"] == 4
    journal.run(30, success=False)
    back = journal.found(RolledBack)[0]
    assert isinstance(back, RolledBack)
    assert (back.before, back.after, journal.tuning.values["max_restarts"]) == (4, 3, 3)
    assert journal.tuning.barred["max_restarts", 4] > journal.tuning.begun


def test_a_trial_that_is_under_way_ends_when_what_it_is_held_against_is_taken_back() -> None:
    journal = Journal()
    journal.take(CLAIMED)
    journal.run(40)
    found = journal.tuning.trial
    assert found is not None
    assert found.pairs
    journal.tuning.kept["max_restarts"].fall = 10.0
    *stopped, back = decide(journal.tuning)
    assert {type(one) for one in stopped} == {Stopped}
    assert isinstance(back, RolledBack)
    journal.take(*stopped, back)
    assert journal.tuning.trial is None
    assert found in journal.tuning.paused.values(), "its evidence is kept"


def crossed() -> Journal:
    """A change in force, and a step of the same parameter and steps of others that are tried beside it."""
    journal = Journal()
    journal.take(CLAIMED)
    journal.run(60)
    steps = {one.proposed.parameter for one in journal.tuning.under_way.values()}
    assert "max_restarts" in steps
    assert len(steps) > 1
    return journal


def test_a_person_takes_one_change_back_and_the_steps_of_other_parameters_go_on() -> None:
    journal = crossed()
    before = dict(journal.tuning.under_way)
    (leans,) = [name for name, one in before.items() if one.proposed.parameter == "max_restarts"]
    stopped, back = rolled_back(journal.tuning, "trial-1", by="person", because="")
    assert isinstance(stopped, Stopped)
    assert (stopped.trial, stopped.evidence) == (leans, before[leans].evidence())
    journal.take(stopped, back)
    assert journal.tuning.values["max_restarts"] == 3
    assert journal.tuning.under_way == {name: one for name, one in before.items() if name != leans}
    assert before[leans] in journal.tuning.paused.values(), "its evidence is kept"
    wealth = {name: one.pairs for name, one in journal.tuning.under_way.items()}
    journal.run(20)
    assert all(one.pairs > wealth[name] for name, one in journal.tuning.under_way.items() if name in wealth)


def test_a_reset_ends_what_leans_on_a_change_and_a_comparison_and_nothing_else() -> None:
    journal = crossed()
    others = {name for name, one in journal.tuning.under_way.items() if one.proposed.parameter != "max_restarts"}
    journal.take(*reset(journal.tuning, by="person", because=""))
    assert journal.tuning.values == BASELINE
    assert set(journal.tuning.under_way) == others


def test_a_log_from_before_ends_all_that_was_tried_with_a_change_that_was_taken_back() -> None:
    for event in RolledBack("trial-1", "max_restarts", 4, 3, ""), Reset("", {}):
        journal = crossed()
        journal.take(event)
        assert not journal.tuning.under_way


def test_what_means_nothing_any_more_beside_what_is_in_force_ends() -> None:
    journal = Journal()
    journal.take(Claimed("trial-1", "consensus_frequency", "every_change", "timeboxed", 60.0, 52.0, 60, "", 0.6))
    journal.tuning.barred |= {("max_review_rounds", 2): 10**9, ("max_restarts", 4): 10**9}
    journal.run(tuner.LEAST_HISTORY + 40)
    tried = {one.proposed.parameter: name for name, one in journal.tuning.under_way.items()}
    assert "timebox_s" in tried
    ended = {one.trial for one in rolled_back(journal.tuning, "trial-1", by="", because="") if isinstance(one, Stopped)}
    assert ended == {tried["timebox_s"], tried["consensus_frequency"]}, "both lean on the frequency"
    journal.take(Claimed("trial-9", "consensus_frequency", "timeboxed", "threshold", 60.0, 52.0, 60, "", 0.6))
    decided = decide(journal.tuning)
    assert isinstance(decided[0], Stopped)
    assert decided[0].trial == tried["timebox_s"]
    journal.take(*decided)
    assigned = on_open(journal.tuning, "next")[-1]
    assert isinstance(assigned, Assigned)
    assert assigned.values["timebox_s"] == BASELINE["timebox_s"]


def test_changes_that_are_taken_back_again_and_again_are_for_a_person() -> None:
    journal = Journal()
    journal.tuning.rollbacks = [0, 0]
    journal.take(CLAIMED)
    journal.tuning.kept["max_restarts"].fall = 10.0
    assert [type(one) for one in decide(journal.tuning)] == [RolledBack, Escalated]


def test_after_some_time_what_is_in_force_is_held_against_the_baseline() -> None:
    for figures, kind in ({"interventions": 3.0}, Renewed), ({"interventions": 0.0, "hours": 0.1}, Reset):
        journal = Journal()
        journal.run(tuner.LEAST_HISTORY)
        journal.take(CLAIMED)
        journal.tuning.compared_at = journal.tuning.begun - tuner.RETURN_AFTER
        journal.run(200, {name: float(value) for name, value in figures.items()})
        assert journal.found(kind), kind
        if kind is Reset:
            upto = journal.events.index(journal.found(kind)[0]) + 1
            assert fold(journal.events[:upto]).values == BASELINE


def test_what_a_user_says_by_hand_stands_and_takes_part_in_no_trial() -> None:
    journal = Journal()
    journal.run(tuner.LEAST_HISTORY + 1)
    assert journal.tuning.trial is not None
    assigned = journal.open("mine", max_restarts=1)
    assert (assigned.values["max_restarts"], assigned.trial) == (1, "")


def test_frozen_the_values_stay_and_nothing_is_tried_or_decided() -> None:
    journal = Journal()
    journal.take(CLAIMED, Switched("frozen", "person"))
    assigned = journal.open("a")
    assert (assigned.trial, assigned.values["max_restarts"]) == ("", 4)
    journal.tuning.kept["max_restarts"].fall = 10.0
    assert decide(journal.tuning) == ()


def test_the_steps_of_several_parameters_are_crossed_and_each_is_judged_by_itself() -> None:
    journal = Journal()
    journal.run(tuner.LEAST_HISTORY + 60)
    steps_ = journal.tuning.under_way
    assert len(steps_) == tuner.MOST_CROSSED
    assert len({one.proposed.parameter for one in steps_.values()}) == tuner.MOST_CROSSED
    seen = {tuple(place.arm for place in one.places) for one in journal.events if isinstance(one, Assigned)}
    assert {len(set(arms)) for arms in seen if len(arms) == tuner.MOST_CROSSED} == {1, 2}, "drawn for each by itself"
    name = next(iter(steps_))
    rest = dict(list(steps_.items())[1:])
    journal.take(Stopped(name, "", True, 1.0, 1, ""))
    assert journal.tuning.under_way == rest, "the others go on"


def test_what_a_claimed_step_had_of_the_budget_passes_to_the_numbers_after_it_and_no_more() -> None:
    journal = Journal()
    journal.run(tuner.LEAST_HISTORY + 20)
    begun = {one.proposed.number: one for one in journal.tuning.under_way.values()}
    before = {number: one.alpha for number, one in begun.items()}
    first = begun[1].proposed
    claim = Claimed(first.trial, first.parameter, first.before, first.after, 60.0, 1 / before[1], 60, "", 0.6, 4)
    journal.take(claim)
    assert begun[2].alpha == pytest.approx(before[2] + before[1] / 4)
    assert sum(journal.tuning.bequests.values()) == pytest.approx(before[1])
    again = fold(journal.events)
    assert again.bequests == journal.tuning.bequests
    old = fold([*journal.events[:-1], Claimed(claim.trial, claim.parameter, 3, 4, 60.0, 52.0, 60, "")])
    assert not old.bequests, "in a log of before the next one has it already"


def test_a_new_change_is_looked_at_alone_and_the_rate_that_is_sure_is_its_own() -> None:
    journal = Journal()
    journal.run(150, {"interventions": 0.0, "failures": 0.0, "utilisation": 0.8})
    claimed = journal.found(Claimed)[0]
    assert isinstance(claimed, Claimed)
    assert claimed.reference > 0.9, "all of them succeeded"
    at = journal.events.index(claimed)
    opened = [one for one in journal.events[at:] if isinstance(one, Assigned)][: tuner.LEAST_HISTORY]
    assert not any(one.places for one in opened)


def test_a_session_that_never_ends_holds_no_trial_up() -> None:
    journal = Journal()
    journal.run(tuner.LEAST_HISTORY)
    lost = journal.open("lost")
    assert lost.trial
    for number in range(tuner.STALE_AFTER + 1):
        journal.open(f"n{number}")
    assert Abandoned("lost") in journal.events
    assert "lost" not in journal.tuning.open
    journal.take(*on_result(journal.tuning, result("lost")))
    assert Resulted(result("lost")) not in journal.events


def test_each_pair_is_one_of_each_in_an_order_that_nobody_knows_beforehand() -> None:
    orders = []
    for seed in range(40):
        journal = Journal()
        journal.take(Switched("on", "test", str(seed)))
        journal.run(tuner.LEAST_HISTORY)
        first, second = journal.open("a"), journal.open("b")
        assert {first.arm, second.arm} == {"incumbent", "candidate"}
        assert first.pair == second.pair == 1
        orders.append(first.arm)
    assert 8 <= orders.count("candidate") <= 32


def test_the_same_events_lead_to_the_same_place() -> None:
    journal = Journal()
    journal.run(200, {"interventions": 0.0})
    again = fold(journal.events)
    assert (again.values, again.begun, again.barred) == (
        journal.tuning.values,
        journal.tuning.begun,
        journal.tuning.barred,
    )
    assert again.trials == journal.tuning.trials


def test_to_decide_changes_nothing() -> None:
    journal = Journal()
    journal.run(100, {"interventions": 0.0})
    before = deepcopy(journal.tuning)
    on_open(journal.tuning, "a")
    decide(journal.tuning)
    assert journal.tuning == before


def test_all_settings_are_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_digest()
    settings_digest.cache_clear()
    monkeypatch.setattr(tuner, "BUDGET", 0.5)
    assert settings_digest() != before
    monkeypatch.undo()
    settings_digest.cache_clear()
    assert settings_digest() == before


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 0.95), st.floats(0.0, 3.0), st.floats(0.1, 3.0))
def test_whatever_comes_of_sessions_each_change_is_one_step_within_bounds_one_at_a_time(
    seed: int, rate: float, mean: float, hours: float
) -> None:
    random_, journal = random.Random(seed), Journal()
    for _ in range(300):
        before = dict(journal.tuning.values)
        assigned = journal.open(f"s{journal.tuning.begun}")
        assert is_allowed(assigned.values)
        changed = {name for name, value in assigned.values.items() if value != before[name]}
        steps_ = {one.proposed.parameter for one in journal.tuning.under_way.values()}
        assert len(steps_) == len(journal.tuning.under_way) <= tuner.MOST_CROSSED, "one step of each parameter"
        assert changed <= steps_ or assigned.trial.startswith("return"), "nothing else is changed"
        for name in changed - {""} if "" not in steps_ else ():
            assert assigned.values[name] in PARAMETERS[name].neighbours(before[name])
        journal.take(
            *on_result(
                journal.tuning,
                result(
                    assigned.session,
                    success=random_.choice((None, random_.random() < rate, random_.random() < rate)),
                    hours=hours * random_.random() + 0.01,
                    interventions=random_.random() * mean,
                    failures=random_.random() * mean,
                    utilisation=random_.random(),
                ),
            )
        )
        journal.take(*decide(journal.tuning))
    decisions = [index for index, event in enumerate(journal.events) if isinstance(event, Claimed | Stopped)]
    for change in steps(journal.events):
        assert change.after in PARAMETERS[change.parameter].neighbours(change.before)
    for index in decisions:
        following = [type(event) for event in journal.events[index + 1 : index + tuner.COOL_DOWN]]
        assert {Proposed, Claimed}.isdisjoint(following), "there is a pause after each decision"


def steps(events: list[TuningEvent]) -> Iterator[Claimed | RolledBack | Proposed]:
    """Everything that changes a value or would."""
    for event in events:
        if isinstance(event, Claimed | RolledBack) or (isinstance(event, Proposed) and event.parameter):
            yield event


def test_in_a_small_simulation_the_figures_hold() -> None:
    """A short form of ``python -m benchmarks.tuning``, with seeds of its own."""
    worlds, data = read_worlds(WORLDS)
    claims = [power(data, seed) for seed in range(600_000, 600_040)]
    assert sum(one is not None for one in claims) >= 0.75 * len(claims)
    back = [regression(data, seed, planted=True) or 999 for seed in range(600_000, 600_100)]
    assert sorted(back)[50] <= data["regression"]["within"]
    assert sum(regression(data, seed, planted=False) is not None for seed in range(600_000, 600_060)) <= 4
    flat = year(worlds["flat"], 600_001)
    assert flat.false_commits == flat.oscillations == flat.steps == 0
    room = year(worlds["room"], 600_001)
    assert room.false_commits == room.oscillations == room.steps == 0
    assert room.commits >= 1
    assert room.sums[0] / room.sums[1] > room.static[0] / room.static[1]
