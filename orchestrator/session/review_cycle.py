"""Ask for reviews, take their answers, decide, and do to living processes what the decision says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.effects import EffectId, Outcome, RunChecks, SaveReview, TakeSnapshot
from orchestrator.models.entries import BaselineMeasured, ChecksMeasured, SnapshotTaken
from orchestrator.models.facts import DecisionMade
from orchestrator.models.identity import ORCHESTRATOR, AgentName, ReviewId, WorkerId
from orchestrator.models.reviews import PeerReview, ReviewRequest, Trigger, Verdict
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.review_engine import ReviewEngine
from orchestrator.review_engine.replies import abstention
from orchestrator.session.assignments import assignment_for_review, assignment_for_step
from orchestrator.session.delayed_starts import launch, limit_in_force
from orchestrator.session.draft import Draft
from orchestrator.session.leaf_failures import can_be_done_without, fail_leaf
from orchestrator.session.questions import ask
from orchestrator.session.state import ReviewState, Session, WorkerDetail

GROWTH = 8
"""Each pause before a reviewer is asked again is so many times as long as the one before: 2 s and 16 s by default."""
CHECKS = WorkerId("checks")
"""Stands in a panel for the orchestrator's own review by measurement."""
ACCEPTED = frozenset({Action.CONTINUE, Action.LOG_WARNING})
"""Decisions after which a finished piece of work stands."""
ABOUT_ROUNDS = (
    "answer with what it is to do; it goes on with your words in its own conversation, and may ask for reviews again",
    "stop, and look at the reviews there were: orchestrate show",
)
ABOUT_BLOCKED = (
    "answer with what it lacks; it goes on with your words in its own conversation",
    "stop, and run again with another agent beside it: orchestrate doctor says which there are",
)
ABOUT_CONCERNS = (
    "answer with what is to be done about the concerns; it goes on with your words, and is reviewed again",
    "answer that the work stands as it is; it goes on, and is reviewed again with that answer",
    "stop; what was changed stays: orchestrate diff shows it, orchestrate undo takes it back",
)


def fails_alone(draft: Draft, worker: WorkerId, why: str) -> bool:
    """Fail an agent of a plan that is blocked, where nobody can be asked and the others can do without it.

    Returns:
        Whether it has; else its trouble is the session's.
    """
    options = draft.session.options
    if options.plan_rules < 2 or options.interactive or not can_be_done_without(draft.session, worker):
        return False
    fail_leaf(draft, worker, why)
    return True


def reviews_about(session: Session, worker: WorkerId) -> Sequence[ReviewState]:
    """All reviews of one worker's work, oldest first."""
    return [review for review in session.assessment.reviews.values() if review.request.about == worker]


def is_accepted(session: Session) -> bool:
    """Whether the last review at the end lets the work stand."""
    final = [review for review in _since_follow_up(session) if review.request.trigger is Trigger.FINAL]
    return bool(final) and final[-1].decision is not None and final[-1].decision.action in ACCEPTED


def is_reviewed(session: Session) -> bool:
    """Whether there was a review at the end, whatever it said."""
    reviews = _since_follow_up(session)
    return any(review.request.trigger is Trigger.FINAL and review.decision is not None for review in reviews)


def _since_follow_up(session: Session) -> Sequence[ReviewState]:
    """The reviews of the task, or of the last follow-up on it."""
    return [*session.assessment.reviews.values()][session.assessment.earlier :]


def ask_for_review(draft: Draft, trigger: Trigger, *, about: WorkerId | None, text: str) -> None:
    """Ask everybody but the author; the author is frozen meanwhile, and a loop of reviews ends with a person."""
    session = draft.session
    if any(review.request.about == about for review in session.open_reviews()):
        draft.warn(f"a {trigger} of {about} was folded into the review under way", about)
        return
    if about is not None:
        # The final review is asked with the task's own text each time: only its number tells one from the next.
        said = f"final review {len(session.assessment.reviews)}" if trigger is Trigger.FINAL else text
        rounds, reason = engine_of(session).admit(session.assessment.rounds, about, said)
        draft.assessment.rounds = rounds
        if reason is not None:
            text = f"{about} asks for another review ({trigger}): {reason}"
            ask(draft, text, about=about, suggestions=ABOUT_ROUNDS)
            return
    number = len(session.assessment.reviews) + 1
    agents, author = _panel(draft, trigger, about=about)
    request = engine_of(session).request(
        number, trigger, about=about, author=author, text=text, agents=agents, now=draft.at
    )
    if trigger is Trigger.BLOCKER and not request.reviewers:
        # What it lacks cannot be measured: that takes somebody who reads.
        text = f"{about} cannot go on, and no other agent is there to look at it: {text}"
        if about is not None and fails_alone(draft, about, text):
            return
        ask(draft, text, about=about, suggestions=ABOUT_BLOCKED)
        return
    draft.assessment.reviews = {**draft.session.assessment.reviews, request.id: ReviewState(request, {})}
    if about is not None and trigger in (Trigger.MILESTONE, Trigger.BLOCKER, Trigger.REQUEST):
        draft.hold(about, request.id, f"{trigger} under review")
    _look_at_target(draft, request)


def look_again(draft: Draft, review: ReviewState) -> None:
    """Begin a review once more whose look at the target came when nobody was to be started any more."""
    looks = {key for key, name in draft.session.assessment.snapshots_for.items() if name == review.request.id}
    if not review.panel and looks.isdisjoint(draft.session.effects_open):
        _look_at_target(draft, review.request)


def _look_at_target(draft: Draft, request: ReviewRequest) -> None:
    if request.reviewers:
        _look(draft, TakeSnapshot(review=request.id))
    is_final = request.trigger is Trigger.FINAL and draft.session.options.measures_final
    if not request.reviewers or is_final:
        _measure(draft, request.id)


def _measure(draft: Draft, name: ReviewId) -> None:
    """Have the orchestrator measure for a review, as soon as it is known what there is to compare with."""
    session, review = draft.session, draft.session.assessment.reviews[name]
    if review.measures == "runs":
        return
    waits = session.options.baseline_s is not None and session.assessment.baseline is None
    draft.assessment.reviews = {
        **session.assessment.reviews,
        name: replace(review, measures="waits" if waits else "runs"),
    }
    if not waits:
        _look(draft, RunChecks(review=name, without_baseline=why_no_baseline(session)))


def why_no_baseline(session: Session) -> str | None:
    """Why it is not known what the target's tests did before; ``None`` where it is."""
    if session.assessment.baseline is not None:
        return session.assessment.baseline.problem
    return "no baseline was asked for" if session.options.measures_final else None


def _look(draft: Draft, effect: TakeSnapshot | RunChecks) -> None:
    index = draft.do(effect)
    draft.assessment.snapshots_for = {**draft.session.assessment.snapshots_for, (draft.session.n, index): effect.review}


def on_baseline(draft: Draft, body: BaselineMeasured) -> None:
    """Take in what the target's tests did before, and measure what waited for that."""
    draft.assessment.baseline = body.suites
    for review in draft.session.open_reviews():
        if review.measures == "waits":
            _measure(draft, review.request.id)


def on_snapshot(draft: Draft, body: SnapshotTaken) -> None:
    """Start the reviewers, since the target has been recorded."""
    review = _review_of(draft, body.effect)
    if review is None or not draft.running:
        return
    if body.problem is not None:
        draft.warn(f"the reviewers of {review.request.id} see no diff: {body.problem}")
    request = review.request
    panel: dict[WorkerId, PeerReview | None] = {}
    for agent in request.reviewers:
        limit = limit_in_force(draft, agent)
        if limit is not None and request.trigger is not Trigger.FINAL:
            # The author stands still meanwhile: better one voice less than a wait of hours.
            panel[_reviewer_id(request, agent)] = abstention(request.id, agent, f"not asked: {limit.because}")
        else:
            panel[_start_reviewer(draft, request, agent, body=body)] = None
    draft.assessment.reviews = {**draft.session.assessment.reviews, request.id: replace(review, panel=panel)}
    _decide_if_complete(draft, request.id)


def on_checks(draft: Draft, body: ChecksMeasured) -> None:
    """Take in the orchestrator's own review by measurement."""
    review = _review_of(draft, body.effect)
    if review is None:
        return
    summary = "; ".join(body.findings)
    problem = summary if body.verdict is Verdict.ABSTAINED else None
    answer = PeerReview(
        review.request.id, ORCHESTRATOR, body.verdict, summary=summary, points=body.findings, problem=problem
    )
    if body.suites is not None:
        draft.assessment.suites = body.suites
    known = replace(review, measured=answer) if review.request.reviewers else replace(review, panel={CHECKS: answer})
    draft.assessment.reviews = {**draft.session.assessment.reviews, review.request.id: known}
    _decide_if_complete(draft, review.request.id)


def review_waiting_for(session: Session, worker: WorkerId) -> ReviewState | None:
    """The open review this worker's answer belongs to."""
    for review in session.open_reviews():
        if worker in review.panel and review.panel[worker] is None:
            return review
    return None


def on_answered(draft: Draft, worker: WorkerId, answer: PeerReview) -> None:
    """Take in a reviewer's answer or abstention."""
    review = review_waiting_for(draft.session, worker)
    if review is None:
        return
    panel = {**review.panel, worker: answer}
    draft.assessment.reviews = {**draft.session.assessment.reviews, review.request.id: replace(review, panel=panel)}
    _decide_if_complete(draft, review.request.id)


def on_unheard(draft: Draft, worker: WorkerId, problem: str, *, is_lost: bool = False) -> None:
    """A reviewer could not be asked or heard for a technical reason: ask it again after a pause, a few times at most.

    Only one that was heard can abstain.  Where every try was in vain, a person is asked, whatever the others said.

    Args:
        is_lost: Its agent cannot be used any more, so that another try is none.
    """
    review = review_waiting_for(draft.session, worker)
    if review is None:
        return
    options, agent = draft.session.options, draft.worker(worker).agent
    tries = review.retries.get(worker, 0)
    if is_lost or tries >= options.max_review_retries:
        unheard = options.max_review_retries > 0
        said = f"{problem} ({tries + 1} tries)" if tries else problem
        on_answered(draft, worker, abstention(review.request.id, agent, said, unheard=unheard))
        return
    begins = draft.at + timedelta(seconds=options.restart_delay_s * GROWTH**tries)
    deadline = max(review.request.deadline, begins + timedelta(seconds=options.review_timeout_s))
    tried = replace(
        review,
        request=replace(review.request, deadline=deadline),
        retries={**review.retries, worker: tries + 1},
    )
    draft.assessment.reviews = {**draft.session.assessment.reviews, review.request.id: tried}
    why = f"asked again ({tries + 1} of {options.max_review_retries}): {problem}"
    detail = draft.detail(worker)
    again = replace(detail.assignment, prompt=detail.first_prompt, resume=None)
    kept = draft.change_detail(worker)
    kept.next_assignment = again
    kept.start_at = begins
    draft.become(worker, WorkerStatus.RELAUNCHING, why)
    draft.warn(f"{worker} is {why}", worker)


def engine_of(session: Session) -> ReviewEngine:
    """The review engine with this session's policy and bounds."""
    options = session.options
    return ReviewEngine(options.policy, options.max_review_rounds, options.review_timeout_s, options.measures_final)


def reviewers_of(session: Session, about: WorkerId | None) -> tuple[AgentName, ...]:
    """Who may be asked about a worker: every agent there is but its own."""
    author = session.workers[about].agent if about is not None else None
    return tuple(agent for agent in usable_names(session) if agent != author)


def usable_names(session: Session) -> tuple[AgentName, ...]:
    """Agents that were found, are allowed and have not been lost."""
    return tuple(
        found.name
        for found in session.found
        if found.usable and found.name in session.options.agents and found.name not in session.lost
    )


def _panel(draft: Draft, trigger: Trigger, *, about: WorkerId | None) -> tuple[tuple[AgentName, ...], AgentName | None]:
    """Who may be asked, and who is the author; a step that reviews was chosen by the plan, whoever wrote."""
    session = draft.session
    if trigger is Trigger.FINAL:
        return tuple(step.agent for step in session.steps() if step.role is Role.REVIEWER), None
    return usable_names(session), session.workers[about].agent if about is not None else None


def _start_reviewer(draft: Draft, request: ReviewRequest, agent: AgentName, *, body: SnapshotTaken) -> WorkerId:
    session = draft.session
    step = next((step for step in session.steps() if step.role is Role.REVIEWER), None)
    if request.trigger is Trigger.FINAL and step is not None:
        worker = step.worker
        assignment = assignment_for_step(session, step, change=body.excerpt)
    else:
        worker = _reviewer_id(request, agent)
        state = WorkerState(worker, agent, Role.REVIEWER)
        draft.session.workers = {**draft.session.workers, worker: state}
        assignment = assignment_for_review(
            draft.session, worker, agent, request=request, change=body.excerpt, files=body.files
        )
    detail = WorkerDetail(assignment=assignment, first_prompt=assignment.prompt)
    draft.session.details = {**draft.session.details, worker: detail}
    launch(draft, assignment)
    return worker


def _reviewer_id(request: ReviewRequest, agent: AgentName) -> WorkerId:
    return WorkerId(f"review-{request.id.partition('-')[0]}-{agent}")


def _review_of(draft: Draft, effect: EffectId) -> ReviewState | None:
    name: ReviewId | None = draft.session.assessment.snapshots_for.get((effect.cause, effect.index))
    return draft.session.assessment.reviews.get(name) if name is not None else None


def _decide_if_complete(draft: Draft, name: ReviewId) -> None:
    review = draft.session.assessment.reviews[name]
    answers = [answer for answer in review.panel.values() if answer is not None]
    if not answers or len(answers) < len(review.panel) or review.decision is not None:
        return
    if review.request.reviewers and review.measures != "no":
        if review.measured is None:
            return
        answers.append(review.measured)
    decision = engine_of(draft.session).evaluate(review.request, answers)
    draft.assessment.reviews = {**draft.session.assessment.reviews, name: replace(review, decision=decision)}
    draft.assessment.decisions = (*draft.session.assessment.decisions, decision)
    draft.do(SaveReview(request=review.request, reviews=tuple(answers), decision=decision))
    draft.tell(DecisionMade(decision=decision))
    _act(draft, review.request, decision)


def _act(draft: Draft, request: ReviewRequest, decision: OrchestratorDecision) -> None:
    because = decision.because
    result = draft.session.plan_run.result
    if request.trigger is Trigger.FINAL and result is not None and not result.success:
        # The plan has failed already: what the reviewers say is for people, and sends nobody on.
        if decision.action is not Action.CONTINUE:
            draft.warn(because, request.about)
        return
    stops = decision.action in (Action.STOP_AND_ESCALATE, Action.PAUSE_AND_CLARIFY)
    about = request.about if request.trigger is not Trigger.FINAL else None
    if stops and about is not None and fails_alone(draft, about, because):
        return
    match decision.action:
        case Action.STOP_AND_ESCALATE:
            draft.end(Outcome.NEEDS_PERSON, because)
        case Action.PAUSE_AND_CLARIFY:
            review_again(draft, request)
            ask(draft, because, about=request.about, suggestions=ABOUT_CONCERNS)
            if request.about is not None:
                draft.release(request.about, request.id)
        case Action.LOG_WARNING:
            draft.warn(because, request.about)
            if request.about is not None:
                draft.release(request.about, request.id)
        case Action.CONTINUE:
            if request.about is not None:
                draft.release(request.about, request.id)


def review_again(draft: Draft, request: ReviewRequest) -> None:
    """Let the reviewing step wait for its turn once more, after a final review that asks for more."""
    workers = dict(draft.session.workers)
    if request.trigger is Trigger.FINAL:
        for step in draft.session.steps():
            if step.role is Role.REVIEWER:
                workers[step.worker] = replace(workers[step.worker], status=WorkerStatus.WAITING)
    draft.session.workers = workers
