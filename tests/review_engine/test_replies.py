from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.identity import AgentName, ReviewId
from orchestrator.models.reviews import PeerReview, Verdict
from orchestrator.review_engine.replies import abstention, parse_reply

REVIEW, CODEX = ReviewId("001-milestone"), AgentName("codex")
GOOD: dict[str, Any] = {"verdict": "concerns", "summary": "One test is missing.", "points": ["a.py:3: no test"]}


def parse(text: str, reply: dict[str, Any] | None = None) -> PeerReview:
    return parse_reply(REVIEW, CODEX, text=text, reply=reply)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(GOOD), id="alone"),
        pytest.param(f"  {json.dumps(GOOD, indent=2)}\n", id="alone and indented"),
        pytest.param(f"I looked.\n```json\n{json.dumps(GOOD)}\n```\nThat is all.", id="in a code fence"),
        pytest.param(f"I looked at {{this}}.\n{json.dumps(GOOD)}", id="last in a text"),
        pytest.param(f'{{"verdict": "approved"}} was my first thought.\n{json.dumps(GOOD)}', id="the last of two"),
        pytest.param("x" * 100_000 + json.dumps(GOOD), id="at the end of a long text"),
        pytest.param(json.dumps({**GOOD, "confidence": 0.9}), id="with a key too many"),
    ],
)
def test_a_verdict_is_found(text: str) -> None:
    review = parse(text)
    assert review.verdict is Verdict.CONCERNS
    assert review.summary == "One test is missing."
    assert review.points == ("a.py:3: no test",)
    assert review.problem is None


def test_the_structured_reply_goes_before_the_text() -> None:
    assert parse(json.dumps(GOOD), {**GOOD, "verdict": "blocker"}).verdict is Verdict.BLOCKER


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        pytest.param({**GOOD, "verdict": "LGTM"}, "not one of", id="a synonym is not guessed"),
        pytest.param({**GOOD, "verdict": "Approved"}, "not one of", id="nor another case"),
        pytest.param({**GOOD, "verdict": "abstained"}, "not one of", id="nobody abstains by saying so"),
        pytest.param({**GOOD, "verdict": ["approved"]}, "not one of", id="a list is no verdict"),
        pytest.param({"verdict": "approved"}, "lacks summary and points", id="without a reason"),
        pytest.param({**GOOD, "summary": None}, "summary is not a text", id="without a summary"),
        pytest.param({**GOOD, "points": "one"}, "not a list of texts", id="points that are one text"),
        pytest.param({**GOOD, "points": [1]}, "not a list of texts", id="points that are numbers"),
    ],
)
def test_a_reply_that_does_not_fit_is_an_abstention(reply: dict[str, Any], problem: str) -> None:
    for review in (parse("", reply), parse(json.dumps(reply))):
        assert review.verdict is Verdict.ABSTAINED
        assert problem in (review.problem or "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param("I approve.", "no JSON object", id="prose"),
        pytest.param('["approved"]', "no JSON object", id="a list"),
        pytest.param('{"verdict": "approved", "summary": "ok"', "no JSON object", id="a torn object"),
        pytest.param('{"verdict": "blocker", "verdict": "approved", "summary": "", "points": []}', "twice", id="twice"),
        pytest.param('{"a": ' * 5_000, "no JSON object", id="brackets without end"),
        pytest.param('{"a": ' + "1" * 5_000 + "}", "no JSON object", id="a number without end"),
    ],
)
def test_a_text_without_a_certain_verdict_is_an_abstention(text: str, problem: str) -> None:
    review = parse(text)
    assert review.verdict is Verdict.ABSTAINED
    assert problem in (review.problem or "")


def test_more_than_200_words_are_marked() -> None:
    at_most = parse("", {**GOOD, "summary": "word " * 197, "points": ["a b c"]})
    over = parse("", {**GOOD, "summary": "word " * 197, "points": ["a b c d"]})
    assert (at_most.words, at_most.over_length) == (200, False)
    assert (over.words, over.over_length) == (201, True)


def test_a_lone_surrogate_does_not_reach_the_journal() -> None:
    review = parse('{"verdict": "approved", "summary": "\\ud800", "points": []}')
    assert review.verdict is Verdict.APPROVED
    review.summary.encode("utf-8")


def test_an_abstention_says_why() -> None:
    review = abstention(REVIEW, CODEX, "no answer came in time")
    assert (review.verdict, review.problem) == (Verdict.ABSTAINED, "no answer came in time")


@given(st.text())
def test_any_text_gives_a_review(text: str) -> None:
    review = parse(text)
    assert (review.verdict is Verdict.ABSTAINED) == (review.problem is not None)


@given(st.text(), st.sampled_from(["approved", "concerns", "blocker"]), st.text())
def test_whatever_stands_before_the_last_object_does_not_change_it(before: str, verdict: str, summary: str) -> None:
    reply = json.dumps({"verdict": verdict, "summary": summary, "points": []})
    # What is quoted or fenced could swallow the reply, and then no verdict may come of it.
    assert parse(f"{before}\n{reply}").verdict in (Verdict(verdict), Verdict.ABSTAINED)
