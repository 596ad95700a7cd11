"""Judge the commands that wait in front of a guard, and put some to a person.  As all of the fold, this is pure."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.egress.egress_requests import leaving
from orchestrator.models.entries import GuardAsked, UserCommand
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.safety.command_filter import CommandFilter, CommandVerdict, Decision
from orchestrator.safety.path_scope import WorkerPaths
from orchestrator.session.consents import (
    NO,
    YES,
    answer,
    ask_consent,
    choice,
    misunderstood,
    refuse_if_unattended,
    settle,
    settle_beforehand,
    shown,
    unclear,
)
from orchestrator.session.draft import Draft
from orchestrator.session.nested_agents import count_agent
from orchestrator.session.outbound_commands import forget_outbound, inspect, is_outbound, send
from orchestrator.session.state import GuardConsent, PendingGuard

MOST_OPEN = 16
"""Commands of one worker that may wait for a person at once: more would hide what another worker asks."""


def on_guard_asked(draft: Draft, body: GuardAsked) -> None:
    """Answer at once where the policy knows the answer; else ask a person."""
    worker = body.worker
    pending = draft.session.approvals.guards.values()
    if is_outbound(draft, body) or any(one.worker == worker and one.request == body.request for one in pending):
        return  # another coordinator took over and found it again
    if worker not in draft.session.details or not draft.running or not draft.alive(worker):
        answer(draft, worker, body.request, run=False, reason="the session is ending")
        return
    verdict = _judge(draft, body)
    # Only in front of a program is it known what runs, so that the coordinator can do it in the worker's place.
    is_known = body.source == "executable" and verdict.decision == "confirm"
    wanted = leaving(body.argv, body.cwd) if is_known else None
    if wanted is not None:
        inspect(draft, body, wanted, rule=verdict.rule)
        return
    decision = _settled(draft, body, verdict)
    if decision == "allow" and verdict.decision == "confirm" and verdict.rule in _approved(draft):
        text = f"{worker} ran `{shown(body)}` in {body.cwd}"
        settle_beforehand(draft, text, worker=worker, request=body.request, rule=verdict.rule)
    command = shown(body)
    if verdict.agent and (body.source == "executable" or decision == "block"):
        count_agent(draft, worker, verdict.agent, refused=decision == "block")
    if decision == "block":
        draft.warn(f"{worker}: refused `{command}`: {verdict.reason}", worker)
        answer(draft, worker, body.request, run=False, reason=verdict.reason)
    elif decision == "confirm":
        _confirm(draft, body, verdict)
    else:
        if decision == "warn" and body.source == "executable" and not verdict.agent:
            # A hook's command is in the stream as well, where it is looked at anyway.
            draft.warn(f"{worker}: {verdict.reason}: `{command}`", worker)
        answer(draft, worker, body.request, run=True, reason=verdict.reason)


def on_guard_answer(draft: Draft, command: UserCommand) -> bool:
    """Whether this is no more to be dealt with: the question was a guard's, or nobody knows which one is meant."""
    session = draft.session
    problem = unclear(session, command.question, command.by, draft.at)
    if problem is not None:
        draft.warn(f"{command.by}: {problem}")
        return True
    question = next((q for q in session.approvals.questions if command.question in (None, q.id)), None)
    pending = session.approvals.guards.get(question.id) if question is not None else None
    if question is None or pending is None:
        return False
    problem = misunderstood(session, question, command.text)
    if problem is not None:
        # Words that are no answer are no consent either: the question is put once more.
        draft.warn(f"{command.by}: {problem}; it is still open", question.about)
        draft.tell(PersonAsked(question=question))
        return True
    agreed = choice(question, command.text) == YES
    draft.approvals.answers = (*session.approvals.answers, (question.id, YES if agreed else NO))
    outcome = "refused" if not agreed else "sent in its place" if pending.parcel is not None else "allowed to run"
    settle(draft, question, outcome=outcome, command=command)
    _close(draft, question.id, pending, run=agreed, reason=f"{'allowed' if agreed else 'refused'} by {command.by}")
    return True


def on_guard_late(draft: Draft, pending: PendingGuard) -> None:
    """Refuse a command about which nobody answered in time."""
    for question in [key for key, value in draft.session.approvals.guards.items() if value is pending]:
        waited = draft.session.options.sandbox.confirm_timeout_s
        reason = f"nobody consented to `{pending.rule}` within {waited:g} s"
        draft.warn(f"{pending.worker}: {reason}: refused", pending.worker)
        _settle_unanswered(draft, question, f"refused: {reason}")
        _close(draft, question, pending, run=False, reason=reason)


def forget_guards(draft: Draft, worker: WorkerId) -> None:
    """Drop a worker's waiting commands, since it is gone."""
    for question, pending in list(draft.session.approvals.guards.items()):
        if pending.worker == worker:
            _settle_unanswered(draft, question, f"refused: {worker} is gone")
            _close(draft, question, pending, run=False, reason=f"{worker} is gone")
    if any(consent.worker == worker for consent in draft.session.approvals.guard_consents):
        draft.approvals.guard_consents = tuple(
            one for one in draft.session.approvals.guard_consents if one.worker != worker
        )
    forget_outbound(draft, worker)


def _settle_unanswered(draft: Draft, name: str, outcome: str) -> None:
    question = next((one for one in draft.session.approvals.questions if one.id == name), None)
    if question is not None:
        settle(draft, question, outcome=outcome)


def _judge(draft: Draft, body: GuardAsked) -> CommandVerdict:
    config = draft.session.options.sandbox
    if body.source == "hook" and draft.session.options.sandbox_backend == "bubblewrap":
        # What leaves is shown exactly when it is really started, which its guard waits in front of.
        asked = tuple(rule for rule in config.confirm_commands if leaving(rule.split(), "/") is None)
        config = replace(config, confirm_commands=asked)
    guard = CommandFilter.of(config, WorkerPaths.of(config, draft.detail(body.worker).assignment))
    if body.source == "hook":
        return guard.judge(body.argv[0] if body.argv else "")
    return guard.judge_words(body.argv, body.cwd)


def _settled(draft: Draft, body: GuardAsked, verdict: CommandVerdict) -> Decision:
    """The verdict with the policy's own answers put in: consent given beforehand, and what is not known."""
    options = draft.session.options
    config = options.sandbox
    if body.source == "hook" and not verdict.sure and options.sandbox_backend == "bubblewrap":
        # The guard in front of the program will see what it really reaches.
        return "allow"
    if verdict.decision == "unknown":
        return config.unsure_commands
    if verdict.decision == "confirm" and verdict.rule in _approved(draft):
        return "allow"
    return verdict.decision


def _approved(draft: Draft) -> tuple[str, ...]:
    return draft.session.options.sandbox.approved_commands


def _confirm(draft: Draft, body: GuardAsked, verdict: CommandVerdict) -> None:
    worker = body.worker
    if body.source == "executable" and _is_covered(draft, body, verdict.rule):
        answer(draft, worker, body.request, run=True, reason="consented to a moment ago")
        return
    if not refuse_if_unattended(draft, worker, shown(body), reason=verdict.reason, rule=verdict.rule):
        answer(draft, worker, body.request, run=False, reason=f"{verdict.reason}, and nobody is there to ask")
        return
    if sum(one.worker == worker for one in draft.session.approvals.guards.values()) >= MOST_OPEN:
        reason = f"{verdict.reason}, and {MOST_OPEN} commands of this worker wait for consent already"
        draft.warn(f"{worker}: refused `{shown(body)}`: {reason}", worker)
        answer(draft, worker, body.request, run=False, reason=reason)
        return
    text = f"{worker} wants to run `{shown(body)}` in {body.cwd}. {verdict.reason}. May it?"
    process = body.processes[0] if body.processes else ""
    ask_consent(
        *(draft, text),
        worker=worker,
        request=body.request,
        rule=verdict.rule,
        source=body.source,
        argv=body.argv,
        process=process,
    )


def _is_covered(draft: Draft, body: GuardAsked, rule: str) -> bool:
    """Whether a yes covers this start: to the hook before it, or to the same arguments in a process above it.

    A version manager's program calls itself again through the guarded PATH: one command, one consent.  What merely
    runs beside the consented process is asked about.
    """
    for consent in draft.session.approvals.guard_consents:
        if consent.worker != body.worker or consent.rule != rule:
            continue
        if consent.process:
            if consent.process in body.processes and consent.argv[1:] == body.argv[1:]:
                return True
        elif all(word in consent.argv[0] for word in body.argv[1:]):
            # The hook has asked already, for this very start.  What that starts below itself is this one again.
            left = [one for one in draft.session.approvals.guard_consents if one is not consent]
            started = [GuardConsent(body.worker, rule, body.argv, body.processes[0])] if body.processes else []
            draft.approvals.guard_consents = (*left, *started)
            return True
    return False


def _close(draft: Draft, question: str, pending: PendingGuard, *, run: bool, reason: str) -> None:
    session = draft.session
    draft.approvals.guards = {key: value for key, value in session.approvals.guards.items() if key != question}
    draft.approvals.questions = tuple(one for one in session.approvals.questions if one.id != question)
    if run and (pending.source == "hook" or pending.process):
        consent = GuardConsent(pending.worker, pending.rule, pending.argv, pending.process)
        draft.approvals.guard_consents = (*session.approvals.guard_consents, consent)
    if run and pending.parcel is not None:
        send(draft, pending.worker, pending.request)
    else:
        answer(draft, pending.worker, pending.request, run=run, reason=reason)
