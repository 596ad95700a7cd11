"""Derive what came of a session from its journal, and from nothing else.

A session is a success only where gates say so: the target's tests, measured by us on the tree that was delivered.
What no gate measured is unknown, however it ended and whatever its agents say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.composition.team_choice import Team
from orchestrator.models.decisions import Action
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import JournalEntry
from orchestrator.models.gate_states import GateState
from orchestrator.models.identity import ORCHESTRATOR
from orchestrator.models.lesson import MOST_LESSON_CHARS, Lesson
from orchestrator.models.plan_tree import GateResult
from orchestrator.models.recorded_outcomes import GateOutcome, RecordedOutcome, Result, TeamMember
from orchestrator.models.reviews import PeerReview, Trigger, Verdict
from orchestrator.models.suite_measurements import SuiteMeasured, SuitesMeasured, SuiteState
from orchestrator.models.work import TaskStep
from orchestrator.quotation import one_line
from orchestrator.session.fold import fold
from orchestrator.session.pattern_watch import time_shares
from orchestrator.session.state import Session
from orchestrator.session.summary import summarise
from orchestrator.store.composition_names import OWN_CHECKS, plan_digest, task_pattern

MOST_WITH_FAILURE = 59.0
"""A score with a failed gate is at most this: it must not look like a good one."""
_STATES: Mapping[GateState, SuiteState] = {
    GateState.PASS: "passed",
    GateState.FAIL: "failed",
    GateState.NOT_MEASURED: "not measured",
}
_SENT_BACK = frozenset({Action.PAUSE_AND_CLARIFY, Action.STOP_AND_ESCALATE})


def outcome_of_journal(entries: Iterable[JournalEntry]) -> RecordedOutcome | None:
    """What came of the session that these entries tell of; ``None`` where it has not ended."""
    session: Session | None = None
    for _, after, _ in fold(None, entries):
        session = after
    return None if session is None else outcome_of(session)


def outcome_of(session: Session) -> RecordedOutcome | None:
    """Derive a session's outcome; ``None`` where it has not ended."""
    if session.closed is None:
        return None
    options, summary = session.options, summarise(session)
    gates, tree = gates_of(session)
    digest = plan_digest(options.plan) if options.plan is not None else ""
    result, because = result_of_gates(gates, ended=session.closed.outcome)
    return RecordedOutcome(
        session=session.id,
        project=str(options.source or options.target),
        pattern=task_pattern(options.task, no_change=options.no_change),
        team=options.team or (Team.ANSWER if options.no_change else Team.CHANGE),
        tier=summary.tier,
        members=tuple(_member(session, each) for each in session.steps()),
        ended=session.closed.outcome,
        result=result,
        because=because,
        opened_at=session.opened_at,
        closed_at=session.now or session.opened_at,
        entries=session.n,
        gates=gates,
        tree=tree,
        quality_score=quality_score(gates),
        tokens=summary.usage.total_tokens,
        tokens_complete=summary.usage_complete,
        cost_usd=summary.usage.cost_usd,
        cost_complete=summary.cost_complete,
        wall_s=round(summary.elapsed_s - session.feedback.took_s, 3),
        questions=len(
            {one.id for one in summary.questions}
            | {one.question for one in summary.settled if one.question and not one.of_stop}
        ),
        rework=sum(review.decision is not None and review.decision.action in _SENT_BACK for review in summary.reviews),
        rehearsal=summary.is_rehearsal,
        plan=digest,
        reuses=options.reuses,
        lessons=lessons_of(session) if options.learns and result == "success" else (),
        lessons_shown=tuple(lesson.id for lesson in options.lessons),
        engine_version=options.engine_version,
        time_shares=time_shares(session),
    )


def lessons_of(session: Session) -> tuple[Lesson, ...]:
    """What reviewers found about work that was then mended: a lesson for each review that was no plain approval."""
    reviews = [review for state in session.assessment.reviews.values() for review in state.panel.values()]
    at = session.now or session.opened_at
    return tuple(
        Lesson(text, review.reviewer, session.id, review.review, at)
        for review in reviews
        if review is not None
        and review.verdict in (Verdict.CONCERNS, Verdict.BLOCKER)
        and (text := one_line("; ".join(review.points) or review.summary, MOST_LESSON_CHARS))
    )


def gates_of(session: Session) -> tuple[tuple[GateOutcome, ...], str]:
    """Every gate of the final review as it was measured last, and the tree that it was measured on.

    What was measured on another tree than the one that was delivered says nothing about that.
    """
    delivered = session.change.tree if session.change is not None else ""
    planned = plan_gates(session.plan_run.results.values(), delivered=delivered)
    reviewed, tree = _gates_of_review(session, delivered)
    names = {gate.gate for gate in reviewed}
    measured = any(gate.share is not None for gate in planned)
    return (*reviewed, *(gate for gate in planned if gate.gate not in names)), tree or (delivered if measured else "")


def plan_gates(results: Iterable[object], *, delivered: str) -> tuple[GateOutcome, ...]:
    """Each gate of a plan of somebody's own, as it was measured last, if that was on the tree that was delivered."""
    latest: dict[str, GateOutcome] = {}
    for result in results:
        if not isinstance(result, GateResult):
            continue
        for gate in result.gates:
            known = bool(delivered) and result.snapshot == delivered
            state = _STATES[gate.state] if known else "not measured"
            why = gate.message if known else "the target changed after that"
            share = None if state == "not measured" else float(state == "passed")
            latest[gate.name] = GateOutcome(gate.name, state, why, share)
    return tuple(latest.values())


def _gates_of_review(session: Session, delivered: str) -> tuple[tuple[GateOutcome, ...], str]:
    suites, checked = session.assessment.suites, _own_review(session)
    if suites is None or checked is None:
        return (), ""
    if not suites.tree or suites.tree != delivered:
        why = "the target changed after that" if suites.tree and delivered else "it is not certain on which tree"
        names = [suite.name for suite in suites.suites]
        return tuple(GateOutcome(f"tests: {name}", "not measured", why) for name in names), ""
    gates = [_suite_gate(suite, session.assessment.baseline, checked) for suite in suites.suites]
    if checked.verdict in (Verdict.CONCERNS, Verdict.BLOCKER):
        gates.append(GateOutcome(OWN_CHECKS, "failed", (checked.points or (checked.summary,))[-1], share=0.0))
    return tuple(gates), suites.tree


def _suite_gate(suite: SuiteMeasured, baseline: SuitesMeasured | None, checked: PeerReview) -> GateOutcome:
    """A suite that failed before as well, and in which nothing fails that did not, passes: that is what was asked."""
    name = f"tests: {suite.name}"
    run = suite.passed + suite.failed + suite.errors
    share = suite.passed / run if run else float(suite.state == "passed")
    if suite.state == "not measured":
        return GateOutcome(name, "not measured", suite.reason)
    before = next((one for one in (baseline.suites if baseline else ()) if one.name == suite.name), None)
    if suite.state == "failed" and checked.verdict is Verdict.APPROVED and before and before.state == "failed":
        return GateOutcome(name, "passed", "nothing fails that did not fail before", share)
    return GateOutcome(name, suite.state, suite.reason, share)


def _own_review(session: Session) -> PeerReview | None:
    """The measurement of the last final review."""
    for review in reversed(list(session.assessment.reviews.values())):
        if review.request.trigger is Trigger.FINAL:
            answers = (review.measured, *review.panel.values())
            return next((one for one in answers if one is not None and one.reviewer == ORCHESTRATOR), None)
    return None


def result_of_gates(gates: Sequence[GateOutcome], *, ended: Outcome) -> tuple[Result, str]:
    """Whether it is a success, and why.  A gate that failed outranks everything, and nothing outranks a missing one."""
    failed = [gate for gate in gates if gate.state == "failed"]
    missing = [gate for gate in gates if gate.state == "not measured"]
    if failed:
        return "failure", f"{failed[0].gate} failed: {failed[0].reason}"
    if not gates:
        return "unknown", "no gate was measured"
    if missing:
        return "unknown", f"{missing[0].gate} was not measured: {missing[0].reason}"
    if ended is not Outcome.DONE:
        return "unknown", f"every gate passed, yet the session ended as {ended}"
    return "success", f"every gate passed on one tree ({len(gates)})"


def quality_score(gates: Sequence[GateOutcome]) -> float | None:
    """0 to 100: the mean over the gates of the share that is as it should be; one that was not measured counts as 0.

    ``None`` where nothing was measured.  With a failed gate it is at most :data:`MOST_WITH_FAILURE`.
    """
    if not any(gate.share is not None for gate in gates):
        return None
    score = 100.0 * sum(gate.share or 0.0 for gate in gates) / len(gates)
    if any(gate.state == "failed" for gate in gates):
        score = min(score, MOST_WITH_FAILURE)
    return round(score, 1)


def _member(session: Session, planned: TaskStep) -> TeamMember:
    # What it was asked about afterwards is no part of its work.
    asked = session.feedback.before.get(planned.worker)
    state = asked.state if asked is not None else session.workers.get(planned.worker)
    version = next((found.version for found in session.found if found.name == planned.agent), None)
    model = session.options.models.get(planned.agent, "")
    if state is None:
        return TeamMember(planned.worker, planned.agent, str(planned.role), version or "", model)
    return TeamMember(
        planned.worker,
        planned.agent,
        str(planned.role),
        version or "",
        state.model or model,
        state.attempt,
        round(state.ran_s, 3),
        state.usage.total_tokens,
        state.usage.cost_usd,
    )
