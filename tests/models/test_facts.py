from __future__ import annotations

from typing import get_args

from orchestrator.models.effects import Effect
from orchestrator.models.facts import FACTS, Fact


def test_every_fact_is_told_apart_from_effects() -> None:
    facts, effects = set(get_args(get_args(Fact)[0])), set(get_args(get_args(Effect)[0]))
    assert set(FACTS) == facts
    assert facts.isdisjoint(effects)
