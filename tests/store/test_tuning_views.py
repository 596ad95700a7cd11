from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.errors import UsageError
from orchestrator.store.tuning_log import TuningRecord
from orchestrator.store.tuning_views import decisions_of, explained, status_of, switched
from orchestrator.tuning.parameters import BASELINE, MEASURES
from orchestrator.tuning.trial import SPREADS
from orchestrator.tuning.tuner import Tuning, fold
from orchestrator.tuning.tuning_events import (
    Abandoned,
    Assigned,
    Claimed,
    Escalated,
    Proposed,
    Renewed,
    Reset,
    RolledBack,
    Stopped,
    Switched,
    TuningEvent,
)

PROPOSED = Proposed("trial-1", 1, "max_restarts", 3, 4, "many are lost", MEASURES, 0.02, SPREADS, 0.7, 300, 800, "old")
CLAIMED = Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, "hash")
DECIDED: tuple[TuningEvent, ...] = (
    Switched("on", "person", "seed"),
    PROPOSED,
    Assigned("a", BASELINE, "trial-1", "candidate", 1),
    Abandoned("a"),
    CLAIMED,
    RolledBack("trial-1", "max_restarts", 4, 3, "it fell"),
    Stopped("trial-2", "no use", False, 1.0, 9, "hash"),
    Renewed("return-9", "it is better", 30, "hash"),
    Reset("enough", {**BASELINE, "silence_s": 600}, "person"),
    Escalated("three were taken back"),
)


def test_it_gets_a_seed_once_and_is_switched_only_to_what_it_is_not() -> None:
    (first,) = switched(Tuning(), "on", by="person")
    assert len(first.seed) == 32
    tuning = fold([first])
    assert switched(tuning, "on", by="person") == ()
    assert switched(tuning, "off", by="person")[0].seed == ""


def test_every_decision_is_a_line_and_what_is_none_is_not() -> None:
    found = decisions_of([TuningRecord(datetime(2026, 11, 30, tzinfo=UTC), DECIDED)])
    assert [one.kind for one in found] == [
        *("switched", "proposed", "claimed", "rolled_back", "stopped", "renewed", "reset", "escalated")
    ]
    assert found[2].inverse == "orchestrate tune rollback trial-1"
    assert found[6].words == "reset by person: enough; it was silence_s 600"


def test_the_status_says_what_is_tried_and_what_is_watched() -> None:
    found = status_of(fold(DECIDED[:3]))
    assert (found.trial, found.tries, found.pairs) == ("trial-1", "max_restarts 3 → 4", 0)
    assert "trial-1 tries max_restarts 3 → 4: many are lost" in found.lines
    claimed = status_of(fold(DECIDED[:5]))
    assert claimed.changed == {"max_restarts": "trial-1"}
    assert "trial-1 is watched: 0 of 150 sessions" in claimed.lines
    further = Claimed("trial-2", "max_restarts", 4, 5, 60.0, 52.0, 60, "hash")
    back = status_of(fold([*DECIDED[:5], further, RolledBack("trial-2", "max_restarts", 5, 4, "it fell")]))
    assert (back.values["max_restarts"], back.changed) == (4, {"max_restarts": ""})


def test_a_trial_is_explained_and_one_that_is_none_is_refused() -> None:
    found = explained(DECIDED[:6], "trial-1")
    assert found.lines[0] == "trial-1 tries max_restarts 3 → 4"
    assert any("the evidence of the decision (hash)" in one for one in found.differs), "its hash is none"
    assert "  taken back by tuning: it fell" in found.lines
    with pytest.raises(UsageError, match="no trial"):
        explained(DECIDED, "trial-7")
