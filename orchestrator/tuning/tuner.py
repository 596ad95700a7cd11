"""Decide what tuning does next: the past goes in as events, what happens now comes out as events.

It takes no time and draws nothing: everything follows from the events alone, so that each decision can be made again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from orchestrator.tuning import betting, trial
from orchestrator.tuning.betting import budget_of
from orchestrator.tuning.intervals import wilson
from orchestrator.tuning.parameters import BASELINE, MEASURES, PARAMETERS, Measure, Value
from orchestrator.tuning.proposals import RULES, Standing, proposals
from orchestrator.tuning.trial import Moments, Trial, reading
from orchestrator.tuning.tuning_events import (
    Abandoned,
    Arm,
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

BUDGET: Final = 0.05
"""The chance of any false claim in the whole run of tuning is at most so much."""
LEAST_HISTORY: Final = 30
"""Sessions with a result before anything is tried."""
HISTORY: Final = 150
"""So many of the latest sessions say how things stand."""
MOST_PAIRS: Final = 300
COOL_DOWN: Final = 10
"""Sessions after a decision in which nothing is tried."""
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
MOST_AWAITED: Final = 500
"""Sessions whose result is awaited; older ones are given up."""
MOST_ROLLBACKS: Final = 3
"""So many rollbacks in :data:`HISTORY` sessions times four are for a person to look at."""


@cache
def settings_digest() -> str:
    """A hash over everything that decides: tables, rules, bounds."""
    known = [
        {name: repr(parameter) for name, parameter in PARAMETERS.items()},
        [repr(rule) for rule in RULES],
        [BUDGET, LEAST_HISTORY, HISTORY, MOST_PAIRS, COOL_DOWN, WINDOW, BARRED_FOR, WATCH],
        [FALL_AT, LATE_FALL_AT, FALL_SHARE, PAUSED_FOR],
        [RETURN_AFTER, RETURN_PAIRS, STALE_AFTER, MOST_ROLLBACKS, betting.SHARES],
        [trial.GUARD_AT, trial.FAST_AT, trial.FAST_SHARE, trial.LEAST_PAIRS, trial.MOST_LOSS, trial.CLIP],
        [trial.FUTILE_AFTER, trial.FUTILE_STEP, dict(trial.SPREADS), trial.GUARDED],
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
    trial: Trial | None = None
    trials: int = 0
    inherited: float = 0.0
    """What a claimed trial passes on of the error budget."""
    kept: dict[str, Kept] = field(default_factory=dict)
    """By parameter: the last change of each that is in force."""
    watched: str = ""
    """The parameter whose change is watched."""
    paused: dict[tuple[str, Value, Value], Trial] = field(default_factory=dict)
    """Trials that came to nothing yet, by their step: their evidence is kept, and their part of the budget."""
    tries: dict[tuple[str, Value, Value], int] = field(default_factory=dict)
    barred: dict[tuple[str, Value], int] = field(default_factory=dict)
    """Until which session a value is not tried."""
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


def fold(events: Iterable[TuningEvent]) -> Tuning:
    """Where tuning stands after all these."""
    tuning = Tuning()
    for event in events:
        apply(tuning, event)
    return tuning


def apply(tuning: Tuning, event: TuningEvent) -> None:  # noqa: C901 - one case an event
    """Take in what has happened."""
    match event:
        case Switched():
            tuning.state = event.to
            tuning.seed = event.seed or tuning.seed
        case Proposed():
            tuning.trial = Trial(event)
            earlier = tuning.paused.get((event.parameter, event.before, event.after))
            if earlier is not None:
                tuning.trial.go_on_from(earlier)
            elif event.parameter:
                tuning.trials = event.number
                tuning.inherited = 0.0
        case Assigned():
            tuning.begun += 1
            tuning.assigned[event.session] = event
            while len(tuning.assigned) > MOST_AWAITED:
                del tuning.assigned[next(iter(tuning.assigned))]
            if event.trial and tuning.trial is not None:
                tuning.trial.place(event.session, event.pair, event.arm)
                tuning.open[event.session] = tuning.begun
        case Resulted():
            _take_result(tuning, event.result)
        case Abandoned():
            tuning.assigned.pop(event.session, None)
            if tuning.open.pop(event.session, None) is not None and tuning.trial is not None:
                tuning.trial.take(event.session, None)
        case Claimed():
            _change(tuning, event.parameter, event.before, event.after)
            tuning.inherited += 1 / event.needed
            tuning.paused.pop((event.parameter, event.before, event.after), None)
            tuning.kept[event.parameter] = Kept(event, tuning.begun)
            tuning.watched = event.parameter
            tuning.history.clear()
            _end_trial(tuning)
        case Stopped():
            found = tuning.trial
            if found is not None and found.proposed.parameter:
                proposed = found.proposed
                step = (proposed.parameter, proposed.before, proposed.after)
                tuning.paused[step] = found
                tuning.tries[step] = tuning.tries.get(step, 0) + 1
                # What comes to nothing again and again is tried ever more rarely: trials have their price, too.
                quiet = (BARRED_FOR if event.is_harm else PAUSED_FOR) * 2 ** (tuning.tries[step] - 1)
                tuning.barred[proposed.parameter, proposed.after] = tuning.begun + quiet
            _end_trial(tuning)
        case RolledBack():
            _change(tuning, event.parameter, event.before, event.after)
            tuning.kept.pop(event.parameter, None)
            tuning.watched = ""
            tuning.history.clear()
            tuning.rollbacks.append(tuning.begun)
            _end_trial(tuning)
        case Renewed():
            tuning.compared_at = tuning.begun
            _end_trial(tuning)
        case Reset():
            for name, value in tuning.values.items():
                tuning.barred[name, value] = tuning.begun + BARRED_FOR
            tuning.values = dict(BASELINE)
            tuning.kept.clear()
            tuning.watched = ""
            tuning.history.clear()
            tuning.compared_at = tuning.begun
            _end_trial(tuning)
        case Escalated():
            tuning.escalated_at = tuning.begun


def _end_trial(tuning: Tuning) -> None:
    tuning.trial = None
    tuning.open.clear()
    tuning.quiet_until = tuning.begun + COOL_DOWN


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
    if tuning.trial is not None and result.session in tuning.open:
        del tuning.open[result.session]
        tuning.trial.take(result.session, result)
    if assigned.arm == "candidate" or dict(assigned.values) != tuning.values or result.success is None:
        return
    tuning.history.append(result)
    kept = tuning.kept.get(tuning.watched)
    if kept is not None and kept.results < WATCH:
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
    without: Collection[str] = (),
    folder: str = "",
) -> Sequence[TuningEvent]:
    """A session opens: which values it gets.

    Args:
        fixed: Values that the user has set by hand for it; they stand, and it takes part in no trial.
        without: Parameters that mean nothing for it, so that it takes part in no trial of theirs.
        folder: Where its journal lies.
    """
    if tuning.state == "off":
        return ()
    values = {**tuning.values, **(fixed or {})}
    found: list[TuningEvent] = [
        Abandoned(one) for one, begun in tuning.open.items() if tuning.begun - begun >= STALE_AFTER
    ]
    if found or fixed or tuning.state == "frozen":
        return (*found, Assigned(session, values, folder=folder))
    current = tuning.trial.proposed if tuning.trial is not None else _proposal(tuning)
    if current is None or (tuning.trial is not None and not tuning.trial.has_place()):
        return (Assigned(session, values, folder=folder),)
    if current.parameter in without or (not current.parameter and without):
        return (Assigned(session, values, folder=folder),)
    if tuning.trial is None:
        found.append(current)
    pair, free = tuning.trial.next_place() if tuning.trial is not None else (1, ("incumbent", "candidate"))
    arm = _drawn(tuning.seed, current.trial, pair) if len(free) == 2 else free[0]
    if arm == "candidate":
        values = dict(BASELINE) if not current.parameter else {**values, current.parameter: current.after}
    return (*found, Assigned(session, values, current.trial, arm, pair, folder))


def _drawn(seed: str, name: str, pair: int) -> Arm:
    """Which place of a pair comes first."""
    drawn = hashlib.sha256(f"{seed}:{name}:{pair}".encode()).digest()[0]
    return "candidate" if drawn % 2 else "incumbent"


def rolled_back(tuning: Tuning, trial_: str, *, by: str, because: str) -> RolledBack | None:
    """The inverse of a change that is in force, asked for by a person; ``None`` where there is none of that name."""
    for kept in tuning.kept.values():
        claimed = kept.claimed
        if claimed.trial == trial_:
            return RolledBack(trial_, claimed.parameter, claimed.after, claimed.before, because, by)
    return None


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
    if tuning.trial is None:
        return ()
    if not tuning.trial.proposed.parameter:
        return _compared(tuning, tuning.trial)
    found = tuning.trial
    what, because = found.verdict()
    if not what:
        return ()
    proposed = found.proposed
    if what == "claim":
        return (
            Claimed(
                proposed.trial,
                proposed.parameter,
                proposed.before,
                proposed.after,
                found.gain.wealth,
                found.needed,
                found.pairs,
                found.evidence(),
            ),
        )
    return (Stopped(proposed.trial, because, what == "harm", found.gain.wealth, found.pairs, found.evidence()),)


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
    """The end of the trial under way, which was made against what is no longer in force; its evidence is kept."""
    found = tuning.trial
    if found is None:
        return ()
    because = "what it was held against is taken back"
    return (Stopped(found.proposed.trial, because, False, found.gain.wealth, found.pairs, found.evidence()),)


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
        return (Reset(said + "better", dict(tuning.values), trial=found.proposed.trial),)
    if not is_over:
        return ()
    return (
        Renewed(found.proposed.trial, said + "better, which is no more than chance", found.pairs, found.evidence()),
    )


def _proposal(tuning: Tuning) -> Proposed | None:
    """What is tried next, if anything."""
    gated = [one for one in tuning.history if one.success is not None]
    if tuning.begun < tuning.quiet_until or len(gated) < LEAST_HISTORY:
        return None
    kept = tuning.kept.get(tuning.watched)
    if kept is not None and tuning.begun - kept.since < LEAST_HISTORY:
        return None
    scales = _scales(gated)
    successes = sum(bool(one.success) for one in gated)
    reference = surely(successes, len(gated) - successes)
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
            scales,
            None,
            2 * RETURN_PAIRS,
            RETURN_AFTER,
            settings,
        )
    barred = {key for key, until in tuning.barred.items() if until > tuning.begun}
    chosen = next(iter(proposals(Standing.of(gated), tuning.values, barred, tuning.tries)), None)
    if chosen is None:
        return None
    step = (chosen.parameter, tuning.values[chosen.parameter], chosen.value)
    earlier = tuning.paused.get(step)
    number = tuning.trials + 1 if earlier is None else earlier.proposed.number
    again = f".{tuning.tries[step] + 1}" if earlier is not None else ""
    return Proposed(
        f"trial-{number}{again}",
        number,
        chosen.parameter,
        tuning.values[chosen.parameter],
        chosen.value,
        chosen.because,
        PARAMETERS[chosen.parameter].aims,
        budget_of(number, BUDGET, inherited=tuning.inherited) if earlier is None else earlier.proposed.alpha,
        scales,
        reference,
        MOST_PAIRS,
        RETURN_AFTER,
        settings,
    )


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
