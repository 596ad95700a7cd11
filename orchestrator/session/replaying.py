"""Replay: every decision and effect derived again from the journal alone, and compared with what is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.errors import ReplayDiffers
from orchestrator.models.decisions import OrchestratorDecision, Policy
from orchestrator.models.effects import Effect
from orchestrator.models.entries import EffectIntended, JournalEntry, SessionOpened
from orchestrator.review_engine.policies import decide
from orchestrator.session.state import Session
from orchestrator.session.stepping import step


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
    torn: int
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
    expected: list[tuple[int, int, Effect]] = []
    count = effects = 0
    for entry in entries:
        if until is not None and entry.n > until:
            break
        count += 1
        if isinstance(entry.body, EffectIntended):
            _compare(entry, entry.body, expected)
            effects += 1
        elif expected:
            cause, index, effect = expected[0]
            raise ReplayDiffers(entry.n, recorded=entry.body.kind, derived=f"{effect.kind} ({cause}.{index}): {effect}")
        session, wanted = step(session, entry)
        expected.extend((entry.n, index, effect) for index, effect in enumerate(wanted))
    if session is None:
        raise ValueError("the journal is empty")
    return ReplayResult(session, count, effects, session.decisions, torn=len(expected))


def under_policy(session: Session, policy: Policy) -> tuple[OtherDecision, ...]:
    """Say what ``policy`` would have decided on each panel of the session."""
    found = []
    for review in session.reviews.values():
        if review.decision is not None:
            answers = [answer for answer in review.panel.values() if answer is not None]
            found.append(OtherDecision(review.decision, decide(policy, answers, request=review.request)))
    return tuple(found)


def engine_version_of(entry: JournalEntry) -> str | None:
    """Which version of this program made the journal that begins with ``entry``."""
    return entry.body.options.engine_version if isinstance(entry.body, SessionOpened) else None


def _compare(entry: JournalEntry, body: EffectIntended, expected: list[tuple[int, int, Effect]]) -> None:
    if not expected:
        raise ReplayDiffers(entry.n, recorded=f"{body.effect.kind}: {body.effect}", derived="nothing")
    cause, index, effect = expected.pop(0)
    if (body.id.cause, body.id.index) != (cause, index) or effect != body.effect:
        raise ReplayDiffers(entry.n, recorded=f"{body.id}: {body.effect}", derived=f"{cause}.{index}: {effect}")
