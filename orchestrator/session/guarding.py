"""Commands that wait in front of a guard: judged, put to a person, answered.  Pure, as all of the fold."""

from __future__ import annotations

import shlex
from datetime import timedelta

from orchestrator.models.effects import AnswerGuard, AskPerson, Question
from orchestrator.models.entries import GuardAsked, UserCommand
from orchestrator.models.identity import WorkerId
from orchestrator.safety.commands import CommandFilter, CommandVerdict, Decision
from orchestrator.safety.reach import Surroundings
from orchestrator.session.draft import Draft
from orchestrator.session.state import PendingGuard

COMMAND_CHARS = 300
"""Of a command in a question; the journal has all of it."""
CONSENT = frozenset({"yes", "y", "ok", "okay", "allow", "run", "approve", "approved", "go", "ja", "oui", "si"})


def on_guard_asked(draft: Draft, body: GuardAsked) -> None:
    """Answer at once where the policy knows the answer; else ask a person."""
    worker = body.worker
    if any(one.worker == worker and one.request == body.request for one in draft.session.guards.values()):
        return  # another coordinator took over and found it again
    if worker not in draft.session.details or not draft.running or not draft.alive(worker):
        _answer(draft, body, run=False, reason="the session is ending")
        return
    verdict = _judge(draft, body)
    decision = _settled(draft, body, verdict)
    command = _shown(body)
    if decision == "block":
        draft.warn(f"{worker}: refused `{command}`: {verdict.reason}", worker)
        _answer(draft, body, run=False, reason=verdict.reason)
    elif decision == "confirm":
        _confirm(draft, body, verdict)
    else:
        if decision == "warn" and body.source == "executable":
            # A hook's command is in the stream as well, where it is looked at anyway.
            draft.warn(f"{worker}: {verdict.reason}: `{command}`", worker)
        _answer(draft, body, run=True, reason=verdict.reason)


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


def _judge(draft: Draft, body: GuardAsked) -> CommandVerdict:
    config = draft.session.options.sandbox
    guard = CommandFilter.of(config, Surroundings.of(config, draft.detail(body.worker).assignment))
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
        _answer(draft, body, run=True, reason="consented to a moment ago")
        return
    if not session.options.interactive:
        how = f"consent beforehand with --approve '{verdict.rule}'"
        draft.warn(f"{worker}: refused `{_shown(body)}`: {verdict.reason}, and nobody is there to ask; {how}", worker)
        _answer(draft, body, run=False, reason=f"{verdict.reason}, and nobody is there to ask")
        return
    number = session.questions_asked + 1
    text = f"{worker} wants to run `{_shown(body)}` in {body.cwd}. {verdict.reason}. May it?"
    question = Question(id=f"q{number}", text=text, suggestions=("yes", "no"), about=worker)
    deadline = draft.at + timedelta(seconds=session.options.sandbox.confirm_timeout_s)
    pending = PendingGuard(worker, body.request, verdict.rule, deadline, body.source)
    draft.set(
        questions=(*session.questions, question),
        questions_asked=number,
        guards={**session.guards, question.id: pending},
    )
    draft.do(AskPerson(question=question))


def _close(draft: Draft, question: str, pending: PendingGuard, *, run: bool, reason: str) -> None:
    session = draft.session
    draft.set(
        guards={key: value for key, value in session.guards.items() if key != question},
        questions=tuple(one for one in session.questions if one.id != question),
    )
    if run and pending.source == "hook":
        draft.set(guard_consents=(*session.guard_consents, (pending.worker, pending.rule)))
    draft.do(AnswerGuard(worker=pending.worker, request=pending.request, run=run, reason=reason))


def _answer(draft: Draft, body: GuardAsked, *, run: bool, reason: str) -> None:
    draft.do(AnswerGuard(worker=body.worker, request=body.request, run=run, reason=reason))


def _shown(body: GuardAsked) -> str:
    text = body.argv[0] if body.source == "hook" and body.argv else shlex.join(body.argv)
    line = " ".join(text.split())
    return line if len(line) <= COMMAND_CHARS else line[:COMMAND_CHARS] + " …"
