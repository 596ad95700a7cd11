"""Derive every decision and effect again from the journal alone, and compare each with what is recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from orchestrator.errors import ReplayDiffers
from orchestrator.late_adapter import late_adapter
from orchestrator.models.decisions import OrchestratorDecision, Policy
from orchestrator.models.effects import EffectId
from orchestrator.models.entries import (
    JOURNAL_ENTRY,
    AgentOutput,
    Derived,
    EffectIntended,
    JournalEntry,
    SessionOpened,
    Told,
    Wanted,
    as_derived,
)
from orchestrator.review_engine.decision_policies import decide
from orchestrator.session.fold import fold
from orchestrator.session.state import Session
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_DERIVED: TypeAdapter[Wanted] = late_adapter(Wanted)
_NO_TIME: Final = datetime.min.replace(tzinfo=UTC)


@value_class
class OtherDecision:
    """What another policy would have decided on the same reviews."""

    recorded: OrchestratorDecision
    other: OrchestratorDecision


@value_class
class ReplayResult:
    """The result of a replay."""

    session: Session
    entries: int
    effects: int
    decisions: tuple[OrchestratorDecision, ...]
    unrecorded: tuple[tuple[EffectId, Wanted], ...]
    """What the fold derived for the last entries and the journal does not hold: the coordinator died there."""


def replay(entries: Iterable[JournalEntry], *, until: int | None = None) -> ReplayResult:
    """Fold ``entries`` again, comparing every effect and fact with what is recorded.

    Args:
        until: Stop after this entry.

    Raises:
        ReplayDiffers: At the first effect that differs, is missing or is too many.
        ValueError: There is no entry, or the first one opens no session.
    """
    session: Session | None = None
    expected: deque[Derived] = deque()
    count = effects = 0
    wanted_entries = entries if until is None else takewhile(lambda entry: entry.n <= until, entries)
    for entry, session, wanted in fold(None, wanted_entries):
        count += 1
        if type(entry.body) is not AgentOutput and isinstance(entry.body, Derived):
            _compare(entry.n, entry.body, expected)
            effects += isinstance(entry.body, EffectIntended)
        for index, one in enumerate(wanted):
            expected.append(as_derived(EffectId(entry.n, index), one, format_=session.format))
    if session is None:
        raise ValueError("the journal is empty")
    if expected and session.closed is not None and until is None:
        raise ReplayDiffers(session.n, recorded="nothing", derived=_words(expected[0]))
    return ReplayResult(
        session,
        count,
        effects,
        session.assessment.decisions,
        unrecorded=tuple((one.id, _content(one)) for one in expected),
    )


def under_policy(session: Session, policy: Policy) -> tuple[OtherDecision, ...]:
    """Say what ``policy`` would have decided on each panel of the session."""
    found = []
    for review in session.assessment.reviews.values():
        if review.decision is not None:
            answers = [answer for answer in (*review.panel.values(), review.measured) if answer is not None]
            found.append(OtherDecision(review.decision, decide(policy, answers, request=review.request)))
    return tuple(found)


def engine_version_of(entry: JournalEntry) -> str | None:
    """Which version of this program made the journal that begins with ``entry``."""
    return entry.body.options.engine_version if isinstance(entry.body, SessionOpened) else None


def _compare(n: int, body: Derived, expected: deque[Derived]) -> None:
    if not expected:
        raise ReplayDiffers(n, recorded=_words(body), derived="nothing")
    derived = expected.popleft()
    # What shows itself alike, types and all, is spelled alike.
    if repr(derived) != repr(body) and _line(derived) != _line(body):
        raise ReplayDiffers(n, recorded=_words(body), derived=_words(derived))


def _line(body: Derived) -> bytes:
    """What was derived as the journal spells it, wherever: "the same" means byte for byte."""
    return JOURNAL_ENTRY.dump_json(JournalEntry(0, _NO_TIME, body), exclude_none=True)


def _content(body: Derived) -> Wanted:
    return body.fact if isinstance(body, Told) else body.effect


def _words(body: Derived) -> str:
    """What was derived, for people who look for the difference."""
    told = "told " if isinstance(body, Told) else ""
    return f"{body.id.cause}.{body.id.index} {told}{_DERIVED.dump_json(_content(body), exclude_none=True).decode()}"
