"""Commands that wait in front of a guard: judged, put to a person, answered.  Pure, as all of the fold."""

from __future__ import annotations

from orchestrator.models.entries import GuardAsked, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.safety.commands import CommandFilter, CommandVerdict, Decision
from orchestrator.safety.leaving import leaving
from orchestrator.safety.reach import Surroundings
from orchestrator.session.consenting import answer, ask_consent, is_anybody_there, shown
from orchestrator.session.draft import Draft
from orchestrator.session.leaving import forget_leaving, inspect, is_leaving, send
from orchestrator.session.state import PendingGuard

CONSENT = frozenset({"yes", "y", "ok", "okay", "allow", "run", "approve", "approved", "go", "ja", "oui", "si"})


def on_guard_asked(draft: Draft, body: GuardAsked) -> None:
    """Answer at once where the policy knows the answer; else ask a person."""
    worker = body.worker
    pending = draft.session.guards.values()
    if is_leaving(draft, body) or any(one.worker == worker and one.request == body.request for one in pending):
        return  # another coordinator took over and found it again
    if worker not in draft.session.details or not draft.running or not draft.alive(worker):
        answer(draft, worker, body.request, run=False, reason="the session is ending")
        return
    verdict = _judge(draft, body)
    wanted = leaving(body.argv, body.cwd) if _may_leave(draft, body, verdict) else None
    if wanted is not None:
        inspect(draft, body, wanted, rule=verdict.rule)
        return
    decision = _settled(draft, body, verdict)
    command = shown(body)
    if decision == "block":
        draft.warn(f"{worker}: refused `{command}`: {verdict.reason}", worker)
        answer(draft, worker, body.request, run=False, reason=verdict.reason)
    elif decision == "confirm":
        _confirm(draft, body, verdict)
    else:
        if decision == "warn" and body.source == "executable":
            # A hook's command is in the stream as well, where it is looked at anyway.
            draft.warn(f"{worker}: {verdict.reason}: `{command}`", worker)
        answer(draft, worker, body.request, run=True, reason=verdict.reason)


def on_guard_answer(draft: Draft, command: UserCommand) -> bool:
    """Whether the question was a guard's; if so the command that waits is told."""
    session = draft.session
    question = next((q for q in session.questions if command.question in (None, q.id)), None)
    pending = session.guards.get(question.id) if question is not None else None
    if question is None or pending is None:
        return False
    draft.set(answers=(*session.answers, (question.id, command.text)))
    words = command.text.strip().lower().rstrip(".!").split()
    agreed = bool(words) and words[0].rstrip(",") in CONSENT
    said = f": {command.text.strip()}" if not agreed and command.text.strip().lower() not in ("no", "n", "") else ""
    reason = f"{'allowed' if agreed else 'refused'} by {command.by}{said}"
    _close(draft, question.id, pending, run=agreed, reason=reason)
    return True


def on_guard_late(draft: Draft, pending: PendingGuard) -> None:
    """Nobody answered in time: refused."""
    for question in [key for key, value in draft.session.guards.items() if value is pending]:
        waited = draft.session.options.sandbox.confirm_timeout_s
        reason = f"nobody consented to `{pending.rule}` within {waited:g} s"
        draft.warn(f"{pending.worker}: {reason}: refused", pending.worker)
        _close(draft, question, pending, run=False, reason=reason)


def forget_guards(draft: Draft, worker: WorkerId) -> None:
    """The worker is gone, and with it whatever waited."""
    for question, pending in list(draft.session.guards.items()):
        if pending.worker == worker:
            _close(draft, question, pending, run=False, reason=f"{worker} is gone")
    forget_leaving(draft, worker)


def _judge(draft: Draft, body: GuardAsked) -> CommandVerdict:
    config = draft.session.options.sandbox
    if body.source == "hook" and draft.session.options.sandbox_backend == "bubblewrap":
        # What leaves is shown exactly when it is really started, which its guard waits in front of.
        asked = tuple(rule for rule in config.confirm_commands if leaving(rule.split(), "/") is None)
        config = config.model_copy(update={"confirm_commands": asked})
    guard = CommandFilter.of(config, Surroundings.of(config, draft.detail(body.worker).assignment))
    if body.source == "hook":
        return guard.judge(body.argv[0] if body.argv else "")
    return guard.judge_words(body.argv, body.cwd)


def _may_leave(draft: Draft, body: GuardAsked, verdict: CommandVerdict) -> bool:
    """Whether the supervisor may run it in the worker's place: only in front of a program it is known what that is."""
    return body.source == "executable" and verdict.decision == "confirm"


def _settled(draft: Draft, body: GuardAsked, verdict: CommandVerdict) -> Decision:
    """The verdict with the policy's own answers put in: consent given beforehand, and what is not known."""
    options = draft.session.options
    config = options.sandbox
    if body.source == "hook" and not verdict.sure and options.sandbox_backend == "bubblewrap":
        # The guard in front of the program will see what it really reaches.
        return "allow"
    if verdict.decision == "unknown":
        return config.unsure_commands
    if verdict.decision == "confirm" and verdict.rule in config.approved_commands:
        return "allow"
    return verdict.decision


def _confirm(draft: Draft, body: GuardAsked, verdict: CommandVerdict) -> None:
    session, worker = draft.session, body.worker
    consent = (worker, verdict.rule)
    if body.source == "executable" and consent in session.guard_consents:
        # The hook has asked already, for this very start.
        left = list(session.guard_consents)
        left.remove(consent)
        draft.set(guard_consents=tuple(left))
        answer(draft, worker, body.request, run=True, reason="consented to a moment ago")
        return
    if not is_anybody_there(draft, worker, shown(body), reason=verdict.reason, rule=verdict.rule):
        answer(draft, worker, body.request, run=False, reason=f"{verdict.reason}, and nobody is there to ask")
        return
    text = f"{worker} wants to run `{shown(body)}` in {body.cwd}. {verdict.reason}. May it?"
    ask_consent(draft, text, worker=worker, request=body.request, rule=verdict.rule, source=body.source)


def _close(draft: Draft, question: str, pending: PendingGuard, *, run: bool, reason: str) -> None:
    session = draft.session
    draft.set(
        guards={key: value for key, value in session.guards.items() if key != question},
        questions=tuple(one for one in session.questions if one.id != question),
    )
    if run and pending.source == "hook":
        draft.set(guard_consents=(*session.guard_consents, (pending.worker, pending.rule)))
    if run and pending.parcel is not None:
        send(draft, pending.worker, pending.request)
    else:
        answer(draft, pending.worker, pending.request, run=run, reason=reason)
