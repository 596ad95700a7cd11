"""Count, over the sessions of a project that have ended, for which agents the others may have waited; this is pure."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.models.options import EarlierTime
from orchestrator.session.pattern_watch import with_this
from orchestrator.store.estimates import outcomes_in
from orchestrator.store.log_records import LogRecord


def earlier_times(records: Iterable[LogRecord], store: str) -> tuple[EarlierTime, ...]:
    """How often each agent ran for most of the time, over the real sessions of a project with several agents.

    Args:
        records: What the outcome log holds.
        store: The folder of the project's view.
    """
    known: dict[str, EarlierTime] = {}
    for where, outcome in outcomes_in(records):
        if where == store and not outcome.rehearsal:
            known |= {one.agent: one for one in with_this(known.values(), outcome.time_shares)}
    return tuple(known[agent] for agent in sorted(known))
