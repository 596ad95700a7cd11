from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli.terminal_notices import terminal_notices
from orchestrator.models import entries, events
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.effects import EffectId, Outcome, SaveReview
from orchestrator.models.entries import Body, JournalEntry
from orchestrator.models.events import EventType
from orchestrator.models.facts import DecisionMade, PersonAsked, Question, RecoveryChosen
from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.models.recovery import RecoveryAction, Relaunch
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.models.workers import ExitRecord, Sample
from orchestrator.narration.notices import Notice, Weight

if TYPE_CHECKING:
    from tests.cli.conftest import Story

CLAUDE = WorkerId("claude")


def heard(story: Story, body: Body) -> tuple[Notice, ...]:
    return terminal_notices(JournalEntry(99, story.at, body))


def intended(story: Story, effect: entries.Wanted) -> Notice:
    (notice,) = heard(story, entries.as_derived(EffectId(1, 0), effect, format_=entries.JOURNAL_FORMAT))
    return notice


def test_a_session_begins_with_its_agents_and_its_plan(story: Story) -> None:
    texts = [h.text for entry in story.entries for h in terminal_notices(entry)]

    assert texts[0] == f"session {story.folder.id} with gemini 1.2.3, claude 1.2.3, codex 1.2.3"
    assert "plan (tier 1): gemini designs, claude implements, codex reviews" in texts


def test_what_left_is_told_with_its_last_words(story: Story) -> None:
    done = entries.OutboundSent(CLAUDE, "r", EffectId(1, 0), 0, stderr="To https://e.org/x\n   a..b  main -> main\n")
    (notice,) = heard(story, done)
    assert (notice.text, notice.more) == (
        "what was to leave ended with 0",
        ("To https://e.org/x", "a..b main -> main"),
    )
    assert heard(story, entries.OutboundSent(CLAUDE, "r", EffectId(1, 0))) == ()


def test_samples_and_ticks_say_nothing(story: Story) -> None:
    assert heard(story, entries.Sampled(CLAUDE, Sample(1.0, 2.0, 3))) == ()
    assert heard(story, entries.TimePassed()) == ()


def test_a_tool_call_is_one_short_line_without_control_characters(story: Story) -> None:
    story.said("gemini", events.ToolCalled("Shell\x1b[31m", "1", "rm -rf /\nsecond line " + "x" * 500))

    (notice,) = terminal_notices(story.entries[-1])

    assert notice.text.startswith("Shell: rm -rf / second line xxx")
    assert len(notice.text) < 260
    assert notice.worker == "gemini"
    assert notice.weight is Weight.NORMAL


def test_what_agents_say_is_a_detail_and_what_they_report_is_not(story: Story) -> None:
    story.said("gemini", events.Said("Let me look"))
    (said,) = terminal_notices(story.entries[-1])
    story.started("gemini")
    story.said("gemini", events.Reported("half of it", progress=50), type_=EventType.MILESTONE)
    (milestone,) = [h for entry in story.entries for h in terminal_notices(entry) if "milestone" in h.text][:1]

    assert said.weight is Weight.DETAIL
    assert milestone.weight is Weight.IMPORTANT
    assert milestone.text == "milestone: half of it [50 %]"


def test_a_decision_is_said_with_its_rule_and_its_reasons(story: Story) -> None:
    decision = OrchestratorDecision(
        Action.LOG_WARNING, "a single concern", "standard", ReviewId("001-milestone"), CLAUDE, reasons=("codex: hm",)
    )

    notice = intended(story, DecisionMade(decision))

    assert notice.text == "LOG_WARNING: a single concern (policy standard, review 001-milestone)"
    assert notice.more == ("codex: hm",)
    assert notice.weight is Weight.IMPORTANT


def test_each_reviewer_is_heard_with_its_verdict_and_points(story: Story) -> None:
    request = ReviewRequest(
        ReviewId("001-milestone"), Trigger.MILESTONE, CLAUDE, "done", (AgentName("codex"),), story.at, story.at
    )
    decision = OrchestratorDecision(Action.CONTINUE, "all", "standard", request.id, CLAUDE)
    late = PeerReview(request.id, AgentName("codex"), Verdict.ABSTAINED, problem="no answer in time")
    long = PeerReview(
        request.id, AgentName("gemini"), Verdict.CONCERNS, "no test", ("add one",), words=300, over_length=True
    )

    first, second = heard(story, entries.EffectIntended(EffectId(1, 0), SaveReview(request, (late, long), decision)))

    assert first.text == "codex on 001-milestone: abstained, no answer in time"
    assert second.text == "gemini on 001-milestone: concerns [300 words: too long], no test"
    assert second.more == ("add one",)


def test_a_recovery_names_the_flags_that_came_and_went_with_their_values(story: Story) -> None:
    action = RecoveryAction(
        CLAUDE,
        AgentName("claude"),
        "outside",
        because="the path lies outside",
        error="Path must be\nwithin",
        remedy=Relaunch(),
        attempt=1,
        argv_before=("agent", "--old", "-p"),
        argv_after=("agent", "-p", "--dir", "/a", "--dir", "/b"),
        env_added=("AGENT_TRUST",),
    )

    notice = intended(story, RecoveryChosen(action))

    assert notice.text == "outside: the path lies outside; starting again"
    assert notice.more == (
        "error: Path must be within",
        "flag removed: --old",
        "flag added: --dir /a",
        "flag added: --dir /b",
        "variable added: AGENT_TRUST",
    )


def test_a_question_comes_with_numbered_suggestions_and_without_the_worker_twice(story: Story) -> None:
    notice = intended(story, PersonAsked(Question("q1", "claude: which one?", ("this", "that"), CLAUDE)))

    assert notice.text == "q1: which one?"
    assert notice.more == ("1. this", "2. that")


def test_an_end_without_proof_is_reported_as_one(story: Story) -> None:
    (proven,) = heard(story, entries.WorkerExited(CLAUDE, 1, ExitRecord(0, "empty pid namespace")))
    (lost,) = heard(story, entries.WorkerExited(CLAUDE, 1, ExitRecord(None, "none", stopped_by="shim lost")))
    (unclear,) = heard(story, entries.WorkerExited(CLAUDE, 1, ExitRecord(143, "cgroup empty", stopped_by="stop")))

    assert proven.text == "ended with code 0; nothing left (empty pid namespace)"
    assert "no proof that its processes are gone" in lost.text
    assert "143 (an exit or a signal)" in unclear.text


def test_a_session_that_needs_a_person_ends_in_those_words(story: Story) -> None:
    (notice,) = heard(story, entries.SessionClosed(Outcome.NEEDS_PERSON, "two concerns"))

    assert notice.text == "ended: needs a person (two concerns)"
