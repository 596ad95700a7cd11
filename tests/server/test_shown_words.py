from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.effects import EffectId
from orchestrator.models.entries import JournalEntry, Told
from orchestrator.models.facts import DecisionMade, PersonAsked, Question
from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.models.reviews import PeerReview, Verdict
from orchestrator.models.workers import PlantedFile, WorkerStatus
from orchestrator.server.recent_history import RecentHistory
from orchestrator.server.rows import rows_of
from orchestrator.server.shown_words import (
    choice_lines,
    decision_sentence,
    shown_effect,
    shown_evidence,
    shown_planted,
    shown_reason,
    shown_verdict,
    wanted_of_person,
)
from orchestrator.server.views import question_views, session_view, worker_view
from orchestrator.session.review_cycle import ABOUT_CONCERNS
from orchestrator.session.state import Approvals
from orchestrator.session.summary import ReviewSummary
from tests.server.conftest import Stage

AT = datetime(2026, 11, 30, 21, 58, tzinfo=UTC)
STOPPED = OrchestratorDecision(
    Action.STOP_AND_ESCALATE,
    "any blocker",
    "standard",
    ReviewId("001-blocker"),
    WorkerId("claude"),
    reasons=("codex: Only the person can resolve it.", "gemini: It is a guess."),
)
RECORDED = "any blocker (001-blocker): codex: Only the person can resolve it.; gemini: It is a guess."
ASKED = Question("q1", "two or more concerns", ABOUT_CONCERNS, WorkerId("gemini"))


def test_a_decision_says_who_did_what_by_which_rule() -> None:
    sentence = decision_sentence(STOPPED)
    assert sentence == (
        "The review policy standard stopped claude by its rule “any blocker”, review 001-blocker."
        " codex: Only the person can resolve it. gemini: It is a guess."
    )
    assert shown_reason(f"is being stopped: {RECORDED}", (STOPPED,)) == f"is being stopped: {sentence}"
    assert shown_reason("all is done", (STOPPED,)) == "all is done"
    (row,) = rows_of(JournalEntry(7, AT, Told(EffectId(6, 0), fact=DecisionMade(decision=STOPPED))))
    assert (row.text, row.agent) == (sentence, "orchestrator")


def test_consequences_of_choices_are_one_text_on_the_card_and_in_the_log(stage: Stage) -> None:
    assert stage.session is not None
    (row,) = rows_of(JournalEntry(7, AT, Told(EffectId(6, 0), fact=PersonAsked(question=ASKED))))
    (card,) = question_views(replace(stage.session, approvals=Approvals(questions=(ASKED,))))
    assert card.effects == tuple(shown_effect(ASKED, chosen) for chosen in ABOUT_CONCERNS)
    for chosen, effect in zip(card.suggestions, card.effects, strict=True):
        assert f"{chosen.partition(';')[0]}: {effect}" in row.text
    assert row.text.endswith("; ".join(choice_lines(ASKED)))


def test_one_that_a_question_is_about_waits_for_the_answer_and_for_nothing_else(stage: Stage) -> None:
    assert stage.session is not None
    state = replace(stage.session.workers[WorkerId("gemini")], status=WorkerStatus.FROZEN, why="milestone under review")
    session = replace(
        stage.session,
        workers={**stage.session.workers, state.id: state},
        approvals=Approvals(questions=(ASKED,)),
    )
    view = worker_view(session, "gemini", RecentHistory().of(WorkerId("gemini")))
    assert view.why == "waits for your answer to q1"
    assert session_view(session, live=True).paused == ()
    assert session_view(replace(session, paused=frozenset({state.id})), live=True).paused == ("gemini",)


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        pytest.param(
            "final event clean, 0 of 0 tool calls returned well, 0 files changed (+0 -0)",
            "came to its own end, no tool calls, changed nothing",
            id="nothing",
        ),
        pytest.param(
            "final event clean, 3 of 4 tool calls returned well, 1 files changed (+50 -2)",
            "came to its own end, 3 of 4 tool calls went well, changed 1 file +50 -2",
            id="work",
        ),
        pytest.param("answered: approved", "answered: approved", id="another"),
    ],
)
def test_evidence_is_told_without_the_terms_of_the_program(recorded: str, shown: str) -> None:
    assert shown_evidence(recorded) == shown


def test_a_verdict_is_no_json() -> None:
    record = '{"verdict": "blocker", "summary": "Only a person.", "points": ["decide it"]}'
    assert shown_verdict(f"says it is done (completed): {record}") == (
        "says it is done (completed): blocker: Only a person. (decide it)"
    )
    for text in ('{"verdict": 3}', '{"verdict": broken}', "a sentence"):
        assert shown_verdict(text) == text


def test_what_was_taken_back_is_obeyed_by_nobody() -> None:
    planted = PlantedFile("/t/.vscode/tasks.json", "new", "taken back", "vscode", "you open the folder")
    assert shown_planted(planted, "a") == "a (taken back): vscode would have obeyed it when you open the folder"
    assert shown_planted(replace(planted, done="left"), "a").endswith("vscode obeys it when you open the folder")


def test_a_person_is_told_what_to_decide() -> None:
    blocker = PeerReview(ReviewId("001-blocker"), AgentName("codex"), Verdict.BLOCKER, "Only a person.", ("decide it",))
    review = ReviewSummary("001-blocker", "blocker", WorkerId("claude"), "", (blocker,), STOPPED)
    assert wanted_of_person("needs_person", (review,)) == ("decide it (codex)",)
    assert wanted_of_person("done", (review,)) == ()
    assert wanted_of_person("needs_person", (replace(review, decision=None),)) == ()
