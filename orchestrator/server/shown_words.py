"""Put what the journal holds for programs into sentences for the page: who did what, by which rule.

What is recorded stays as it is, and replay compares it; only what the page shows of it is made here.  This module is
pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic_core import from_json

from orchestrator.late_pattern import late_pattern
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.facts import Question
from orchestrator.models.recorded_sentences import CHANGED, ENDED_CLEANLY
from orchestrator.models.reviews import Verdict
from orchestrator.models.workers import PlantedFile
from orchestrator.narration.formatting import counted
from orchestrator.session.choices import OWN_WORDS, choice_effect
from orchestrator.session.consents import NO, YES
from orchestrator.session.summary import ReviewSummary

_DID: Final = {
    Action.CONTINUE: "let {about} go on",
    Action.LOG_WARNING: "let {about} go on with a warning",
    Action.PAUSE_AND_CLARIFY: "asks you about {about}",
    Action.STOP_AND_ESCALATE: "stopped {about}",
}
_CLEAN_END = late_pattern(f"{ENDED_CLEANLY.pattern}(?:, {CHANGED.pattern})?")
_VERDICT = late_pattern(r"\{\s*\"verdict\".*\}\s*\Z", re.DOTALL)


def shown_reason(text: str, decisions: Iterable[OrchestratorDecision]) -> str:
    """The text with what stands in it for a decision as a sentence."""
    for decision in decisions:
        if decision.review is not None and f"({decision.review})" in text:
            text = text.replace(decision.because, decision_sentence(decision))
    return text


def decision_sentence(decision: OrchestratorDecision) -> str:
    """Who did what to whom, by which rule, and what the reviewers said who led to it."""
    did = _DID[decision.action].format(about=decision.about or "the session")
    review = f", review {decision.review}" if decision.review else ""
    said = " ".join(f"{reason.rstrip('. ')}." for reason in decision.reasons)
    return f"The review policy {decision.policy} {did} by its rule “{decision.rule}”{review}. {said}".rstrip()


def shown_evidence(text: str) -> str:
    """Why a worker is held to be done, without the terms of the program."""

    def said(found: re.Match[str]) -> str:
        all_ = int(found["calls"])
        calls = "no tool calls" if not all_ else f"{found['well']} of {counted(all_, 'tool call')} went well"
        if found["files"] is None:
            return f"came to its own end, {calls}"
        files = int(found["files"])
        changed = f"changed {counted(files, 'file')} +{found['more']} -{found['less']}" if files else "changed nothing"
        return f"came to its own end, {calls}, {changed}"

    return _CLEAN_END.sub(said, text)


def shown_verdict(text: str) -> str:
    """A reviewer's answer in words, where the text ends with the record of it."""
    found = _VERDICT.search(text)
    if found is None:
        return text
    try:
        record = from_json(found[0])
    except ValueError:
        return text
    verdict, summary, points = (record.get(name) for name in ("verdict", "summary", "points"))
    if not isinstance(verdict, str) or not isinstance(summary, str) or not isinstance(points, list | None):
        return text
    listed = f" ({'; '.join(str(point) for point in points)})" if points else ""
    return f"{text[: found.start()]}{verdict}: {summary}{listed}"


def shown_effect(question: Question, chosen: str, *, consent: bool = False, in_place: bool = False) -> str:
    """What choosing the suggestion does, as the card and the event log say it."""
    if not consent and chosen.startswith(OWN_WORDS):
        about = str(question.about) if question.about is not None else "the session"
        return f"your own words are told to {about}, which goes on"
    return choice_effect(question, chosen, consent=consent, in_place=in_place)


def choice_lines(question: Question) -> tuple[str, ...]:
    """A question's choices, numbered, each with what it does; of a consent the choices alone."""
    return tuple(f"{n}. {told}" for n, told in enumerate(settled_choices(question), start=1))


def settled_choices(question: Question) -> tuple[str, ...]:
    """A question's choices, each with what it does; a consent's are told by its answers alone."""
    if question.suggestions == (YES, NO):
        return question.suggestions
    return tuple(f"{text.partition(';')[0]}: {shown_effect(question, text)}" for text in question.suggestions)


def shown_planted(planted: PlantedFile, name: str) -> str:
    """What an agent left that a program of the user obeys, or would have."""
    if planted.done != "taken back":
        return planted.in_words(name)
    return f"{name} (taken back): {planted.program} would have obeyed it when {planted.when}"


def wanted_of_person(status: str, reviews: Sequence[ReviewSummary]) -> tuple[str, ...]:
    """What a person has to decide before a session that a blocker stopped can go on, each with who says so."""
    if status != "needs_person" or not reviews:
        return ()
    decision = reviews[-1].decision
    if decision is None or decision.action is not Action.STOP_AND_ESCALATE:
        return ()
    blockers = [answer for answer in reviews[-1].answers if answer.verdict is Verdict.BLOCKER]
    return tuple(f"{point} ({answer.reviewer})" for answer in blockers for point in answer.points or (answer.summary,))
