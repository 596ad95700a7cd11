"""Every kind of entry, effect and fact is said, or known to be nothing for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.journal.reader import read_journal
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.effects import EffectId, FreezeWorker, SaveReview
from orchestrator.models.entries import (
    AgentOutput,
    Body,
    ChecksMeasured,
    EffectDone,
    EffectIntended,
    JournalEntry,
    Sampled,
    Told,
)
from orchestrator.models.events import AgentEvent, EventType, Reported
from orchestrator.models.facts import Warned
from orchestrator.models.identity import ORCHESTRATOR, AgentName, ReviewId, WorkerId
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.models.workers import Sample
from orchestrator.narration.notices import Notice, Topic, Weight, notices

JOURNALS = Path(__file__).parents[1] / "recordings" / "journals"
AT = datetime(2026, 11, 30, tzinfo=UTC)
CLAUDE = WorkerId("claude")


def told(body: Body) -> list[Notice]:
    return list(notices(JournalEntry(7, AT, body)))


def test_the_types_of_events_are_topics() -> None:
    assert {kind.value for kind in EventType} < {topic.value for topic in Topic}


@pytest.mark.parametrize("path", sorted(JOURNALS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_entry_of_kept_journals_has_its_words(path: Path) -> None:
    said = [notice for entry in read_journal(path) for notice in notices(entry)]
    assert said
    assert all(notice.text.strip() and notice.source for notice in said)


def test_a_fact_is_said_alike_in_journals_of_every_format() -> None:
    warned = Warned("look at this", CLAUDE)
    (now,) = told(Told(EffectId(1, 0), warned))
    assert told(EffectIntended(EffectId(1, 0), warned)) == [now]
    assert (now.kind, now.topic, now.weight, now.source) == ("warning", Topic.ERROR, Weight.IMPORTANT, "warn")


def test_a_notice_bears_who_said_it_and_what_it_was_recorded_as() -> None:
    event = AgentEvent(EventType.MILESTONE, AgentName("claude"), AT, Reported("half of it"))
    (notice,) = told(AgentOutput(CLAUDE, 1, "stdout", 0, 10, (event,)))
    assert (notice.agent, notice.worker, notice.topic, notice.source) == (
        "claude",
        "claude",
        Topic.MILESTONE,
        "reported",
    )
    (frozen,) = told(EffectIntended(EffectId(1, 0), FreezeWorker(CLAUDE, "a review")))
    assert (frozen.agent, frozen.source) == ("orchestrator", "freeze_worker")


def test_only_a_failed_outcome_and_no_measurement_is_said() -> None:
    assert told(EffectDone(EffectId(1, 0))) == []
    assert told(Sampled(CLAUDE, Sample(1.0, 2.0, 3))) == []
    (failed,) = told(EffectDone(EffectId(1, 0), problem="the disk is full"))
    assert failed.text == "could not be done: the disk is full"


def test_what_the_orchestrator_measured_is_told_once() -> None:
    """Its review repeats the findings, in its summary and again as its points."""
    at, findings = datetime(2026, 11, 30, tzinfo=UTC), ("nothing changed", "no tests")
    measured = ChecksMeasured(Verdict.ABSTAINED, findings, EffectId(1, 0))
    request = ReviewRequest(ReviewId("001-final"), Trigger.FINAL, None, "do it", (), at, at)
    review = PeerReview(request.id, ORCHESTRATOR, Verdict.ABSTAINED, "; ".join(findings), findings)
    decision = OrchestratorDecision(Action.CONTINUE, "a rule", "standard", request.id, None)
    saved = EffectIntended(EffectId(1, 1), SaveReview(request, (review,), decision))

    assert [notice.weight for notice in told(measured)] == [Weight.DETAIL]
    (notice,) = told(saved)
    assert notice.text.count("nothing changed") == 1
    assert notice.more == ()
