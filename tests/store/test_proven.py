from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.identity import AgentName, SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.composition_view import Composition
from orchestrator.store.proven import after_drift, proof_of
from tests.store.conftest import FAILED, PASSED, outcome

WON, LOST, UNKNOWN = outcome(PASSED), outcome(FAILED), outcome()
BROKE = outcome(checked=False, outcome=Outcome.FAILED)


def composition(*outcomes: RecordedOutcome) -> Composition:
    named = [replace(one, session=SessionId(f"20261121-175811-{number:04x}")) for number, one in enumerate(outcomes)]
    return Composition("/s", "a", sessions={one.session: one for one in named})


def with_model(one: RecordedOutcome, model: str) -> RecordedOutcome:
    return replace(one, members=tuple(replace(member, model=model) for member in one.members))


@pytest.mark.parametrize(
    ("outcomes", "proven", "because"),
    [
        ([WON] * 10, True, ""),
        ([WON] * 8 + [LOST] * 2, False, "sure only of"),
        ([WON] * 9 + [LOST], True, ""),
        ([WON] * 16 + [LOST] * 4, True, ""),
        ([WON] * 9, False, "9 sessions were measured by gates, and it takes 10"),
        ([WON] * 9 + [UNKNOWN] * 50, False, "9 sessions"),
        ([WON] * 10 + [UNKNOWN] * 50, True, ""),
        ([WON] * 11 + [LOST] * 3, False, "79% succeeded"),
        ([WON] * 10 + [BROKE] * 3, False, "77% succeeded"),
        ([], False, "no session"),
        ([replace(WON, rehearsal=True)] * 20, False, "rehearsal"),
    ],
)
def test_it_takes_ten_gated_sessions_eighty_percent_and_a_lower_end_of_sixty(
    outcomes: Sequence[RecordedOutcome], proven: bool, because: str
) -> None:
    proof = proof_of(composition(*outcomes))
    assert (proof.is_proven, because in proof.because) == (proven, True), proof


def test_what_callers_recorded_proves_nothing() -> None:
    one = Composition("/s", "a")
    for _ in range(100):
        one.by_callers.count(result=True, score=100.0)
    assert not proof_of(one).is_proven


def test_another_model_is_another_team() -> None:
    old = composition(*[with_model(WON, "opus")] * 12)
    assert proof_of(old).is_proven
    assert proof_of(old, models={AgentName("claude"): "opus"}).is_proven
    asked = proof_of(old, models={AgentName("claude"): "sonnet"})
    assert (asked.is_proven, asked.gated) == (False, 0)
    assert "other models" in asked.because
    changed = composition(*[with_model(WON, "opus")] * 12, with_model(WON, "sonnet"))
    assert proof_of(changed).gated == 1
    never_told = composition(*[with_model(WON, "opus")] * 12, with_model(WON, ""))
    assert proof_of(never_told).gated == 13


def test_what_became_worse_is_not_proven_any_more_and_may_prove_itself_again() -> None:
    worse = [*[WON] * 40, *[LOST] * 6]
    lapsed = proof_of(composition(*worse))
    assert not lapsed.is_proven
    assert "had become worse" in lapsed.because
    assert proof_of(composition(*worse, *[WON] * 10)).is_proven


def test_drift_is_found_soon_and_seldom_where_there_is_none() -> None:
    chance = random.Random(15)

    def play(rates: Sequence[float]) -> int | None:
        """Before which session the evidence begins anew."""
        told = [WON if chance.random() < rate else LOST for rate in rates]
        for end in range(1, len(told) + 1):
            if len(after_drift(told[:end])[0]) < end:
                return end
        return None

    false = sum(play([0.85] * 150) is not None for _ in range(60))
    assert false <= 4  # 1.7 % of 60 is one
    delays = [end - 30 for end in (play([0.95] * 30 + [0.5] * 90) for _ in range(60)) if end is not None and end > 30]
    assert len(delays) >= 57
    assert median(delays) <= 20
