"""Count how often a worker's events have been reviewed: every review loop ends in a person's hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from hashlib import sha256

from orchestrator.models.identity import WorkerId
from orchestrator.models.recorded_sentences import ROUNDS_USED_UP
from orchestrator.value_class import value_class


@value_class
class Rounds:
    """What has been reviewed so far, by worker."""

    counts: Mapping[WorkerId, int] = field(default_factory=dict)
    fingerprints: Mapping[WorkerId, frozenset[str]] = field(default_factory=dict)
    """Of the texts reviewed."""


def may_review(rounds: Rounds, worker: WorkerId, text: str, *, cap: int) -> tuple[Rounds, str | None]:
    """Admit one more review of the worker's events, or say why a person must look instead.

    Args:
        cap: Most reviews of one worker's events.

    Returns:
        The rounds with this one counted and ``None``; or the rounds unchanged and the reason.
    """
    done = rounds.counts.get(worker, 0)
    if done >= cap:
        return rounds, ROUNDS_USED_UP(worker=worker, done=done, cap=cap)
    seen = rounds.fingerprints.get(worker, frozenset())
    mark = fingerprint(text)
    if mark in seen:
        return rounds, f"{worker} reports the same again, which was reviewed already"
    return (
        Rounds(
            counts={**rounds.counts, worker: done + 1},
            fingerprints={**rounds.fingerprints, worker: seen | {mark}},
        ),
        None,
    )


def forget(rounds: Rounds, worker: WorkerId) -> Rounds:
    """The worker's count begins anew: a person has looked at it."""
    return Rounds(
        counts={name: count for name, count in rounds.counts.items() if name != worker},
        fingerprints={name: marks for name, marks in rounds.fingerprints.items() if name != worker},
    )


def fingerprint(text: str) -> str:
    """Equal for texts that differ only in case and white space."""
    plain = " ".join(text.casefold().split())
    return sha256(plain.encode("utf-8", "replace")).hexdigest()[:16]
