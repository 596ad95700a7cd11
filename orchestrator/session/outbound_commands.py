"""Run a push or publish in a worker's place: inspected, shown to a person, sent once.  This module is pure."""

from __future__ import annotations

import shlex
from dataclasses import replace
from os.path import normpath

from orchestrator.egress.destinations import Destination, destination
from orchestrator.egress.egress_requests import Unsupported
from orchestrator.models.effects import InspectOutbound, SendOutbound
from orchestrator.models.egress import OutboundArtifact, PackageArtifact, Publish, Push, PushArtifact, RefChange
from orchestrator.models.entries import GuardAsked, OutboundInspected, OutboundSent
from orchestrator.models.identity import WorkerId
from orchestrator.models.options import SessionOptions
from orchestrator.models.sandbox import ORIGIN
from orchestrator.session.consents import answer, ask_consent, key_of, refuse_if_unattended, settle_beforehand, shown
from orchestrator.session.draft import Draft
from orchestrator.session.questions import ask
from orchestrator.session.state import PendingOutbound


def is_outbound(draft: Draft, body: GuardAsked) -> bool:
    """Whether this very request is being inspected, asked about or sent."""
    return key_of(body.worker, body.request) in draft.session.approvals.leaving


def inspect(draft: Draft, body: GuardAsked, wanted: Push | Publish | Unsupported, *, rule: str) -> None:
    """Have it found out what would leave; refuse what cannot be done, and what nobody could consent to."""
    worker, options = body.worker, draft.session.options
    where = _where(wanted, options)
    if isinstance(where, Unsupported) or isinstance(wanted, Unsupported):
        reason = where.reason if isinstance(where, Unsupported) else ""
        draft.warn(f"{worker}: refused `{shown(body)}`: {reason}", worker)
        answer(draft, worker, body.request, run=False, reason=reason)
        return
    approved = rule in options.sandbox.approved_commands
    need = f"`{rule}` needs a person's consent by the sandbox policy"
    if not approved and not refuse_if_unattended(draft, worker, shown(body), reason=need, rule=rule):
        answer(draft, worker, body.request, run=False, reason=f"{need}, and nobody is there to ask")
        return
    pending = PendingOutbound(worker, body.request, rule, shown(body), approved)
    draft.approvals.leaving = {**draft.session.approvals.leaving, key_of(worker, body.request): pending}
    draft.do(InspectOutbound(worker, body.request, wanted, where.url))


def on_inspected(draft: Draft, body: OutboundInspected) -> None:
    """Ask a person about exactly that, or send it where consent was given beforehand."""
    worker, request, parcel = body.worker, body.request, body.parcel
    key = key_of(worker, request)
    pending = draft.session.approvals.leaving.get(key)
    if pending is None:
        return
    if not draft.running or not draft.alive(worker):
        answer(draft, worker, request, run=False, reason="the session is ending")
    elif parcel is None:
        draft.warn(f"{worker}: refused `{pending.words}`: {body.problem}", worker)
        answer(draft, worker, request, run=False, reason=body.problem or "it could not be inspected")
    elif isinstance(parcel, PushArtifact) and parcel.is_empty:
        there = OutboundSent(worker, request, body.effect, code=0, stderr="Everything up-to-date\n")
        answer(draft, worker, request, run=False, reason="everything is there already", done=there)
    else:
        draft.approvals.leaving = {**draft.session.approvals.leaving, key: replace(pending, parcel=parcel)}
        if pending.approved:
            draft.warn(f"{worker}: `{pending.words}` was consented to beforehand: {told(parcel)}", worker)
            text = f"{worker} wanted to run `{pending.words}`. It would {told(parcel)}"
            settle_beforehand(draft, text, worker=worker, request=request, rule=pending.rule)
            send(draft, worker, request)
        else:
            text = f"{worker} wants to run `{pending.words}`. It would {told(parcel)}. May it?"
            ask_consent(draft, text, worker=worker, request=request, rule=pending.rule, parcel=parcel)


def send(draft: Draft, worker: WorkerId, request: str) -> None:
    """Send it, once."""
    pending = draft.session.approvals.leaving.get(key_of(worker, request))
    if pending is not None and pending.parcel is not None:
        draft.approvals.leaving = {
            **draft.session.approvals.leaving,
            key_of(worker, request): replace(pending, sent=True),
        }
        draft.do(SendOutbound(worker, request, pending.parcel))


def forget_outbound(draft: Draft, worker: WorkerId) -> None:
    """Drop what was not yet sent for a worker that is gone."""
    for pending in list(draft.session.approvals.leaving.values()):
        if pending.worker == worker and not pending.sent:
            answer(draft, worker, pending.request, run=False, reason=f"{worker} is gone")


def on_done(draft: Draft, body: OutboundSent) -> None:
    """Tell the guard how it went.  What nobody knows goes to a person and is never done again."""
    worker = body.worker
    pending = draft.session.approvals.leaving.get(key_of(worker, body.request))
    if pending is None or pending.parcel is None:
        return
    _add_outcome(draft, body)
    if body.code is None:
        answer(draft, worker, body.request, run=False, reason=f"nobody knows whether it has left: {body.stderr}")
        text = (
            f"`{pending.words}` of {worker} was under way and nobody knows whether it got there: {body.stderr}. "
            f"It was to {told(pending.parcel)}. It is not tried again: look with `{_how_to_look(pending.parcel)}`"
        )
        ask(draft, text, about=None, suggestions=("it has left", "it has not left"))
        return
    draft.warn(f"{worker}: `{pending.words}` was run in its place and ended with {body.code}", worker)
    answer(draft, worker, body.request, run=False, reason=f"run in its place: {body.code}", done=body)


def _add_outcome(draft: Draft, body: OutboundSent) -> None:
    """Add to the record of its consent how the command went."""
    how = "nobody knows whether it has left" if body.code is None else f"it ended with {body.code}"
    draft.approvals.settled = tuple(
        replace(one, outcome=f"{one.outcome}; {how}")
        if one.consent and one.request == body.request and one.about == body.worker
        else one
        for one in draft.session.approvals.settled
    )


def told(parcel: OutboundArtifact) -> str:
    """What would leave, exactly, in words."""
    if isinstance(parcel, PackageArtifact):
        extra = "".join(
            f", {name} {value}" for name, value in (("tag", parcel.tag), ("access", parcel.access)) if value
        )
        return (
            f"publish {parcel.name}@{parcel.version} ({parcel.files} files, {parcel.size:,} bytes{extra}) "
            f"to {parcel.url}; {parcel.integrity}"
        )
    changes = "; ".join(_change(ref) for ref in parcel.refs if ref.old != ref.new)
    return f"push to {parcel.url}: {changes}{f' ({parcel.files})' if parcel.files else ''}"


def _change(ref: RefChange) -> str:
    commits = f"{ref.commits} commit{'s' if ref.commits != 1 else ''}"
    if ref.old is None:
        return f"new {ref.name} at {ref.new}, {commits}"
    over = "OVERWRITING what is only there, " if ref.rewinds else ""
    return f"{ref.name} {ref.old}..{ref.new}, {over}{commits}"


def _how_to_look(parcel: OutboundArtifact) -> str:
    if isinstance(parcel, PackageArtifact):
        return shlex.join(
            ("npm", "view", f"{parcel.name}@{parcel.version}", "dist.integrity", "--registry", parcel.url)
        )
    return shlex.join(("git", "ls-remote", parcel.url, *(ref.name for ref in parcel.refs)))


def _where(wanted: Push | Publish | Unsupported, options: SessionOptions) -> Destination | Unsupported:
    """Where it goes, by the policy and never by the command."""
    if isinstance(wanted, Unsupported):
        return wanted
    key = "push_url" if isinstance(wanted, Push) else "publish_url"
    named, url = getattr(options.sandbox.leaving, key), getattr(options.sandbox.leaving, key)
    if named == ORIGIN:
        url = options.origin or ""
    setting = f"the sandbox policy's `leaving.{key}`"
    if not url:
        why = "the target had no `origin` when the session began" if named else "it names no place"
        return Unsupported(f"nothing leaves for a worker without {setting}: {why}")
    try:
        where = destination(url)
    except ValueError as error:
        return Unsupported(f"{setting}: {error}")
    asked = wanted.remote if isinstance(wanted, Push) else wanted.registry
    if not _is_meant(asked, where, wanted.cwd):
        return Unsupported(f"{asked!r} is another place than {setting} names, which is {where.url}")
    if options.rehearsal is not None and where.scheme != "file":
        return Unsupported(f"in a rehearsal nothing leaves for {where.url}")
    return where


def _is_meant(asked: str, where: Destination, cwd: str) -> bool:
    """Whether the command's own word for the place may stand for the policy's: none, ``origin``, or the same."""
    if asked in ("", "origin") or asked.rstrip("/") == where.url.rstrip("/"):
        return True
    is_path = where.scheme == "file" and asked.startswith((".", "/"))
    return is_path and normpath(f"{cwd}/{asked}" if asked.startswith(".") else asked) == normpath(where.path)
