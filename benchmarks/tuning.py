"""Try tuning in worlds whose truth is known: false commits, power, rollbacks, oscillations, and a simulated year.

``python -m benchmarks.tuning [--seeds 1000] [--first-seed 1] [--worlds FILE]`` prints what it finds as it goes, and
then the tables of docs/tuning.md; it uses all cores.  Seeds 1 to 1,000 are the published ones: whoever changes the
tuner looks at others.  ``--search optuna --seeds 10 --first-seed 910001`` holds a year with searches against the same
year with rules; it takes the extra ``search`` and two minutes a year.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import random
import re
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator.store.parameter_search import searched
from orchestrator.store.tuning_log import TuningLog, line_of
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.tuning.proposals import WEIGHTS
from orchestrator.tuning.tuner import WINDOW, Tuning, apply, decide, on_open, on_result, surely
from orchestrator.tuning.tuning_events import (
    Assigned,
    Claimed,
    Escalated,
    Proposed,
    Reset,
    Resulted,
    RolledBack,
    SessionResult,
    Stopped,
    Switched,
    TuningEvent,
)

WORLDS = Path(__file__).with_name("tuning_worlds.toml")
KEPT_FOR = 30
"""Sessions after which a change that is still in force is called kept."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What sessions with certain values are drawn from."""

    success: float
    """Log-odds."""
    hours: float
    cost: float
    interventions: float
    failures: float
    utilisation: float

    @property
    def rate(self) -> float:
        return 1 / (1 + math.exp(-self.success))

    @property
    def velocity(self) -> float:
        """Successes an hour."""
        return self.rate / self.hours


@dataclass(frozen=True, slots=True)
class World:
    """One world of a file."""

    name: str
    year: Mapping[str, float]
    baseline: Mapping[str, float]
    effects: Mapping[str, Mapping[str, Mapping[str, float]]]

    def truth(self, values: Mapping[str, Value]) -> Truth:
        """What these values lead to, without season and drift."""
        base = self.baseline
        found = dict(base) | {"success": math.log(base["success"] / (1 - base["success"]))}
        for name, value in values.items():
            for what, effect in self.effects.get(name, {}).get(str(value), {}).items():
                found[what] = found[what] + effect if what == "success" else found[what] * effect
        return Truth(
            found["success"],
            found["hours"],
            found["cost"],
            found["interventions"],
            found["failures"],
            found["utilisation"],
        )

    def gain(self, before: Mapping[str, Value], after: Mapping[str, Value]) -> float:
        """How much better the second values are, by the weights of :data:`WEIGHTS`; each aim in its own size."""
        one, other = self.truth(before), self.truth(after)
        risk = (other.interventions / one.interventions + other.failures / one.failures) / 2 - 1
        return (
            WEIGHTS["velocity"] * math.log(other.velocity / one.velocity)
            + WEIGHTS["quality"] * math.log(other.rate / one.rate)
            - WEIGHTS["cost"] * math.log(other.cost / one.cost)
            - WEIGHTS["risk"] * risk
        )

    def best(self) -> tuple[Mapping[str, Value], Truth]:
        """The values with the most successes an hour among all that can be reached."""
        names = [name for name in PARAMETERS if name in self.effects]
        return max(
            (
                (values := {**BASELINE, **dict(zip(names, one, strict=True))}, self.truth(values))
                for one in _grid(names)
            ),
            key=lambda pair: pair[1].velocity,
        )


def _grid(names: Sequence[str]) -> Iterator[tuple[Value, ...]]:
    return itertools.product(*(PARAMETERS[name].values for name in names))


def read_worlds(path: Path) -> tuple[Mapping[str, World], Mapping[str, Any]]:
    """The worlds of a file, and the file itself."""
    data = tomllib.loads(path.read_text())
    worlds = {
        name: World(name, data["year"], data["baseline"], one.get("effects", {}))
        for name, one in data["worlds"].items()
    }
    for world in worlds.values():
        for name, effects in world.effects.items():
            known = {str(value) for value in PARAMETERS[name].values}
            unknown = set(effects) - known
            if unknown:
                raise SystemExit(f"{path}: {world.name}: {name} has no value {', '.join(sorted(unknown))}")
    return worlds, data


@dataclass(slots=True)
class Run:
    """What one run came to."""

    commits: int = 0
    false_commits: int = 0
    rollbacks: int = 0
    false_rollbacks: int = 0
    """Of them, those of a change that was for the better."""
    resets: int = 0
    escalations: int = 0
    stopped: int = 0
    proposals: int = 0
    oscillations: int = 0
    steps: int = 0
    """Changes of more than one place."""
    kept: int = 0
    kept_worse: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)
    """Successes, hours, interventions, failures, utilisation."""
    static: list[float] = field(default_factory=lambda: [0.0] * 5)
    last: list[float] = field(default_factory=lambda: [0.0] * 5)
    """The same of the last quarter."""
    last_static: list[float] = field(default_factory=lambda: [0.0] * 5)
    final: dict[str, Value] = field(default_factory=dict)


def _poisson(random_: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), random_.random(), 0
    while product > limit:
        product *= random_.random()
        count += 1
    return count


def draw(world: World, truth: Truth, random_: random.Random, name: str, shift: float) -> SessionResult:
    """One session."""
    base = world.baseline
    known = random_.random() >= world.year["unknown"]
    rate = 1 / (1 + math.exp(-(truth.success + shift)))
    return SessionResult(
        name,
        (random_.random() < rate) if known else None,
        truth.hours * math.exp(random_.gauss(0, base["hours_spread"])),
        truth.cost * math.exp(random_.gauss(0, base["cost_spread"])),
        _poisson(random_, truth.interventions),
        _poisson(random_, truth.failures),
        min(1.0, max(0.0, random_.gauss(truth.utilisation, base["utilisation_spread"]))),
    )


def _expected(truth: Truth, shift: float) -> tuple[float, ...]:
    rate = 1 / (1 + math.exp(-(truth.success + shift)))
    return rate, truth.hours, truth.interventions, truth.failures, truth.utilisation


def year(world: World, seed: int, *, is_searched: bool = False) -> Run:
    """A year of sessions with tuning, beside what static settings would have come to.

    Args:
        is_searched: Optuna says which step is tried next, where it is due; there are no journals.
    """
    random_, run, tuning = random.Random(seed), Run(), Tuning()
    apply(tuning, Switched("on", "benchmark", str(seed)))
    sessions, year_ = int(world.year["sessions"]), world.year
    static, truths = world.truth(BASELINE), {}
    due: dict[int, list[SessionResult]] = {}
    changes: list[tuple[int, str, Value, Value]] = []
    pending: list[tuple[int, Claimed, float]] = []
    drift = 0.0

    def take(events: Sequence[TuningEvent]) -> None:
        for event in events:
            before = dict(tuning.values)
            apply(tuning, event)
            _count(run, world, event, before=before, begun=tuning.begun, changes=changes, pending=pending)

    for number in range(sessions):
        for result in due.pop(number, ()):
            take(on_result(tuning, result))
            take(decide(tuning))
        pending = _settle(run, pending, tuning, number)
        name = f"s{number}"
        if is_searched:
            take(searched(tuning, {}, list, fixed={}, without=()))
        events = on_open(tuning, name)
        take(events)
        assigned = next(event for event in events if isinstance(event, Assigned))
        drift += random_.gauss(0, year_["drift"] / math.sqrt(10))
        shift = drift + year_["season"] * math.sin(2 * math.pi * number / sessions)
        key = tuple(assigned.values.values())
        if key not in truths:
            truths[key] = world.truth(assigned.values)
        truth = truths[key]
        delay = 1
        while delay < year_["longest_delay"] and random_.random() > 1 / year_["delay"]:
            delay += 1
        due.setdefault(number + delay, []).append(draw(world, truth, random_, name, shift))
        for sums, static_sums in ((run.sums, run.static), (run.last, run.last_static)):
            if sums is run.last and number < 0.75 * sessions:
                continue
            for index, (one, other) in enumerate(zip(_expected(truth, shift), _expected(static, shift), strict=True)):
                sums[index] += one
                static_sums[index] += other
    run.final = dict(tuning.values)
    return run


def _count(
    run: Run,
    world: World,
    event: TuningEvent,
    *,
    before: Mapping[str, Value],
    begun: int,
    changes: list[tuple[int, str, Value, Value]],
    pending: list[tuple[int, Claimed, float]],
) -> None:
    match event:
        case Proposed():
            run.proposals += bool(event.parameter)
        case Claimed():
            gain = world.gain(before, {**before, event.parameter: event.after})
            run.commits += 1
            run.false_commits += gain <= 0
            pending.append((begun + KEPT_FOR, event, gain))
            _changed(run, changes, (begun, event.parameter, event.before, event.after), back=False)
        case RolledBack():
            run.rollbacks += 1
            run.false_rollbacks += world.gain(before, {**before, event.parameter: event.after}) < 0
            _changed(run, changes, (begun, event.parameter, event.before, event.after), back=True)
        case Reset():
            run.resets += 1
        case Stopped():
            run.stopped += 1
        case Escalated():
            run.escalations += 1
        case _:
            pass


def _changed(
    run: Run, changes: list[tuple[int, str, Value, Value]], change: tuple[int, str, Value, Value], *, back: bool
) -> None:
    """Count a claim that leads to where the parameter was less than three windows ago.

    That a change is taken back is no such claim, but the same change once more after it is.
    """
    begun, parameter, before, after = change
    values = PARAMETERS[parameter].values
    run.steps += abs(values.index(before) - values.index(after)) > 1
    for then, name, was, became in changes:
        if not back and name == parameter and (was, became) == (after, before) and begun - then < 3 * WINDOW:
            run.oscillations += 1
    changes.append(change)


def _settle(
    run: Run, pending: list[tuple[int, Claimed, float]], tuning: Tuning, number: int
) -> list[tuple[int, Claimed, float]]:
    """Changes that are still in force after some sessions are kept ones."""
    for at, event, gain in pending:
        if number >= at and tuning.values[event.parameter] == event.after:
            run.kept += 1
            run.kept_worse += gain < 0
    return [one for one in pending if number < one[0]]


def power(data: Mapping[str, Any], seed: int) -> int | None:
    """Pairs until .6 against .8 is claimed in the first trial of a run; ``None`` where it is not."""
    random_, tuning = random.Random(seed), Tuning()
    wanted = data["power"]
    trial = _only_success(wanted["pairs"])
    apply(tuning, Switched("on", "benchmark", str(seed)))
    apply(tuning, trial)
    number = 0
    while "trial-1" in tuning.under_way and number < 2 * wanted["pairs"]:
        event = _opened(tuning, f"s{number}")
        rate = wanted["to"] if event.arm == "candidate" else wanted["from"]
        for one in on_result(tuning, SessionResult(event.session, random_.random() < rate, 1, 1, 0, 0, 0.5)):
            apply(tuning, one)
        number += 1
        for decided in decide(tuning):
            if isinstance(decided, Claimed) and decided.trial == "trial-1":
                return decided.pairs
            apply(tuning, decided)
    return None


def _opened(tuning: Tuning, name: str) -> Assigned:
    """Open a session; further steps may begin beside the one that is asked about."""
    events = on_open(tuning, name)
    for event in events:
        apply(tuning, event)
    assigned = events[-1]
    assert isinstance(assigned, Assigned)
    return assigned


def _only_success(pairs: int, *, reference: float | None = 0.5) -> Proposed:
    from orchestrator.tuning.betting import budget_of
    from orchestrator.tuning.tuner import BUDGET

    return Proposed(
        "trial-1",
        1,
        "max_review_rounds",
        3,
        2,
        "",
        ("success",),
        budget_of(1, BUDGET),
        {"success": 0.46},
        reference,
        pairs,
        800,
        "",
    )


def regression(data: Mapping[str, Any], seed: int, *, planted: bool) -> int | None:
    """Sessions until a change that was claimed is taken back; ``None`` where it is not.

    The change was claimed after a trial of 100 pairs in which it succeeded at the rate from before.
    """
    random_, tuning, wanted = random.Random(seed), Tuning(), data["regression"]
    apply(tuning, Switched("on", "benchmark", str(seed)))
    apply(tuning, _only_success(100))
    trial_ = tuning.under_way["trial-1"]
    while trial_.pairs < 100:
        event = _opened(tuning, f"t{tuning.begun}")
        result = SessionResult(event.session, random_.random() < wanted["before"], 1, 1, 0, 0, 0.5)
        for one in on_result(tuning, result):
            apply(tuning, one)
    apply(tuning, Claimed("trial-1", "max_review_rounds", 3, 2, 60.0, 52.0, 100, "", surely(*trial_.candidate)))
    rate = wanted["after"] if planted else wanted["before"]
    for number in range(1, wanted["sessions"] + 1):
        assigned = Assigned(f"s{number}", dict(tuning.values))
        apply(tuning, assigned)
        for one in on_result(tuning, SessionResult(f"s{number}", random_.random() < rate, 1, 1, 0, 0, 0.5)):
            apply(tuning, one)
        if any(isinstance(one, RolledBack) for one in decide(tuning)):
            return number
    return None


def harmful_candidate(data: Mapping[str, Any], seed: int) -> int | None:
    """Sessions of a candidate that succeeds in .5, against .85, until its trial is stopped."""
    random_, tuning, wanted = random.Random(seed), Tuning(), data["regression"]
    apply(tuning, Switched("on", "benchmark", str(seed)))
    known = sum(random_.random() < wanted["before"] for _ in range(100))
    apply(tuning, _only_success(300, reference=surely(known, 100 - known)))
    candidates = 0
    while candidates < 300:
        event = _opened(tuning, f"s{tuning.begun}")
        candidates += event.arm == "candidate"
        rate = wanted["after"] if event.arm == "candidate" else wanted["before"]
        for one in on_result(tuning, SessionResult(event.session, random_.random() < rate, 1, 1, 0, 0, 0.5)):
            apply(tuning, one)
        if any(isinstance(one, Stopped) and one.is_harm and one.trial == "trial-1" for one in decide(tuning)):
            return candidates
    return None


def _changes(tuned: Sequence[float], static: Sequence[float]) -> tuple[float, ...]:
    """Velocity, interventions, failures, utilisation against static, as shares."""
    velocity = (tuned[0] / tuned[1]) / (static[0] / static[1]) - 1
    return velocity, tuned[2] / static[2] - 1, tuned[3] / static[3] - 1, tuned[4] / static[4] - 1


def print_year(world: World, runs: Sequence[Run]) -> None:
    """One world's lines of the table."""
    n, kept = len(runs), sum(run.kept for run in runs)
    false = sum(run.false_commits > 0 for run in runs)
    best, truth = world.best()
    static = world.truth(BASELINE)
    room = truth.velocity / static.velocity - 1
    print(f"\n{world.name}: {n} years")
    print(f"  runs with a false commit       {false / n:.1%}")
    print(
        "  a year: proposals {:.1f}, commits {:.2f}, rollbacks {:.3f}, resets {:.3f}, escalations {:.3f}".format(
            *(
                statistics.mean(getattr(run, what) for run in runs)
                for what in ("proposals", "commits", "rollbacks", "resets", "escalations")
            )
        )
    )
    commits = sum(run.commits for run in runs)
    if commits:
        print(f"  claims falsely taken back      {sum(run.false_rollbacks for run in runs) / commits:.2%} of {commits}")
    print(f"  oscillations                   {sum(run.oscillations for run in runs)}")
    print(f"  steps beyond one place         {sum(run.steps for run in runs)}")
    if kept:
        print(
            f"  kept no worse after {KEPT_FOR}         {1 - sum(run.kept_worse for run in runs) / kept:.1%} of {kept}"
        )
    print(f"  best reachable velocity        {room:+.1%} ({', '.join(f'{k}={v}' for k, v in best.items())})")
    for said, tuned, untuned in (("whole year", "sums", "static"), ("last quarter", "last", "last_static")):
        found = [_changes(getattr(run, tuned), getattr(run, untuned)) for run in runs]
        mean = [statistics.mean(column) for column in zip(*found, strict=True)]
        share = f", {mean[0] / room:.0%} of the room" if room > 0.001 else ""
        print(
            f"  {said:<13} velocity {mean[0]:+.1%}{share}, interventions {mean[1]:+.1%}, "
            f"failures {mean[2]:+.1%}, utilisation {mean[3]:+.1%}"
        )


@dataclass(slots=True)
class Singles:
    """What single questions came to, in words."""

    power: str = ""
    regression: str = ""
    false_rollbacks: str = ""
    harmful: str = ""


def _year_changes(runs: Sequence[Run], *, last: bool = False) -> Sequence[float]:
    """The mean of :func:`_changes` over years, or over their last quarters."""
    sums = [(run.last, run.last_static) if last else (run.sums, run.static) for run in runs]
    return [statistics.mean(column) for column in zip(*(_changes(*one) for one in sums), strict=True)]


def print_tables(singles: Singles, years: Mapping[str, tuple[World, Sequence[Run]]], seeds: range) -> None:
    """The tables of docs/tuning.md, as they stand there."""
    runs = {name: found for name, (_, found) in years.items()}
    every = [run for found in runs.values() for run in found]
    room = runs["room"]
    commits, kept = sum(run.commits for run in room), sum(run.kept for run in room)
    false = ", ".join(f"{sum(run.false_commits > 0 for run in found) / len(found):.1%}" for found in runs.values())
    back, worse = sum(run.false_rollbacks for run in room), sum(run.kept_worse for run in room)
    oscillations = f"{sum(run.oscillations for run in every)} in {len(every):,} years"
    print(f"\nOf seeds {seeds.start:,} to {seeds.stop - 1:,}:\n\n| | Found | Wanted |\n| --- | --- | --- |")
    rows = (
        (".6 against .8 claimed within 200 pairs, as the first trial of a run", singles.power, "≥ 80 %"),
        ("success falls from .85 to .5 after a claim: taken back after", singles.regression, "≤ 20"),
        ("taken back although nothing fell, in 150 sessions", singles.false_rollbacks, "≤ 2 %"),
        ("a candidate that succeeds in .5, against .85: stopped after", singles.harmful, ""),
        (f"years with a false commit: {', '.join(f'`{name}`' for name in runs)}", false, "≤ 5 %"),
        (
            "claims that lead back within three windows (600 sessions), or to the same once more after it was taken "
            "back",
            oscillations,
            "0",
        ),
        (
            "claims that were for the better and were taken back (`room`)",
            f"{back / max(commits, 1):.2%} of {commits:,}",
            "≤ 2 %",
        ),
        ("kept changes that are no worse in truth (`room`)", f"{1 - worse / max(kept, 1):.1%} of {kept:,}", "≥ 95 %"),
    )
    for row in rows:
        print(f"| {' | '.join(_spaced(each) for each in row)} |".replace("|  |", "| |"))
    best = years["room"][0].best()[1].velocity / years["room"][0].truth(BASELINE).velocity - 1
    whole, last = _year_changes(room), _year_changes(room, last=True)
    print(f"\n`room` has a best reachable setting with {_spaced(f'{best:.1%}')} more velocity than the defaults have.")
    print("\n| | Whole year | Last quarter | Wanted |\n| --- | --- | --- | --- |")
    wanted = ("+15 %", "-50 %", "-25 %", "+20 %")
    names = ("velocity (verified successes an hour)", "interventions", "coordination failures", "utilisation")
    for number, name in enumerate(names):
        cells = [_spaced(f"{one[number]:+.1%}") for one in (whole, last)]
        if number == 0:
            shares = [f"{one[0] / best:.0%}" for one in (whole, last)]
            cells = [
                f"{cells[0]} ({_spaced(shares[0])} of the room)",
                f"{cells[1]} ({_spaced(shares[1])})",
            ]
        print(f"| {name} | {' | '.join(cells)} | {wanted[number]} |")
    for name in runs.keys() - {"room"}:
        said = [
            ", ".join(_spaced(f"{change:+.1%}") for change in _year_changes(runs[name], last=is_last))
            for is_last in (False, True)
        ]
        print(f"\n`{name}`, velocity, interventions, failures, utilisation: {said[0]}; in the last quarter {said[1]}")


def _spaced(text: str) -> str:
    """A percent sign as the docs have it."""
    return re.sub(r"(?<=[0-9])%", " %", text)


def print_search(world: World, seeds: Sequence[int], pool: ProcessPoolExecutor) -> None:
    """A year with searches beside the same year with rules, as the table of docs/tuning.md has it."""
    print(f"| {len(seeds)} years of `{world.name}`, seeds from {seeds[0]:,} | rules | Optuna |\n| --- | --- | --- |")
    found = [_mapped(partial(year, world, is_searched=one), seeds, pool, chunk=1) for one in (False, True)]
    names = ("velocity", "interventions", "coordination failures", "utilisation")
    changes = [_year_changes(runs) for runs in found]
    for number, name in enumerate(names):
        print(f"| {name} | {' | '.join(_spaced(f'{one[number]:+.1%}') for one in changes)} |")
    for name, what in (("steps tried", "proposals"), ("claims", "commits")):
        means = [statistics.mean(getattr(run, what) for run in runs) for runs in found]
        print(f"| {name} a year | {' | '.join(f'{one:.1f}' for one in means)} |")
    false = [_spaced(f"{sum(run.false_commits > 0 for run in runs) / len(runs):.0%}") for runs in found]
    print(f"| years with a false commit | {' | '.join(false)} |")


def print_cost(sessions: int) -> None:
    """What a session pays while tuning is off, and while it is on and tries nothing: processor time, and no token."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-tuning-") as made:
        log, tuning = TuningLog(Path(made)), Tuning()
        log.act(lambda tuning: [Switched("on", "benchmark", "seed"), Switched("frozen", "benchmark")])
        with log.path.open("ab") as file:
            apply(tuning, Switched("frozen", "benchmark"))
            for number in range(sessions):
                opened = on_open(tuning, f"session-{number:08}", folder=f"/workspace/session-{number:08}")
                told = Resulted(SessionResult(f"session-{number:08}", True, 0.5, 1.0, 1.0, 0.0, 0.9))
                for events in (opened, (told,)):
                    file.write(line_of(events, at=datetime.now(UTC)))
        began = time.process_time()
        log.act(partial(on_open, session="new", folder="/workspace/new"))
        log.act(partial(on_result, result=SessionResult("new", True, 0.5, 1.0, 1.0, 0.0, 0.9)))
        on = time.process_time() - began
        log.act(lambda tuning: [Switched("off", "benchmark")])
        began = time.process_time()
        assert log.is_off()
        off = time.process_time() - began
    found = f"{on * 1e3:.1f} ms of processor time, {off * 1e3:.1f} ms while it is off"
    print(f"after {sessions} sessions one more takes {found}")


def _mapped(function: Any, seeds: Sequence[int], pool: ProcessPoolExecutor, *, chunk: int = 5) -> list[Any]:
    return list(pool.map(function, seeds, chunksize=chunk))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--worlds", type=Path, default=WORLDS)
    parser.add_argument("--only", help="one world of the file")
    parser.add_argument("--search", choices=("optuna",), help="hold searches against rules in one world, and no more")
    parser.add_argument("--cost", type=int, metavar="SESSIONS", help="only time the log after so many sessions")
    options = parser.parse_args()
    if options.cost is not None:
        print_cost(options.cost)
        return 0
    worlds, data = read_worlds(options.worlds)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        if options.search:
            print_search(worlds[options.only or "room"], seeds, pool)
        else:
            singles, years = print_singles(data, seeds, pool), dict[str, tuple[World, Sequence[Run]]]()
            for world in worlds.values():
                if options.only in (None, world.name):
                    years[world.name] = world, _mapped(partial(year, world), seeds, pool)
                    print_year(*years[world.name])
            if {"power", "regression"} <= data.keys() and "room" in years:
                print_tables(singles, years, seeds)
    print(f"\n{len(seeds)} seeds from {seeds.start}, {time.monotonic() - began:.0f} s")
    return 0


def print_singles(data: Mapping[str, Any], seeds: Sequence[int], pool: ProcessPoolExecutor) -> Singles:
    """The single questions of a file, and what they came to."""
    singles = Singles()
    if "power" in data:
        found = [one for one in _mapped(partial(power, data), seeds, pool) if one is not None]
        median = statistics.median(found or [0])
        singles.power = f"{len(found) / len(seeds):.1%}, after {median:.0f} pairs in the median"
        print(f"power: claimed in {singles.power}")
    if "regression" in data:
        back = _mapped(partial(regression, data, planted=True), seeds, pool)
        singles.regression = f"{_median(back):.0f} sessions in the median"
        false = sum(one is not None for one in _mapped(partial(regression, data, planted=False), seeds, pool))
        singles.false_rollbacks = f"{false / len(seeds):.1%}"
        singles.harmful = (
            f"{_median(_mapped(partial(harmful_candidate, data), seeds, pool)):.0f} of its sessions in the median"
        )
        print(f"regression: taken back after {singles.regression}")
        print(f"  false rollbacks {singles.false_rollbacks}")
        print(f"  a harmful candidate is stopped after {singles.harmful}")
    return singles


def _median(found: Sequence[int | None]) -> float:
    return statistics.median([one if one is not None else 10**6 for one in found])


if __name__ == "__main__":
    sys.exit(main())
