"""Keep a new session within what the settings allow all sessions of a day and of a month together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from orchestrator.coordinator.project_trust import trusted_settings
from orchestrator.coordinator.session_request import RunRequest
from orchestrator.errors import BudgetSpent
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.settings.settings_files import Settings, load_settings
from orchestrator.settings.user_places import state_folder
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog


@dataclass(frozen=True, slots=True)
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


def within_limits(request: RunRequest, environ: Mapping[str, str], now: datetime) -> RunRequest:
    """The request with no larger budget than the settings leave it.  Blocks.

    Sessions count once they have ended.  A limit of the user's counts those of all projects, one of a project its own.

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
        return request
    outcomes = outcomes_of(OutcomeLog(state_folder(environ)))
    for one in settings:
        request = limited(request, one, outcomes, now)
    return request


def outcomes_of(log: OutcomeLog) -> Sequence[RecordedOutcome]:
    """The outcomes of all real sessions, each once."""
    ended = {
        (record.body.outcome.project, record.body.outcome.session): record.body.outcome
        for record in log.read()
        if isinstance(record.body, SessionEnded)
    }
    return [outcome for outcome in ended.values() if not outcome.rehearsal]


def limited(request: RunRequest, settings: Settings, outcomes: Iterable[RecordedOutcome], now: datetime) -> RunRequest:
    """The request with the least of its own budget and what each limit leaves.

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
        if spent >= allowed:
            raise BudgetSpent(
                f"the budget of {limit.shown(allowed)} a {limit.span} is spent: "
                f"{limit.shown(spent)} by {len(counted)} sessions",
                setting=f"budget.{limit.key}",
            )
        if limit.in_tokens:
            left = int(allowed - spent)
            request = replace(request, max_tokens=min(left, request.max_tokens or left))
        else:
            request = replace(request, max_cost_usd=min(allowed - spent, request.max_cost_usd or allowed - spent))
    return request
