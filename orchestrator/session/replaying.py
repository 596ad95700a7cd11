"""Derive every decision and effect again from the journal alone, and compare each with what is recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter

from orchestrator.errors import ReplayDiffers
from orchestrator.models.decisions import OrchestratorDecision, Policy
from orchestrator.models.effects import Effect, EffectId
from orchestrator.models.entries import EffectIntended, JournalEntry, SessionOpened
from orchestrator.review_engine.decision_policies import decide
from orchestrator.session.fold import step
from orchestrator.session.state import Session

_EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)


@dataclass(frozen=True, slots=True)
class OtherDecision:
    """What another policy would have decided on the same reviews."""

    recorded: OrchestratorDecision
    other: OrchestratorDecision


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay derived."""

    session: Session
    entries: int
    effects: int
    decisions: tuple[OrchestratorDecision, ...]
    unrecorded: tuple[tuple[EffectId, Effect], ...]
    """Effects the fold derived for the last entries that the journal does not hold: the coordinator died there."""


def replay(entries: Iterable[JournalEntry], *, until: int | None = None) -> ReplayResult:
    """Fold ``entries`` again, comparing every effect with its recorded intent.

    Args:
        until: Stop after this entry.

    Raises:
        ReplayDiffers: At the first effect that differs, is missing or is too many.
        ValueError: There is no entry, or the first one opens no session.
    """
    session: Session | None = None
    expected: deque[tuple[EffectId, Effect]] = deque()
    count = effects = 0
    for entry in entries:
        if until is not None and entry.n > until:
            break
        count += 1
        if isinstance(entry.body, EffectIntended):
            _compare(entry.n, entry.body, expected)
            effects += 1
        session, wanted = step(session, entry)
        expected.extend((EffectId(entry.n, index), effect) for index, effect in enumerate(wanted))
    if session is None:
        raise ValueError("the journal is empty")
    if expected and session.closed is not None and until is None:
        raise ReplayDiffers(session.n, recorded="nothing", derived=_words(*expected[0]))
    return ReplayResult(session, count, effects, session.assessment.decisions, unrecorded=tuple(expected))


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


def _compare(n: int, body: EffectIntended, expected: deque[tuple[EffectId, Effect]]) -> None:
    recorded = _words(body.id, body.effect)
    if not expected:
        raise ReplayDiffers(n, recorded=recorded, derived="nothing")
    derived = _words(*expected.popleft())
    if derived != recorded:
        raise ReplayDiffers(n, recorded=recorded, derived=derived)


def _words(name: EffectId, effect: Effect) -> str:
    """The effect as the journal spells it, so that "the same" means byte for byte."""
    return f"{name.cause}.{name.index} {_EFFECT.dump_json(effect, exclude_none=True).decode()}"
