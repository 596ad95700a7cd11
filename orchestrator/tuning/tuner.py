"""Decide what tuning does next: the past goes in as events, what happens now comes out as events.

It takes no time and draws nothing: everything follows from the events alone, so that each decision can be made again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from orchestrator.tuning import betting, trial
from orchestrator.tuning.betting import budget_of
from orchestrator.tuning.intervals import wilson
from orchestrator.tuning.parameters import BASELINE, MEASURES, PARAMETERS, Measure, Value
from orchestrator.tuning.predictions import CANNOT_SHOW, Prediction
from orchestrator.tuning.proposals import RULES, Proposal, Standing, aims_of, proposals
from orchestrator.tuning.trial import Moments, Trial, reading
from orchestrator.tuning.tuning_events import (
    Abandoned,
    Arm,
    Assigned,
    Claimed,
    Escalated,
    Place,
    Proposed,
    Redecided,
    Renewed,
    Reset,
    Resulted,
    RolledBack,
    Searched,
    SessionResult,
    Stopped,
    Switched,
    TuningEvent,
)

BUDGET: Final = 0.05
"""The chance of any false claim in the whole run of tuning is at most so much."""
HEIRS: Final = 4
"""So many numbers after a claimed step share what it had of the error budget."""
LEAST_HISTORY: Final = 30
"""Sessions with a result before anything is tried."""
HISTORY: Final = 150
"""So many of the latest sessions say how things stand."""
MOST_PAIRS: Final = 900
MOST_CROSSED: Final = 4
"""So many steps, each of another parameter, are crossed in one trial: each session draws for each of them whether it
takes it, so that the same sessions tell of all of them, and each is judged by itself."""
COOL_DOWN: Final = 10
"""Sessions after a decision in which nothing more is tried, and after a claim in which nothing else is claimed."""
WINDOW: Final = 200
"""Sessions of one window."""
BARRED_FOR: Final = 4 * WINDOW
"""Sessions for which a value that was given up, taken back or left is not tried again: hysteresis."""
WATCH: Final = 150
"""Sessions after a claim in which a fall takes it back."""
FALL_AT: Final = 60.0
"""Evidence of a fall since the change that takes it back."""
LATE_FALL_AT: Final = 800.0
"""The same since any session after it (an e-CUSUM, which forgets what was before): more, because there are many."""
FALL_SHARE: Final = 0.65
"""What of the rate of success that was sure is looked for."""
PAUSED_FOR: Final = WINDOW
"""Sessions for which a step that has come to nothing so far makes room for others; twice as many each further time."""
RETURN_AFTER: Final = 800
"""Sessions after which what is in force is held against the baseline."""
RETURN_PAIRS: Final = 30
STALE_AFTER: Final = 60
"""Sessions begun since; one of a trial that has not ended by then counts for nothing."""
JUDGED_FOR: Final = WINDOW
"""Sessions for which it is not judged anew what journals say of a step."""
SEARCH_EVERY: Final = 50
"""Sessions between two searches, where the user has switched them on."""
MOST_AWAITED: Final = 500
"""Sessions whose result is awaited; older ones are given up."""
TAKEN_BACK: Final = "what it was held against is taken back"
"""Why a trial ends with a change that it leans on; its evidence is kept."""
MOST_ROLLBACKS: Final = 3
"""So many rollbacks in :data:`HISTORY` sessions times four are for a person to look at."""


@cache
def settings_digest() -> str:
    """A hash over everything that decides: tables, rules, bounds."""
    known = [
        {name: repr(parameter) for name, parameter in PARAMETERS.items()},
        [repr(rule) for rule in RULES],
        [BUDGET, HEIRS, LEAST_HISTORY, HISTORY, MOST_PAIRS, MOST_CROSSED, COOL_DOWN, WINDOW, BARRED_FOR, WATCH],
        [FALL_AT, LATE_FALL_AT, FALL_SHARE, PAUSED_FOR],
        [RETURN_AFTER, RETURN_PAIRS, STALE_AFTER, MOST_ROLLBACKS, betting.SHARES],
        [JUDGED_FOR, SEARCH_EVERY, sorted(CANNOT_SHOW)],
        [trial.GUARD_AT, trial.FAST_AT, trial.FAST_SHARE, trial.LEAST_PAIRS, trial.MOST_LOSS, trial.CLIP],
        [trial.FUTILE_AFTER, trial.FUTILE_STEP, trial.FUTILE_ERRORS, dict(trial.SPREADS), trial.GUARDED],
    ]
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Kept:
    """A change that is in force."""

    claimed: Claimed
    since: int
    """Sessions begun before it."""
    fall: float = 0.0
    """The logarithm of the evidence of a fall since then."""
    late_fall: float = 0.0
    """The same since any session after it."""
    results: int = 0


@dataclass(slots=True)
class Tuning:
    """Where tuning stands; only :func:`apply` changes it."""

    state: Literal["on", "off", "frozen"] = "off"
    seed: str = ""
    values: dict[str, Value] = field(default_factory=lambda: dict(BASELINE))
    begun: int = 0
    """Sessions that were assigned."""
    quiet_until: int = 0
    under_way: dict[str, Trial] = field(default_factory=dict)
    """The steps that are tried, by name, the one that began first in front."""
    trials: int = 0
    bequests: dict[int, float] = field(default_factory=dict)
    """What claimed steps passed on of the error budget, by the number of the step that has it."""
    kept: dict[str, Kept] = field(default_factory=dict)
    """By parameter: the last change of each that is in force."""
    watched: str = ""
    """The parameter whose change is watched."""
    paused: dict[tuple[str, Value, Value], Trial] = field(default_factory=dict)
    """Trials that came to nothing yet, by their step: their evidence is kept, and their part of the budget."""
    tries: dict[tuple[str, Value, Value], int] = field(default_factory=dict)
    barred: dict[tuple[str, Value], int] = field(default_factory=dict)
    """Until which session a value is not tried."""
    judgements: int = 0
    searches: int = 0
    searched: Searched | None = None
    """What the last search said."""
    searched_at: int = -(10**9)
    judged: dict[tuple[str, Value, Value], tuple[Redecided, int]] = field(default_factory=dict)
    """What journals say of a step, and when they were asked."""
    open: dict[str, int] = field(default_factory=dict)
    """Sessions of trials that have not ended, and when they were begun."""
    assigned: dict[str, Assigned] = field(default_factory=dict)
    """Sessions whose result is awaited."""
    history: deque[SessionResult] = field(default_factory=lambda: deque(maxlen=HISTORY))
    """Results under the values in force."""
    compared_at: int = 0
    """When it was last held against the baseline, or had nothing to hold."""
    rollbacks: list[int] = field(default_factory=list)
    escalated_at: int = -(10**9)

    @property
    def trial(self) -> Trial | None:
        """What is tried; of several steps the one that began first."""
        return next(iter(self.under_way.values()), None)

    @property
    def comparison(self) -> Trial | None:
        """The comparison with the baseline that is under way; the steps wait meanwhile."""
        return next((one for one in self.under_way.values() if not one.proposed.parameter), None)


def fold(events: Iterable[TuningEvent]) -> Tuning:
    """Where tuning stands after all these."""
    tuning = Tuning()
    for event in events:
        apply(tuning, event)
    return tuning


def apply(tuning: Tuning, event: TuningEvent) -> None:  # noqa: C901 - one case an event
    """Take in what has happened; what happens most often is asked for first."""
    match event:
        case Assigned():
            tuning.begun += 1
            tuning.assigned[event.session] = event
            while len(tuning.assigned) > MOST_AWAITED:
                del tuning.assigned[next(iter(tuning.assigned))]
            for place in event.places:
                if place.trial in tuning.under_way:
                    tuning.under_way[place.trial].place(event.session, place.pair, place.arm)
                    tuning.open[event.session] = tuning.begun
        case Resulted():
            _take_result(tuning, event.result)
        case Switched():
            tuning.state = event.to
            tuning.seed = event.seed or tuning.seed
        case Redecided():
            tuning.judgements += 1
            tuning.judged[event.parameter, event.before, event.after] = event, tuning.begun
            if event.prediction.is_harmful:
                tuning.barred[event.parameter, event.after] = tuning.begun + BARRED_FOR
        case Searched():
            tuning.searches += 1
            tuning.searched, tuning.searched_at = event, tuning.begun
        case Proposed():
            begun = tuning.under_way[event.trial] = Trial(event)
            earlier = tuning.paused.get((event.parameter, event.before, event.after))
            if earlier is not None:
                begun.go_on_from(earlier)
            elif event.parameter:
                tuning.trials = event.number
        case Abandoned():
            tuning.assigned.pop(event.session, None)
            _take_in_trials(tuning, event.session, None)
        case Claimed():
            _change(tuning, event.parameter, event.before, event.after)
            _pass_on(tuning, event)
            tuning.paused.pop((event.parameter, event.before, event.after), None)
            tuning.kept[event.parameter] = Kept(event, tuning.begun)
            tuning.watched = event.parameter
            _end(tuning, event.trial)
        case Stopped():
            found = tuning.under_way.get(event.trial)
            if found is not None and found.proposed.parameter:
                proposed = found.proposed
                step = (proposed.parameter, proposed.before, proposed.after)
                tuning.paused[step] = found
                tuning.tries[step] = tuning.tries.get(step, 0) + 1
                # What comes to nothing again and again is tried ever more rarely: trials have their price, too.
                quiet = (BARRED_FOR if event.is_harm else PAUSED_FOR) * 2 ** (tuning.tries[step] - 1)
                tuning.barred[proposed.parameter, proposed.after] = tuning.begun + quiet
            _end(tuning, event.trial)
        case RolledBack():
            _change(tuning, event.parameter, event.before, event.after)
            tuning.kept.pop(event.parameter, None)
            tuning.watched = ""
            tuning.history.clear()
            tuning.rollbacks.append(tuning.begun)
            _end(tuning, *(tuning.under_way if event.ends_all else ()))
        case Renewed():
            tuning.compared_at = tuning.begun
            _end(tuning, event.trial)
        case Reset():
            for name, value in tuning.values.items():
                tuning.barred[name, value] = tuning.begun + BARRED_FOR
            tuning.values = dict(BASELINE)
            tuning.kept.clear()
            tuning.watched = ""
            tuning.history.clear()
            tuning.compared_at = tuning.begun
            _end(tuning, *(tuning.under_way if event.ends_all else (event.trial,)))
        case Escalated():
            tuning.escalated_at = tuning.begun


def _pass_on(tuning: Tuning, event: Claimed) -> None:
    """Part what a claimed step had of the error budget among the numbers after it, whether they have begun or not."""
    claimed = tuning.under_way.get(event.trial)
    if claimed is None:
        return
    for heir in range(claimed.proposed.number + 1, claimed.proposed.number + 1 + event.heirs):
        part = 1 / event.needed / event.heirs
        tuning.bequests[heir] = tuning.bequests.get(heir, 0.0) + part
        for one in (*tuning.under_way.values(), *tuning.paused.values()):
            if one.proposed.number == heir:
                one.bequeathed += part


def _end(tuning: Tuning, *trials: str) -> None:
    for name in trials:
        tuning.under_way.pop(name, None)
    going = [one.arms for one in tuning.under_way.values()]
    tuning.open = {name: begun for name, begun in tuning.open.items() if any(name in arms for arms in going)}
    tuning.quiet_until = tuning.begun + COOL_DOWN


def _take_in_trials(tuning: Tuning, session: str, result: SessionResult | None) -> None:
    if tuning.open.pop(session, None) is None:
        return
    for one in tuning.under_way.values():
        if session in one.arms:
            one.take(session, result)


def _change(tuning: Tuning, parameter: str, before: Value, after: Value) -> None:
    """Another value is in force; the one that was left is not tried again for some time."""
    if not tuning.kept:
        tuning.compared_at = tuning.begun
    tuning.values[parameter] = after
    tuning.barred[parameter, before] = tuning.begun + BARRED_FOR


def _take_result(tuning: Tuning, result: SessionResult) -> None:
    assigned = tuning.assigned.pop(result.session, None)
    if assigned is None:
        return
    _take_in_trials(tuning, result.session, result)
    if result.success is None:
        return
    tuning.history.append(result)
    kept = tuning.kept.get(tuning.watched)
    if kept is not None and kept.results < WATCH and {**BASELINE, **assigned.values} == tuning.values:
        kept.results += 1
        reference = kept.claimed.reference
        low = FALL_SHARE * reference
        ratio = low / reference if result.success else (1 - low) / (1 - reference)
        kept.fall += math.log(ratio)
        kept.late_fall = max(0.0, kept.late_fall) + math.log(ratio)


def on_open(
    tuning: Tuning,
    session: str,
    *,
    fixed: Mapping[str, Value] | None = None,
    held: Mapping[str, Value] | None = None,
    without: Collection[str] = (),
    folder: str = "",
) -> Sequence[TuningEvent]:
    """A session opens: which values it gets.

    Args:
        fixed: Values that the user has set by hand for it; they stand, and it takes part in no trial.
        held: Values that what is at stake holds it to; it takes part in trials of others.
        without: Parameters that mean nothing for it, so that it takes part in no trial of theirs.
        folder: Where its journal lies.
    """
    if tuning.state == "off":
        return ()
    values = {**tuning.values, **(held or {}), **(fixed or {})}
    barred = {*without, *(held or {})}
    # A comparison with the baseline is one of what is not at the baseline.
    is_compared = not any(tuning.values[name] != BASELINE[name] for name in barred)
    barred |= {name for name, one in PARAMETERS.items() if not one.means_something(values)}
    found: list[TuningEvent] = [
        Abandoned(one) for one, begun in tuning.open.items() if tuning.begun - begun >= STALE_AFTER
    ]
    if found or fixed or tuning.state == "frozen" or _is_new(tuning):
        return (*found, Assigned(session, values, folder=folder))
    begins = _proposal(tuning, barred)
    if begins is not None and (begins.parameter or is_compared):
        found.append(begins)
    else:
        begins = None
    places: list[Place] = []
    for proposed, trial_ in _tried_in(tuning, begins):
        if proposed.parameter in barred or not (proposed.parameter or is_compared):
            continue
        pair, free = trial_.next_place() if trial_ is not None else (1, _BOTH)
        arm = _drawn(tuning.seed, proposed.trial, pair) if len(free) == len(_BOTH) else free[0]
        places.append(Place(proposed.trial, arm, pair))
        if arm == "candidate":
            values = (
                {**BASELINE, **(held or {})}
                if not proposed.parameter
                else {**values, proposed.parameter: proposed.after}
            )
    if not places:
        return (*found, Assigned(session, values, folder=folder))
    first, *crossed = places
    return (*found, Assigned(session, values, first.trial, first.arm, first.pair, folder, tuple(crossed)))


def judgement_due(
    tuning: Tuning, *, fixed: Mapping[str, Value] | None = None, without: Collection[str] = ()
) -> Proposed | None:
    """The step that the next session would begin, where journals can be asked about it and were not yet.

    Args:
        fixed: As of :func:`on_open`.
        without: As of :func:`on_open`.
    """
    if tuning.state != "on" or fixed or _is_new(tuning):
        return None
    proposed = _proposal(tuning, without)
    if proposed is None or proposed.parameter not in CANNOT_SHOW or proposed.parameter in without:
        return None
    known = tuning.judged.get((proposed.parameter, proposed.before, proposed.after))
    return None if known is not None and tuning.begun - known[1] < JUDGED_FOR else proposed


def on_judged(
    tuning: Tuning, proposed: Proposed, prediction: Prediction, *, workspace: str, journals: Mapping[str, str]
) -> Redecided:
    """What journals say of a step that is due; one that would have let pass what was found is dropped by it.

    Args:
        workspace: Where they lie.
        journals: A hash over each journal, by session.
    """
    return Redecided(
        f"offline-{tuning.judgements + 1}",
        proposed.parameter,
        proposed.before,
        proposed.after,
        proposed.because,
        prediction,
        workspace,
        tuple(journals.items()),
        settings_digest(),
    )


_BOTH: Final[tuple[Arm, ...]] = ("incumbent", "candidate")


def _is_new(tuning: Tuning) -> bool:
    """Whether the last change has to be looked at alone yet: all sessions open with it, and nothing else is tried."""
    kept = tuning.kept.get(tuning.watched)
    return kept is not None and tuning.begun - kept.since < LEAST_HISTORY


def _tried_in(tuning: Tuning, begins: Proposed | None) -> Iterator[tuple[Proposed, Trial | None]]:
    """What the next session takes part in: a comparison with the baseline alone, else all steps with a free place."""
    if begins is not None and not begins.parameter:
        yield begins, None
        return
    compared = tuning.comparison
    for one in tuning.under_way.values() if compared is None or not compared.has_place() else (compared,):
        if one.has_place():
            yield one.proposed, one
    if begins is not None:
        yield begins, None


def _drawn(seed: str, name: str, pair: int) -> Arm:
    """Which place of a pair comes first."""
    drawn = hashlib.sha256(f"{seed}:{name}:{pair}".encode()).digest()[0]
    return "candidate" if drawn % 2 else "incumbent"


def rolled_back(tuning: Tuning, trial_: str, *, by: str, because: str) -> Sequence[Stopped | RolledBack]:
    """The inverse of a change that is in force, asked for by a person; nothing where there is none of that name.

    What leans on the change is stopped, and its evidence is kept; other steps go on.  A bet is on a step, whatever is
    in force beside it, so what it has won stays won.
    """
    for kept in tuning.kept.values():
        claimed = kept.claimed
        if claimed.trial == trial_:
            back = RolledBack(trial_, claimed.parameter, claimed.after, claimed.before, because, by, ends_all=False)
            return (*_leaning(tuning, {claimed.parameter}), back)
    return ()


def reset(tuning: Tuning, *, by: str, because: str) -> Sequence[Stopped | Reset]:
    """Everything returns to the baseline, asked for by a person; what is tried ends as by :func:`rolled_back`."""
    return (*_leaning(tuning, _off_baseline(tuning)), Reset(because, dict(tuning.values), by, ends_all=False))


def _off_baseline(tuning: Tuning) -> Collection[str]:
    return {name for name, value in tuning.values.items() if value != BASELINE[name]}


def _leaning(tuning: Tuning, changed: Collection[str]) -> Sequence[Stopped]:
    """The end of what is tried of these parameters or beside their values, and of a comparison with the baseline."""
    return [
        one
        for one in _interrupted(tuning)
        if _leans_on(tuning.under_way[one.trial].proposed.parameter) & {"", *changed}
    ]


def _leans_on(parameter: str) -> frozenset[str]:
    only_with = PARAMETERS[parameter].only_with if parameter else None
    return frozenset({parameter, *(only_with or ())[:1]})


def on_result(tuning: Tuning, result: SessionResult) -> Sequence[TuningEvent]:
    """What came of a session; what follows from it is asked of :func:`decide` afterwards."""
    return (Resulted(result),) if result.session in tuning.assigned else ()


def decide(tuning: Tuning) -> Sequence[TuningEvent]:
    """What follows from where things stand: at most one decision."""
    if tuning.state != "on":
        return ()
    fallen = _fallen(tuning)
    if fallen:
        return fallen
    if tuning.comparison is not None:
        compared = _compared(tuning, tuning.comparison)
        if compared:
            return compared
    for one in tuning.under_way.values():
        decided = _judged(tuning, one) if one.proposed.parameter else None
        if decided is not None:
            return (decided,)
    return ()


def _judged(tuning: Tuning, found: Trial) -> Claimed | Stopped | None:
    """What is decided of one step, if anything; a claim waits while an earlier change is new."""
    what, because = found.verdict(has_room=len(tuning.under_way) < MOST_CROSSED)
    if not PARAMETERS[found.proposed.parameter].means_something(tuning.values) and what != "harm":
        what, because = "futile", "it means nothing beside what is in force now"
    if not what or (what == "claim" and tuning.begun < tuning.quiet_until):
        return None
    proposed = found.proposed
    if what == "claim":
        return Claimed(
            proposed.trial,
            proposed.parameter,
            proposed.before,
            proposed.after,
            found.gain.wealth,
            found.needed,
            found.pairs,
            found.evidence(),
            surely(sum(found.latest), len(found.latest) - sum(found.latest)),
            HEIRS,
        )
    return Stopped(proposed.trial, because, what == "harm", found.gain.wealth, found.pairs, found.evidence())


def surely(successes: int, failures: int) -> float:
    """The rate of success that is sure; neither 0 nor 1, so that what is bet on it has its price."""
    return round(min(0.99, max(0.01, wilson(successes, failures)[0])), 6)


def _fallen(tuning: Tuning) -> Sequence[TuningEvent]:
    kept = tuning.kept.get(tuning.watched)
    if kept is None or (kept.fall < math.log(FALL_AT) and kept.late_fall < math.log(LATE_FALL_AT)):
        return ()
    claimed = kept.claimed
    because = (
        f"within {kept.results} sessions after it success fell below the {claimed.reference:.0%} that were sure "
        f"(e-value {math.exp(max(kept.fall, kept.late_fall)):.0f})"
    )
    back = RolledBack(claimed.trial, claimed.parameter, claimed.after, claimed.before, because)
    under_way = _interrupted(tuning)
    lately = [one for one in tuning.rollbacks if tuning.begun - one <= 4 * HISTORY]
    if len(lately) + 1 >= MOST_ROLLBACKS:
        return (*under_way, back, Escalated(f"{len(lately) + 1} changes were taken back in {4 * HISTORY} sessions"))
    return (*under_way, back)


def _interrupted(tuning: Tuning) -> Sequence[Stopped]:
    """The end of what is tried, which was held against what is no longer in force; the evidence is kept."""
    return [
        Stopped(one.proposed.trial, TAKEN_BACK, False, one.gain.wealth, one.pairs, one.evidence())
        for one in tuning.under_way.values()
    ]


def _compared(tuning: Tuning, found: Trial) -> Sequence[TuningEvent]:
    """A return to the baseline: is what is in force still the better?  It takes no claim to go home."""
    is_over = found.next_pair > found.proposed.most_pairs
    if found.pairs < RETURN_PAIRS and not is_over and not found.harm_found():
        return ()
    gains = [
        found.differences[one].mean / max(found.proposed.scales.get(one, trial.SPREADS[one]), 0.02)
        for one in MEASURES
        if found.differences[one].n
    ]
    mean = sum(gains) / len(gains) if gains else 0.0
    error = math.sqrt(2 / (found.pairs * len(gains))) if gains and found.pairs else math.inf
    said = f"over {found.pairs} pairs the baseline was {abs(mean):.2f} standard deviations "
    if mean <= 0 or found.harm_found():
        return (Renewed(found.proposed.trial, said + "worse", found.pairs, found.evidence()),)
    if mean >= error:
        under_way = [one for one in _leaning(tuning, _off_baseline(tuning)) if one.trial != found.proposed.trial]
        back = Reset(said + "better", dict(tuning.values), trial=found.proposed.trial, ends_all=False)
        return (*under_way, back)
    if not is_over:
        return ()
    return (
        Renewed(found.proposed.trial, said + "better, which is no more than chance", found.pairs, found.evidence()),
    )


def _proposal(tuning: Tuning, without: Collection[str] = ()) -> Proposed | None:
    """What is tried next, if anything; nothing of those that mean nothing for the session that would begin it."""
    steps = {one.proposed.parameter for one in tuning.under_way.values()}
    if tuning.begun < tuning.quiet_until or len(tuning.history) < LEAST_HISTORY or "" in steps:
        return None
    gated = [one for one in tuning.history if one.success is not None]
    settings = settings_digest()
    if tuning.values != BASELINE and tuning.begun - tuning.compared_at >= RETURN_AFTER:
        return Proposed(
            f"return-{tuning.begun}",
            0,
            "",
            "",
            "",
            f"{RETURN_AFTER} sessions since the last comparison with the baseline",
            MEASURES,
            0.0,
            _scales(gated),
            None,
            2 * RETURN_PAIRS,
            RETURN_AFTER,
            settings,
        )
    if len(steps) >= MOST_CROSSED:
        return None
    barred = {key for key, until in tuning.barred.items() if until > tuning.begun}
    barred |= {(name, value) for name in (*steps, *without) for value in PARAMETERS[name].values}
    chosen = _found_by_search(tuning, barred) or next(
        iter(proposals(Standing.of(gated), tuning.values, barred, tuning.tries)), None
    )
    if chosen is None:
        return None
    step = (chosen.parameter, tuning.values[chosen.parameter], chosen.value)
    earlier = tuning.paused.get(step)
    number = tuning.trials + 1 if earlier is None else earlier.proposed.number
    successes = sum(bool(one.success) for one in gated)
    again = f".{tuning.tries[step] + 1}" if earlier is not None else ""
    return Proposed(
        f"trial-{number}{again}",
        number,
        chosen.parameter,
        tuning.values[chosen.parameter],
        chosen.value,
        chosen.because,
        aims_of(PARAMETERS[chosen.parameter], *step[1:]) if earlier is None else earlier.proposed.aims,
        budget_of(number, BUDGET, inherited=tuning.bequests.get(number, 0.0)) if earlier is None else earlier.alpha,
        _scales(gated),
        surely(successes, len(gated) - successes),
        MOST_PAIRS,
        RETURN_AFTER,
        settings,
    )


def _found_by_search(tuning: Tuning, barred: Collection[tuple[str, Value]]) -> Proposal | None:
    """The step that the last search said, while it is one from what is in force and nothing bars it."""
    found = tuning.searched
    if found is None or not found.parameter or (found.parameter, found.after) in barred:
        return None
    if not PARAMETERS[found.parameter].means_something(tuning.values):
        return None
    if tuning.values[found.parameter] != found.before or tuning.begun - tuning.searched_at >= SEARCH_EVERY:
        return None
    gains = ", ".join(f"{aim} {gain:+.2f}" for aim, gain in found.gains.items())
    because = f"{found.search} ({found.engine}, seed {found.seed}): a step towards what is expected to gain {gains}"
    return Proposal(found.parameter, found.after, because, 0.0)


def search_due(tuning: Tuning, *, fixed: Mapping[str, Value] | None = None) -> bool:
    """Whether the next session could begin a step, and what to try was not searched for lately.

    Args:
        fixed: As of :func:`on_open`.
    """
    if tuning.state != "on" or fixed or _is_new(tuning) or tuning.comparison is not None:
        return False
    if tuning.begun < tuning.quiet_until or len(tuning.history) < LEAST_HISTORY:
        return False
    return len(tuning.under_way) < MOST_CROSSED and tuning.begun - tuning.searched_at >= SEARCH_EVERY


def _scales(results: Sequence[SessionResult]) -> Mapping[Measure, float]:
    """How far single sessions differ, measure by measure."""
    found: dict[Measure, float] = {}
    for measure in MEASURES:
        moments = Moments()
        for one in results:
            value = reading(one, measure)
            if value is not None:
                moments.take(value)
        found[measure] = round(moments.spread, 6) if moments.n >= LEAST_HISTORY else trial.SPREADS[measure]
        found[measure] = max(found[measure], 0.02)
    return found
