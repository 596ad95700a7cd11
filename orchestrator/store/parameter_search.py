"""Look for the setting that weighs most among those that no other beats in every aim; needs the extra ``search``.

Optuna is imported when somebody searches, and never else.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.store.recorded_reviews import RecordedSession
from orchestrator.store.redecision import predicted, told_of
from orchestrator.tuning.expectations import AIMS, expectations, expected, from_journals, gain_of, weighed
from orchestrator.tuning.parameters import PARAMETERS, Value
from orchestrator.tuning.predictions import CANNOT_SHOW, Expectation
from orchestrator.tuning.proposals import WEIGHTS
from orchestrator.tuning.tuner import Tuning, search_due
from orchestrator.tuning.tuning_events import Searched

TRIES: Final = 200
"""Settings that a search looks at."""
POPULATION: Final = 40
BY_RULES: Final = "orchestrate settings set tuning.search rules"
FROM_RECORD: Final = "journals"
"""The source of what no trial and no judgement tells."""


def searched(
    tuning: Tuning,
    weights: Mapping[str, float],
    recorded: Callable[[], Sequence[RecordedSession]],
    *,
    fixed: Mapping[str, Value],
    without: Collection[str],
) -> Sequence[Searched]:
    """Search where it is time to, and say which step leads to what was found.  Takes a second or two.

    Args:
        weights: What each aim counts, in the user's own figures; see :func:`shares_of`.
        recorded: Reads the sessions on record.
        fixed: As of :func:`orchestrator.tuning.tuner.on_open`.
        without: As of :func:`orchestrator.tuning.tuner.on_open`.

    Raises:
        EnvironmentUnfit: Optuna is not installed, or failed.
    """
    if not search_due(tuning, fixed=fixed):
        return ()
    name = f"search-{tuning.searches + 1}"
    seed = int.from_bytes(hashlib.sha256(f"{tuning.seed}:{name}".encode()).digest()[:4])
    told = expectations(tuning)
    known, shares = (*told, *_from_record(tuning.values, told, recorded())), shares_of(weights)
    engine, front = pareto_front(tuning.values, known, seed=seed)
    here = places_of(tuning.values)

    def worth(point: Mapping[str, Value]) -> tuple[float, int]:
        """Of two that weigh the same the one with fewer steps is the better."""
        steps = sum(abs(one - other) for one, other in zip(places_of(point), here, strict=True))
        return round(weighed(expected(point, tuning.values, known), shares), 9), -steps

    best = max(front, key=worth)
    step = first_step(best, tuning, known, shares, without=without)
    gains = expected(best, tuning.values, known)
    parameter, after = step or ("", "")
    return (
        Searched(
            search=name,
            engine=engine,
            seed=seed,
            tries=TRIES,
            weights=shares,
            known=known,
            front=len(front),
            best=best,
            gains=dict(zip(AIMS, gains, strict=True)),
            parameter=parameter,
            before=tuning.values.get(parameter, ""),
            after=after,
        ),
    )


def _from_record(
    values: Mapping[str, Value], told: Sequence[Expectation], recorded: Sequence[RecordedSession]
) -> Iterator[Expectation]:
    """What journals say of the steps from what is in force that nothing else tells of, but for harmful ones."""
    of_those = {(one.parameter, one.before, one.after) for one in told}
    for name in (one for one in CANNOT_SHOW if PARAMETERS[one].means_something(values)):
        sessions = told_of(recorded, name, values[name])
        for after in PARAMETERS[name].neighbours(values[name]) if sessions else ():
            prediction = predicted(sessions, name, after)
            if (name, values[name], after) not in of_those and not prediction.is_harmful:
                yield from_journals(name, values[name], after, prediction, len(sessions), FROM_RECORD)


def shares_of(weights: Mapping[str, float]) -> Mapping[str, float]:
    """The weights of all aims as shares of 1; those that nobody says are the defaults."""
    known = {aim: float(weights.get(aim, WEIGHTS[aim])) for aim in AIMS}
    total = sum(known.values())
    return {aim: round(weight / total, 6) for aim, weight in known.items()}


def pareto_front(
    values: Mapping[str, Value], known: Sequence[Expectation], *, seed: int
) -> tuple[str, Sequence[Mapping[str, Value]]]:
    """Settings of the table that no other one found beats in every aim, and by which program they were found.

    Raises:
        EnvironmentUnfit: Optuna is not installed, or failed.
    """
    try:
        optuna: Any = importlib.import_module("optuna")
    except ImportError as error:
        raise EnvironmentUnfit(
            "Optuna is not installed",
            hint='install the extra: pip install "orchestrate-agents[search]", in a checkout .venv/bin/python -m pip '
            f"install --require-hashes -r requirements-search.lock; or {BY_RULES}",
        ) from error
    try:
        points = _found_by(optuna, values, known, seed=seed)
    except Exception as error:
        # It is somebody else's program, and no session is to fail by it.
        raise EnvironmentUnfit(f"Optuna failed: {error}", hint=BY_RULES) from error
    found = {places_of(point): point for point in points}
    return f"optuna {optuna.__version__}", [found[key] for key in sorted(found)]


def _found_by(
    optuna: Any, values: Mapping[str, Value], known: Sequence[Expectation], *, seed: int
) -> Sequence[Mapping[str, Value]]:
    """The settings that no other beats in every aim, of those that it looked at."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    # What nothing is known of stays as it is, and so does what no trial is made of.
    names = sorted(name for name in {one.parameter for one in known} if PARAMETERS[name].is_tried)

    def looked_at(trial: Any) -> tuple[float, ...]:
        point = {name: trial.suggest_categorical(name, PARAMETERS[name].values) for name in names}
        return expected(point, values, known)

    sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=POPULATION)
    study = optuna.create_study(directions=["maximize"] * len(AIMS), sampler=sampler)
    study.enqueue_trial({name: values[name] for name in names})
    study.optimize(looked_at, n_trials=TRIES)
    return [{**values, **one.params} for one in study.best_trials]


def places_of(point: Mapping[str, Value]) -> tuple[int, ...]:
    """The place of each value of a setting in the table."""
    return tuple(one.values.index(point[name]) for name, one in PARAMETERS.items())


def first_step(
    best: Mapping[str, Value],
    tuning: Tuning,
    known: Sequence[Expectation],
    shares: Mapping[str, float],
    *,
    without: Collection[str],
) -> tuple[str, Value] | None:
    """The step towards a setting that gains most, of those that may be tried; ``None`` where none gains."""
    found: tuple[float, str, Value] = (0.0, "", "")
    under_way = {one.proposed.parameter for one in tuning.under_way.values()}
    for name, parameter in PARAMETERS.items():
        place, wanted = (parameter.values.index(one[name]) for one in (tuning.values, best))
        if place == wanted or name in without or name in under_way:
            continue
        after = parameter.values[place + int(math.copysign(1, wanted - place))]
        if tuning.barred.get((name, after), -1) > tuning.begun:
            continue
        gains = gain_of(name, tuning.values[name], after, known)
        gain = weighed([gains.get(aim, 0.0) for aim in AIMS], shares)
        if gain > found[0]:
            found = (gain, name, after)
    return (found[1], found[2]) if found[1] else None
