"""Keep a new session within what the settings allow all sessions of a day and of a month together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from orchestrator.coordinator.held_budgets import HeldBudget, HeldBudgets
from orchestrator.coordinator.project_trust import trusted_settings
from orchestrator.coordinator.session_request import RunRequest
from orchestrator.errors import BudgetSpent
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.settings.settings_files import Settings, load_settings
from orchestrator.settings.user_places import state_folder
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.value_class import value_class


@value_class
class Limit:
    """One limit on spending."""

    key: str
    """In ``[budget]``."""
    span: str
    in_tokens: bool

    def covers(self, outcome: RecordedOutcome, now: datetime) -> bool:
        """Whether a session began in the same day, or month, of the calendar here."""
        began, today = outcome.opened_at.astimezone().date(), now.astimezone().date()
        return began == today if self.span == "day" else (began.year, began.month) == (today.year, today.month)

    def shown(self, amount: float) -> str:
        """The amount with its unit."""
        return f"{amount:,.0f} tokens" if self.in_tokens else f"${amount:,.2f}"


LIMITS: Final[Sequence[Limit]] = (
    Limit("per_day", "day", in_tokens=False),
    Limit("per_month", "month", in_tokens=False),
    Limit("per_day_tokens", "day", in_tokens=True),
    Limit("per_month_tokens", "month", in_tokens=True),
)


@contextmanager
def within_limits(request: RunRequest, environ: Mapping[str, str], now: datetime) -> Iterator[RunRequest]:
    """Give the request no larger budget than the settings leave it, and hold that while the block runs.  Blocks.

    Sessions that have ended count with what they took, those that run with all that they may still take.  A limit of
    the user's counts those of all projects, one of a project its own.

    Raises:
        BudgetSpent: Nothing is left.
        UsageError: The settings are written wrongly.
    """
    trusted = trusted_settings(request.target, environ, trust=request.trust_project, policy=request.sandbox.name)
    settings = [load_settings()]
    if trusted.digest:
        # A project's lower limit counts its own sessions alone, so it stands beside the user's, not in its place.
        settings.append(load_settings(request.target))
    if not any(one.get("budget", limit.key) for one in settings for limit in LIMITS):
        yield request
        return
    budgets = HeldBudgets(state_folder(environ) / "budgets")
    with ExitStack() as stack:
        with budgets.alone():
            outcomes = outcomes_of(OutcomeLog(state_folder(environ)))
            held = budgets.others()
            for one in settings:
                request = limited(request, one, outcomes, now, held=held)
            own = HeldBudget(str(request.target), request.max_cost_usd, request.max_tokens)
            stack.enter_context(budgets.hold(own))
        yield request


def outcomes_of(log: OutcomeLog) -> Sequence[RecordedOutcome]:
    """The outcomes of all real sessions; one that was resumed has one for each time, with what that took."""
    ended: dict[tuple[str, str], list[RecordedOutcome]] = {}
    for record in log.read():
        if isinstance(record.body, SessionEnded) and not record.body.outcome.rehearsal:
            outcome = record.body.outcome
            ends = ended.setdefault((outcome.project, outcome.session), [])
            if ends and outcome.closed_at <= ends[-1].closed_at:
                ends[-1] = outcome  # the same end, derived once more
            else:
                ends.append(outcome)
    return [part for ends in ended.values() for part in _parts(ends)]


def _parts(ends: Sequence[RecordedOutcome]) -> Iterator[RecordedOutcome]:
    """Each time that a session was run, with what it took then: figures count from the session's beginning."""
    yield ends[0]
    for before, now in pairwise(ends):
        yield replace(
            now,
            opened_at=now.closed_at,
            tokens=max(0, (now.tokens or 0) - (before.tokens or 0)),
            cost_usd=max(0.0, (now.cost_usd or 0.0) - (before.cost_usd or 0.0)),
        )


def limited(
    request: RunRequest,
    settings: Settings,
    outcomes: Iterable[RecordedOutcome],
    now: datetime,
    *,
    held: Sequence[HeldBudget] = (),
) -> RunRequest:
    """The request with the least of its own budget and what each limit leaves.

    Args:
        held: What sessions that run now may still take.

    Raises:
        BudgetSpent: One of them leaves nothing.
    """
    known = list(outcomes)
    for limit in LIMITS:
        found = settings.values.get(("budget", limit.key))
        if found is None:
            continue
        allowed, origin = found
        counted = [
            outcome
            for outcome in known
            if limit.covers(outcome, now) and (origin == "user" or outcome.project == str(request.target))
        ]
        spent = sum((outcome.tokens if limit.in_tokens else outcome.cost_usd) or 0 for outcome in counted)
        mine = [one for one in held if origin == "user" or one.project == str(request.target)]
        kept = sum((one.max_tokens if limit.in_tokens else one.max_cost_usd) or 0 for one in mine)
        if spent + kept >= allowed:
            sessions = len({(outcome.project, outcome.session) for outcome in counted})
            running = f", and {limit.shown(kept)} are held by {len(mine)} that run" if kept else ""
            raise BudgetSpent(
                f"the budget of {limit.shown(allowed)} a {limit.span} is spent: "
                f"{limit.shown(spent)} by {sessions} sessions{running}",
                setting=f"budget.{limit.key}",
            )
        spent += kept
        if limit.in_tokens:
            left = int(allowed - spent)
            request = replace(request, max_tokens=min(left, request.max_tokens or left))
        else:
            request = replace(request, max_cost_usd=min(allowed - spent, request.max_cost_usd or allowed - spent))
    return request
