"""``orchestrate tune``: switch tuning on and off, see what it has done and why, and take it back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.shared_options import json_option

if TYPE_CHECKING:
    from orchestrator.store.tuning_log import TuningLog
    from orchestrator.tuning.tuning_events import TuningEvent

_MOST_SHOWN = 50


@click.group("tune", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Try out, in some of your sessions, whether one parameter is better a step on; keep what is, and say why.

    Off until you switch it on. docs/tuning.md says which parameters there are, and how sure a change has to be.
    """
    if context.invoked_subcommand is None:
        _status(as_json=as_json)


@command.command("status")
@json_option
def status(*, as_json: bool) -> None:
    """Show what is in force, what is tried, and how far that has come."""
    _status(as_json=as_json)


@command.command("history")
@json_option
def history(*, as_json: bool) -> None:
    """List every decision: what was tried, claimed, stopped and taken back, the newest last."""
    from orchestrator.cli.documents import document
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.store.tuning_views import decisions_of

    found = decisions_of(_log().read())
    if as_json:
        put_out(document(found))
        return
    if not found:
        put_out("nothing was decided yet")
    for one in found[-_MOST_SHOWN:]:
        put_out(f"{one.at:%Y-%m-%d %H:%M}  {one.words}")


@command.command("explain")
@click.argument("trial", metavar="ID")
@json_option
def explain(trial: str, *, as_json: bool) -> int:
    """Derive a decision again from the journals of its sessions, and say whether it comes out the same."""
    from orchestrator.cli.documents import document
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.errors import ExitCode
    from orchestrator.store.tuning_views import explained

    found = explained(_log().events(), trial)
    if as_json:
        put_out(document(found))
    else:
        for line in found.lines:
            put_out(line)
    return ExitCode.FAILED if found.differs else ExitCode.DONE


@command.command("on")
def on() -> None:
    """Switch tuning on: from now on some sessions open with one parameter a step on."""
    _switch("on", "tuning is on; docs/tuning.md says what it may change, orchestrate tune off ends it")


@command.command("off")
def off() -> None:
    """Switch tuning off: sessions open with the defaults, and nothing is recorded."""
    _switch("off", "tuning is off: sessions open with the defaults; what it has found is kept")


@command.command("freeze")
def freeze() -> None:
    """Leave everything as it is: what is in force stays, nothing is tried and nothing taken back."""
    _switch("frozen", "tuning is frozen: what is in force stays; orchestrate tune on goes on")


@command.command("rollback")
@click.argument("trial", metavar="ID")
def rollback(trial: str) -> None:
    """Take one change back that is in force; other steps that are tried go on."""
    from orchestrator.errors import UsageError
    from orchestrator.tuning.tuner import Tuning, rolled_back

    def take_back(tuning: Tuning) -> Sequence[TuningEvent]:
        found = rolled_back(tuning, trial, by="person", because="a person took it back")
        if not found:
            known = ", ".join(kept.claimed.trial for kept in tuning.kept.values()) or "none"
            raise UsageError(f"no change {trial!r} is in force", hint=f"in force: {known}")
        return found

    _say_taken_back(f"{trial} is taken back", _log().act(take_back))


@command.command("reset")
def to_defaults() -> None:
    """Return every parameter to its default; the error budget that was used stays used."""
    from orchestrator.tuning.tuner import reset

    events = _log().act(lambda tuning: reset(tuning, by="person", because="a person asked for it"))
    _say_taken_back("every parameter is at its default again", events)


def _say_taken_back(said: str, events: Sequence[TuningEvent]) -> None:
    """Say what was done, and of each trial that ended with it what is kept."""
    from orchestrator.tuning.tuner import TAKEN_BACK
    from orchestrator.tuning.tuning_events import Stopped

    ended = [one for one in events if isinstance(one, Stopped) and one.because == TAKEN_BACK]
    stopped = [f"{one.trial} ({one.pairs} pairs)" for one in ended if one.pairs]
    click.echo(said, err=True)
    if stopped:
        why = "stopped with it, for what they were held against"
        kept = "a further trial of the same step goes on with what is known"
        click.echo(f"{', '.join(stopped)}: {why}; {kept}", err=True)


def _log() -> TuningLog:
    from orchestrator.settings.user_places import state_folder
    from orchestrator.store.tuning_log import TuningLog

    return TuningLog(state_folder(os.environ))


def _switch(to: Any, said: str) -> None:
    from orchestrator.store.tuning_views import switched

    _log().act(lambda tuning: switched(tuning, to, by="person"))
    click.echo(said, err=True)


def _status(*, as_json: bool) -> None:
    from orchestrator.cli.documents import document
    from orchestrator.cli.session_lookup import put_out
    from orchestrator.coordinator.stated_parameters import stated_parameters
    from orchestrator.store.tuning_views import status_of

    found = status_of(_log().tuning(), stated_parameters())
    if as_json:
        put_out(document(found))
        return
    for line in found.lines:
        put_out(line)
