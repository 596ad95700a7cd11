"""``orchestrate metrics``: how the sessions of the workspace have gone, in figures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from orchestrator.cli.shared_options import Age, json_option, workspace_option

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.models.recorded_outcomes import RecordedOutcome
    from orchestrator.tuning.session_measures import SessionMeasures
    from orchestrator.tuning.session_metrics import Metric

_MOST_EVIDENCE = 10


@click.command("metrics")
@click.option("--since", type=Age(), metavar="AGE", help="Only sessions that were begun in so long a time: 30d.")
@click.option("--rehearsals", is_flag=True, help="Rehearsals alone, in place of real sessions.")
@workspace_option
@json_option
def command(since: float | None, workspace: Path | None, *, rehearsals: bool, as_json: bool) -> None:
    """Show figures over the sessions of the workspace: each with its unit, its number, its interval and the goal.

    They follow from the journals and the outcome log alone. A figure without any data is shown as
    unknown, never 0.
    """
    from datetime import timedelta

    from orchestrator.cli.session_lookup import put_out, workspace_path
    from orchestrator.coordinator.clocks import utc_now
    from orchestrator.narration.formatting import counted, one_line
    from orchestrator.store.measured_sessions import measured_sessions
    from orchestrator.tuning.antipatterns import detect_coordination_antipatterns
    from orchestrator.tuning.session_metrics import metrics_of

    where = workspace_path(workspace)
    measured = measured_sessions(where)
    begin = utc_now() - timedelta(seconds=since) if since is not None else None
    chosen = [
        one
        for one in measured.sessions
        if one.rehearsal is rehearsals and one.ended and (begin is None or one.opened_at >= begin)
    ]
    outcomes = _outcomes(chosen)
    found = metrics_of(chosen, outcomes)
    if as_json:
        from orchestrator.cli.documents import document

        put_out(document(_document(found, chosen, outcomes, measured.problems)))
        return
    put_out(f"{counted(len(chosen), 'session')} of {where}")
    for line in _lines(found):
        put_out(line)
    for pattern in detect_coordination_antipatterns(chosen):
        put_out(one_line(f"antipattern: {pattern.name}: {pattern.summary}", 300))
        for shown in pattern.evidence[:_MOST_EVIDENCE]:
            put_out(one_line(f"  {shown}", 300))
    for line in _feedback_lines(chosen):
        put_out(line)
    missing = len(chosen) - len(outcomes)
    if missing:
        what = "orchestrate compositions rebuild --from-journals takes them in"
        click.echo(
            f"{counted(missing, 'session')} not in the outcome log, so their results are unknown: {what}", err=True
        )
    for session, why in measured.problems:
        click.echo(one_line(f"{session} left out: {why}", 300), err=True)


def _feedback_lines(sessions: Sequence[SessionMeasures]) -> Iterator[str]:
    """What agents said of the sessions, by agent."""
    from collections import Counter
    from statistics import fmean

    given = [one for session in sessions for one in session.feedback]
    for agent in sorted({one.agent for one in given}):
        mine = [one for one in given if one.agent == agent]
        told = [one for one in mine if one.clarity]
        missing = f", {len(mine) - len(told)} without an answer that counts" if len(told) < len(mine) else ""
        if not told:
            yield f"feedback of {agent}: none{missing}"
            continue
        clarity, workflow = fmean(one.clarity for one in told), fmean(one.workflow for one in told)
        wishes = ", ".join(f"{what} ({times})" for what, times in Counter(one.change for one in told).most_common(3))
        yield (
            f"feedback of {agent}: clarity {clarity:.1f} of 5, workflow {workflow:.1f} of 5, would change: {wishes} "
            f"(n = {len(told)}{missing})"
        )


def _outcomes(sessions: Sequence[SessionMeasures]) -> Mapping[str, RecordedOutcome]:
    from orchestrator.settings.user_places import state_folder
    from orchestrator.store.measured_sessions import outcomes_of_sessions
    from orchestrator.store.outcome_log import OutcomeLog

    return outcomes_of_sessions(OutcomeLog(state_folder(os.environ)), sessions)


def _lines(found: Sequence[Metric]) -> Iterator[str]:
    for one in found:
        value = "unknown" if one.value is None else figure(one.value, one.unit)
        sure = (
            f", surely {figure(one.interval[0], 'share')} to {figure(one.interval[1], 'share')}" if one.interval else ""
        )
        goal = f"; goal {one.goal}" if one.goal else ""
        note = f"; {one.note}" if one.note else ""
        yield f"{one.name:<28}{value}{sure} (n = {one.n:,}, {one.of}){goal}{note}"
        yield from (f"{'':<28}{agent} {figure(share, one.unit)}" for agent, share in one.by_agent.items())


def figure(value: float, unit: str) -> str:
    """A figure with its unit, for people."""
    if unit == "share":
        return f"{value:.0%}"
    if unit == "US$":
        return f"${value:.2f}"
    return f"{value:,.0f} {unit}" if unit in ("tokens", "failures") else f"{value:.3g} {unit}"


def _document(
    found: Sequence[Metric],
    sessions: Sequence[SessionMeasures],
    outcomes: Mapping[str, RecordedOutcome],
    problems: Sequence[tuple[str, str]],
) -> Mapping[str, object]:
    from dataclasses import asdict

    from orchestrator.tuning.antipatterns import detect_coordination_antipatterns

    return {
        "sessions": len(sessions),
        "without_outcome": len(sessions) - len(outcomes),
        "left_out": [{"session": session, "why": why} for session, why in problems],
        "metrics": [asdict(one) for one in found],
        "feedback": [{"session": one.session, **asdict(given)} for one in sessions for given in one.feedback],
        "antipatterns": [asdict(one) for one in detect_coordination_antipatterns(sessions)],
    }
