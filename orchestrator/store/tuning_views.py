"""Show where tuning stands, what it has decided, and derive a decision again from the journals it rests on."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from orchestrator.errors import EnvironmentUnfit, OrchestrateError, UsageError
from orchestrator.narration.formatting import counted
from orchestrator.store.parameter_search import FROM_RECORD, pareto_front
from orchestrator.store.recorded_sessions import sessions_again
from orchestrator.store.redecision import predicted
from orchestrator.store.tuning_log import TuningRecord, result_from_journal
from orchestrator.tuning.expectations import expectations
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, Value
from orchestrator.tuning.predictions import CANNOT_JUDGE, CANNOT_SHOW
from orchestrator.tuning.trial import Trial
from orchestrator.tuning.tuner import BARRED_FOR, RETURN_AFTER, WATCH, Tuning, apply, settings_digest
from orchestrator.tuning.tuning_events import (
    Abandoned,
    Assigned,
    Claimed,
    Escalated,
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
from orchestrator.value_class import value_class

_MOST_NAMED: Final = 20


def switched(tuning: Tuning, to: Literal["on", "off", "frozen"], *, by: str) -> Sequence[Switched]:
    """The event that switches it, with a seed where it has none yet; none where it stands so already."""
    if tuning.state == to:
        return ()
    return (Switched(to, by, "" if tuning.seed else secrets.token_hex(16)),)


@value_class
class Step:
    """One step that is tried."""

    trial: str = ""
    tries: str = ""
    """What is tried, in words."""
    pairs: int = 0
    e_value: float = 1.0
    needed: float = 0.0


@value_class
class Status:
    """Where tuning stands."""

    state: str
    values: Mapping[str, Value]
    changed: Mapping[str, str]
    """Parameters that are not at their default, and the trial that did it; empty where a later one was taken back."""
    sessions: int
    trials: int
    settings: str
    trial: str = ""
    """The step that began first; what follows is told of it."""
    tries: str = ""
    pairs: int = 0
    e_value: float = 1.0
    needed: float = 0.0
    steps: tuple[Step, ...] = ()
    """Every step that is tried."""
    lines: tuple[str, ...] = field(default=())
    """All of it, for people."""


def status_of(tuning: Tuning, stated: Mapping[str, Value] | None = None) -> Status:
    """Where it stands, in figures and in words.

    Args:
        stated: What the user's settings hold parameters at.
    """
    stated = stated or {}
    trials = {name: kept.claimed.trial for name, kept in tuning.kept.items()}
    changed = {name: trials.get(name, "") for name, value in tuning.values.items() if value != BASELINE[name]}
    lines = [f"tuning is {tuning.state}; {tuning.begun} sessions, {tuning.trials} steps tried"]
    for name, value in tuning.values.items():
        unit = f" {PARAMETERS[name].unit}" if PARAMETERS[name].unit else ""
        why = f" (default {BASELINE[name]}; {changed[name] or 'an earlier step'})" if name in changed else ""
        held = f"; your settings hold it at {stated[name]}" if name in stated else ""
        lines.append(f"  {name:<25}{value}{unit}{why}{held}")
    steps = tuple(_step(one) for one in tuning.under_way.values())
    for one, step in zip(tuning.under_way.values(), steps, strict=True):
        lines.append(f"{step.trial} tries {step.tries}: {one.proposed.because}")
        bound = f"{step.pairs} pairs of at most {one.proposed.most_pairs}"
        lines.append(f"  {bound}; e-value {step.e_value:.2f} of {step.needed:.0f}")
        lines += _offline_of(tuning, one.proposed)
    lines += [
        f"{one.judgement} dropped {_step_words(one)}: {one.prediction.in_words()}"
        for one, at in tuning.judged.values()
        if one.prediction.is_harmful and tuning.begun - at < BARRED_FOR
    ]
    if tuning.searched is not None:
        lines.append(_search_words(tuning.searched))
    first = steps[0] if steps else Step()
    for kept in tuning.kept.values():
        if kept.results < WATCH and kept.claimed.parameter == tuning.watched:
            lines.append(f"{kept.claimed.trial} is watched: {kept.results} of {WATCH} sessions")
    return Status(
        tuning.state,
        dict(tuning.values),
        changed,
        tuning.begun,
        tuning.trials,
        settings_digest(),
        first.trial,
        first.tries,
        first.pairs,
        first.e_value,
        first.needed,
        steps,
        tuple(lines),
    )


def _step(found: Trial) -> Step:
    needed = found.needed if found.alpha else 0.0
    return Step(found.proposed.trial, _tried(found.proposed), found.pairs, found.gain.wealth, needed)


def _offline_of(tuning: Tuning, proposed: Proposed) -> Sequence[str]:
    """What journals said of a step before it began."""
    known = tuning.judged.get((proposed.parameter, proposed.before, proposed.after))
    if known is not None:
        one = known[0]
        source = f"{one.judgement}, from {counted(len(one.journals), 'journal')} at no tokens"
        return [
            f"  {source}: {one.prediction.in_words()}",
            f"  it cannot show {CANNOT_SHOW[one.parameter]}",
        ]
    if proposed.parameter in CANNOT_JUDGE:
        return [f"  not judged from journals: {CANNOT_JUDGE[proposed.parameter]}"]
    return ["  not judged from journals: no session on record ran with what it leaves"] if proposed.parameter else []


def _step_words(one: Redecided) -> str:
    return f"{one.parameter} {one.before} → {one.after}"


def _tried(proposed: Proposed) -> str:
    if not proposed.parameter:
        return "the baseline against what is in force"
    return f"{proposed.parameter} {proposed.before} → {proposed.after}"


@value_class
class Decision:
    """One line of the history."""

    at: datetime
    trial: str
    kind: str
    words: str
    inverse: str = ""
    """What takes it back."""


def decisions_of(records: Iterable[TuningRecord]) -> Sequence[Decision]:
    """Every decision, and every command of a person, in order."""
    found = []
    for record in records:
        for event in record.events:
            told = _words(event)
            if told is not None:
                trial, words, inverse = told
                found.append(Decision(record.at, trial, event.kind, words, inverse))
    return found


def _words(event: TuningEvent) -> tuple[str, str, str] | None:
    """The trial, what happened, and how it is taken back; ``None`` for what is no decision."""
    match event:
        case Switched(to=to, by=by):
            return "", f"switched {to} by a {by}", ""
        case Redecided():
            verb = "dropped" if event.prediction.is_harmful else "judged"
            said = f"{event.judgement} {verb} {_step_words(event)} from {counted(len(event.journals), 'journal')}: "
            return event.judgement, said + event.prediction.in_words(), ""
        case Searched():
            return event.search, _search_words(event), ""
        case Proposed():
            said = f"{event.trial} begins: {_tried(event)}; {event.because} (error budget {event.alpha:.4f})"
            return event.trial, said, ""
        case Claimed():
            said = f"{event.trial} claimed: {event.parameter} {event.before} → {event.after}, "
            said += f"e-value {event.e_value:.0f} of {event.needed:.0f} over {event.pairs} pairs; "
            said += f"against the baseline again within {RETURN_AFTER} sessions"
            return event.trial, said, f"orchestrate tune rollback {event.trial}"
        case Stopped():
            return event.trial, f"{event.trial} stopped: {event.because}", ""
        case RolledBack():
            said = f"{event.trial} taken back by {event.by}: {event.parameter} {event.before} → {event.after}"
            return event.trial, f"{said}; {event.because}", ""
        case Renewed():
            return event.trial, f"{event.trial}: what is in force stays; {event.because}", ""
        case Reset():
            was = ", ".join(f"{name} {value}" for name, value in event.values.items() if value != BASELINE.get(name))
            return event.trial, f"reset by {event.by}: {event.because}; it was {was or 'the baseline already'}", ""
        case Escalated():
            return "", f"for a person to look at: {event.because}", ""
        case Assigned() | Resulted() | Abandoned():
            return None


def _search_words(event: Searched) -> str:
    step = "nothing is to be tried"
    if event.parameter:
        step = f"{event.parameter} {event.before} → {event.after} is next"
    gains = ", ".join(f"{aim} {gain:+.2f}" for aim, gain in event.gains.items())
    said = f"{event.search} by {event.engine}, seed {event.seed}: {step}; {event.front} of {event.tries} settings "
    return said + f"are beaten by none, and the one that weighs most is expected to gain {gains}"


@value_class
class Explained:
    """A trial, derived again."""

    trial: str
    lines: tuple[str, ...]
    sessions: int
    gone: tuple[str, ...]
    """Sessions whose journal is not there any more: what the log says of them is taken."""
    differs: tuple[str, ...]
    """Sessions whose journal says otherwise than the log, and decisions that come out otherwise."""


def explained(events: Iterable[TuningEvent], trial: str) -> Explained:
    """Derive a trial's decision again from the journals of its sessions, or what journals said before it.

    Args:
        trial: Its name, or that of a judgement from journals.

    Raises:
        UsageError: There is no such trial or judgement.
    """
    if trial.startswith(("offline-", "search-")):
        return _explained_before(events, trial)
    tuning = Tuning()
    proposed: Proposed | None = None
    folders: dict[str, str] = {}
    lines: list[str] = []
    gone: list[str] = []
    unasked: list[str] = []
    differs: list[str] = []
    sessions = 0
    for event in events:
        if isinstance(event, Proposed) and event.trial == trial:
            proposed = event
            lines += [f"{trial} tries {_tried(event)}", f"  because {event.because}"]
            lines.append(f"  judged by {', '.join(event.aims)}; error budget {event.alpha:.4f}; rules {event.settings}")
            known = tuning.judged.get((event.parameter, event.before, event.after))
            lines += _again_offline(known[0], unasked, differs) if known is not None else _offline_of(tuning, event)
        if isinstance(event, Assigned) and any(one.trial == trial for one in event.places):
            folders[event.session] = event.folder
        if isinstance(event, Resulted) and event.result.session in folders:
            sessions += 1
            event = _again(event, folders[event.result.session], gone, differs)
        if isinstance(event, Claimed | Stopped | Renewed) and event.trial == trial:
            lines += _held_against(event, tuning, differs)
        if isinstance(event, RolledBack) and event.trial == trial:
            lines.append(f"  taken back by {event.by}: {event.because}")
        apply(tuning, event)
    if proposed is None:
        raise UsageError(f"there is no trial {trial!r}", hint="orchestrate tune history lists them")
    if proposed.settings != settings_digest():
        lines.append(f"  the rules are others now ({settings_digest()})")
    lines.append(f"  {sessions} sessions; {sessions - len(gone)} of them derived again from their journals")
    if gone:
        lines.append(f"  gone, so the log is taken at its word: {', '.join(gone[:_MOST_NAMED])}")
    lines += [f"  DIFFERS: {one}" for one in differs]
    return Explained(trial, tuple(lines), sessions, tuple(gone), tuple(differs))


def _explained_before(events: Iterable[TuningEvent], name: str) -> Explained:
    """What was said of steps before any began: by journals, or by a search."""
    tuning = Tuning()
    for event in events:
        if isinstance(event, Redecided) and event.judgement == name:
            return _judged_again(event)
        if isinstance(event, Searched) and event.search == name:
            return _searched_again(event, tuning)
        apply(tuning, event)
    raise UsageError(f"there is no {name!r}", hint="orchestrate tune history lists them")


def _judged_again(event: Redecided) -> Explained:
    """What journals said of a step, as the answer to a question of its own."""
    gone: list[str] = []
    differs: list[str] = []
    told = [*_again_offline(event, gone, differs), *(f"  DIFFERS: {one}" for one in differs)]
    return Explained(event.judgement, tuple(told), len(event.journals), tuple(gone), tuple(differs))


def _searched_again(event: Searched, tuning: Tuning) -> Explained:
    """A search, made once more from where tuning stood, where Optuna is there."""
    lines = [_search_words(event)]
    lines.append("  weights: " + ", ".join(f"{aim} {weight:g}" for aim, weight in event.weights.items()))
    for one in event.known:
        gains = ", ".join(f"{aim} {gain:+.3f}" for aim, gain in one.gains.items())
        lines.append(f"  {one.source} on {one.parameter} {one.before} → {one.after}: {gains}")
    differs = []
    if [one for one in event.known if one.source != FROM_RECORD] != list(expectations(tuning)):
        differs.append("what was expected of steps is not what the log says now")
    try:
        engine, front = pareto_front(tuning.values, event.known, seed=event.seed)
    except EnvironmentUnfit as error:
        lines.append(f"  not searched again: {error.message}")
    else:
        if engine != event.engine:
            lines.append(f"  not compared: this is {engine}")
        elif len(front) != event.front or dict(event.best) not in front:
            differs.append(f"{engine} finds another front with seed {event.seed}")
        else:
            lines.append(f"  searched again by {engine}: the same")
    lines += [f"  DIFFERS: {one}" for one in differs]
    return Explained(event.search, tuple(lines), 0, (), tuple(differs))


def _again_offline(event: Redecided, gone: list[str], differs: list[str]) -> Sequence[str]:
    """What journals said of a step, derived from them again; those that are gone or others now are named."""
    found, missing, changed = sessions_again(Path(event.workspace), event.journals)
    differs += [f"{name}: its journal is not the one that was decided from" for name in changed]
    source = counted(len(event.journals), "journal")
    lines = [
        f"{event.judgement} held {_step_words(event)} against {source}: {event.because}",
        f"  {event.prediction.in_words()}",
        f"  it cannot show {CANNOT_SHOW[event.parameter]}",
    ]
    if event.prediction.is_harmful:
        lines.append(f"  dropped, for what is in {', '.join(event.prediction.sessions[:_MOST_NAMED])}")
    if missing or changed:
        gone += missing
        return [
            *lines,
            f"  {counted(len(missing) + len(changed), 'journal')} gone or changed since: the log is taken at its word",
        ]
    again = predicted(found, event.parameter, event.after)
    if again != event.prediction:
        differs.append(f"{event.judgement}: the log has {event.prediction}, its journals say {again}")
    return [*lines, f"  derived again, from {counted(len(found), 'journal')}"]


def _again(event: Resulted, folder: str, gone: list[str], differs: list[str]) -> Resulted:
    """The same result from the session's journal, if that is still there."""
    name = event.result.session
    try:
        found: SessionResult | None = result_from_journal(Path(folder)) if folder else None
    except (OrchestrateError, ValueError, LookupError, OSError):
        found = None
    if found is None:
        gone.append(name)
        return event
    if found != event.result:
        differs.append(f"{name}: the log has {event.result}, its journal says {found}")
    return Resulted(found)


def _held_against(event: Claimed | Stopped | Renewed, tuning: Tuning, differs: list[str]) -> Sequence[str]:
    """What was decided, beside what comes out now."""
    found = tuning.under_way.get(event.trial)
    if found is None:
        return ()
    if found.evidence() != event.evidence:
        differs.append(f"the evidence of the decision ({event.evidence}) is not that of its journals")
    lines = [f"  {found.pairs} pairs that count, {event.pairs} when it was decided"]
    for measure, moments in found.differences.items():
        if moments.n:
            lines.append(f"  {measure:<14} {moments.mean:+.3f} a pair in the mean (spread {moments.spread:.3f})")
    if isinstance(event, Renewed):
        return [*lines, f"  stays: {event.because}"]
    if abs(found.gain.wealth - event.e_value) > 1e-6 * max(1.0, event.e_value):
        differs.append(f"the e-value was {event.e_value:.4g} and is {found.gain.wealth:.4g}")
    lines.append(f"  e-value {found.gain.wealth:.4g}, and {found.needed:.4g} is needed")
    if isinstance(event, Stopped):
        return [*lines, f"  stopped: {event.because}"]
    return [
        *lines,
        f"  claimed: {event.parameter} is {event.after}; orchestrate tune rollback {event.trial} takes it back",
    ]
