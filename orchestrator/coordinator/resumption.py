"""Resume a session: adopt workers that live, finish open effects, and continue the conversations of the lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.agents.contract import Translation
from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.asides import AsideReader
from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.coordinator import Coordinator
from orchestrator.coordinator.egress.outbound import cut_off
from orchestrator.coordinator.environments import Stage, open_stage
from orchestrator.coordinator.evidence import LOOK_TIME_S
from orchestrator.coordinator.left_target import check_left_target
from orchestrator.coordinator.recovered_state import Inheritance, inherit
from orchestrator.coordinator.session_log import SessionLog
from orchestrator.coordinator.session_request import (
    FollowUpRequest,
    GatesOf,
    Observer,
    Progress,
    RehearsalRequest,
    RunRequest,
    SessionResult,
)
from orchestrator.coordinator.session_start import (
    begin_evidence,
    hold,
    hold_budget,
    make_coordinator,
    record_outcome,
    release_workers,
    result_of,
    sharing,
)
from orchestrator.coordinator.stream_listeners import Listener, StreamName, beginning
from orchestrator.coordinator.workspace_cleanup import report_leftovers
from orchestrator.errors import UsageError
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.control import person
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import EffectId, Outcome, SendOutbound, StartWorker
from orchestrator.models.entries import (
    Command,
    CoordinatorResumed,
    EffectDone,
    FollowUp,
    Input,
    JournalEntry,
    PersonsWords,
    SessionOpened,
    Wanted,
    WorkerStarted,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.options import SessionOptions
from orchestrator.models.work import Role
from orchestrator.safety.redaction import Redactor
from orchestrator.session.choices import answer_command, no_answer
from orchestrator.session.state import Session, is_alive
from orchestrator.workers.attempts import AttemptFiles, read_record

BY = "orchestrate resume"
"""From where an answer comes that is given with the takeover."""


async def resume_session(
    folder: SessionFolder,
    *,
    environ: Mapping[str, str],
    answer: str | PersonsWords | None = None,
    interactive: bool = False,
    share_target: bool = False,
    observe: Observer | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
    gates: GatesOf | None = None,
    follow_up: FollowUpRequest | None = None,
) -> SessionResult:
    """Run a session on whose coordinator is gone, or that stopped to ask a person.  Call it on the main thread.

    Args:
        answer: To its oldest open question; where none is open, to the stop: whoever goes on is told it.
        follow_up: What is asked besides of a session that is done; without it such a session is refused.

    Raises:
        SessionBusy: A coordinator is running it.
        UsageError: It is done, or a question is open and there is neither an answer nor somebody to ask; with a
            follow-up: it is not done, or its target is gone or has changed.
        ReplayDiffers: This version of the program does not derive what the journal holds.
    """
    say = progress or (lambda text: None)
    clock = clock or Clock()
    given = PersonsWords(answer, BY, person()) if isinstance(answer, str) else answer
    await report_leftovers(folder.workspace, say)
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_session_lock(folder))
        journal = stack.enter_context(Journal(folder.journal_file))
        entries = list(read_journal(folder.journal_file))
        left = inherit(entries)
        if follow_up is None:
            check_resumable(left.session, answer=given.text if given else None, interactive=interactive)
        else:
            check_done(left.session)
        request = _request_of(left.session, folder, interactive=interactive, share_target=share_target)
        bounded = with_budget(request, left.session, opened(entries).options, follow_up)
        # One that has used up its own budget says so itself.
        limits = left.session.options.rehearsal is None and 0 not in (bounded.max_cost_usd, bounded.max_tokens)
        allowed = await hold_budget(stack, bounded, environ) if limits else bounded
        held = await hold(stack, request, folder) if _needs_target(left.session) else None
        for warning in sharing(held):
            say(warning)
        changed: tuple[str, ...] = ()
        if follow_up is not None:
            look = partial(check_left_target, folder, left.session, may_differ=follow_up.changed_target)
            changed = await off_loop(look, within_s=LOOK_TIME_S, what="comparing the target with how it was left")
        stage = await stack.enter_async_context(open_stage(request, folder.path, environ=environ, progress=say))
        observers: list[Observer] = [SessionLog(folder.log_file, environ.get("ORCHESTRATOR_LOG_LEVEL", "INFO"))]
        if observe is not None:
            observers.append(observe)
        coordinator = make_coordinator(
            folder,
            journal,
            left.session.options,
            stage=stage,
            observers=observers,
            session=left.session,
            clock=clock,
            held=held,
            gates=gates,
        )
        stack.push_async_callback(release_workers, coordinator)
        coordinator.crew.stand_by()
        coordinator.skip_commands(left.last_command)
        adopted, first, undone, begun = _adopt(coordinator, left, folder=folder, stage=stage)
        await begin_evidence(
            coordinator,
            [worker for worker in adopted if _may_write(left.session, worker)],
            follow_up=len(left.session.follow_ups) + (follow_up is not None),
            is_new=follow_up is not None,
            say=say,
        )
        # By its name: what was asked may be withdrawn while the session comes back.
        asked = next(iter(left.session.approvals.questions), None)
        resumed = CoordinatorResumed(
            os.getpid(),
            alive=tuple(adopted),
            away_s=(clock.now() - (left.session.now or left.session.opened_at)).total_seconds(),
            interactive=interactive,
            rehearsal=stage.rehearsal,
            share_target=share_target,
            retries=True,
            words=given if asked is None else None,
        )
        if follow_up is not None or allowed != bounded:
            resumed = with_limits(resumed, allowed, left.session)
        if follow_up is not None:
            resumed = resumed_for(resumed, follow_up, opened(entries).options, changed)
        # Given up after the takeover: before it the session would want its end once more.
        given_up = [EffectDone(name) for name in left.given_up]
        inputs: list[Input] = [*first, resumed, *given_up, *cut_off(left.undone)]
        if given is not None and asked is not None:
            inputs.append(answer_command(asked, given.text, by=given.by, who=given.who))
        session = await coordinator.run(
            *inputs, unrecorded=left.unrecorded, begun=begun, undone=undone, adopted=adopted
        )
    await record_outcome(session, environ, say)
    return result_of(folder, session)


def check_resumable(session: Session, *, answer: str | None, interactive: bool) -> None:
    """Refuse what cannot go on.

    Raises:
        UsageError: The session is done, or waits for an answer, or what is given as one says nothing.
    """
    if answer is not None and not answer.strip():
        raise UsageError("the answer is empty", hint="leave out --answer to let it go on without words")
    if session.closed is not None and session.closed.outcome is Outcome.DONE:
        raise UsageError(
            f"session {session.id} is done: {session.closed.reason}", hint=f"orchestrate show {session.id}"
        )
    if session.approvals.questions and answer is not None:
        asked = session.approvals.questions[0]
        problem = no_answer(session, asked, answer)
        if problem is not None:
            raise UsageError(problem, hint=f"{asked.text} It is still open.")
        if answer_command(asked, answer, by="").command is Command.STOP:
            raise UsageError(f"session {session.id} has stopped already", hint="it stays so until it is resumed")
    if session.approvals.questions and answer is None and not interactive:
        question = session.approvals.questions[0]
        raise UsageError(
            f"session {session.id} waits for an answer: {question.text}",
            hint=f'orchestrate resume {session.id} --answer "…"',
        )


def check_done(session: Session) -> None:
    """Refuse a follow-up on what is not done.

    Raises:
        UsageError: The session is not.
    """
    closed = session.closed
    if closed is None:
        raise UsageError(
            f"session {session.id} has not come to its end", hint=f"orchestrate resume {session.id} goes on with it"
        )
    if closed.outcome is not Outcome.DONE:
        raise UsageError(
            f"session {session.id} is not done, so nothing can follow on it: it is {closed.outcome} ({closed.reason})",
            hint=f"orchestrate resume {session.id} goes on with it",
        )


def opened(entries: Sequence[JournalEntry]) -> SessionOpened:
    """Entry 1: what the session was asked for before anything happened."""
    body = entries[0].body
    assert isinstance(body, SessionOpened)  # else the fold would have refused the journal
    return body


def with_budget(
    request: RunRequest, session: Session, first: SessionOptions, follow_up: FollowUpRequest | None
) -> RunRequest:
    """The request with what the session may still take by its own budget; 0 where that is used up.

    Args:
        first: What the session was allowed when it began: a follow-up may take as much again, or what it says.
    """
    cost, tokens = _spent(session)
    if follow_up is not None:
        return replace(
            request,
            max_cost_usd=first.max_cost_usd if follow_up.max_cost_usd is None else follow_up.max_cost_usd,
            max_tokens=first.max_tokens if follow_up.max_tokens is None else follow_up.max_tokens,
        )
    own = session.options
    return replace(
        request,
        max_cost_usd=None if own.max_cost_usd is None else max(0.0, own.max_cost_usd - cost),
        max_tokens=None if own.max_tokens is None else max(0, own.max_tokens - tokens),
    )


def with_limits(resumed: CoordinatorResumed, allowed: RunRequest, session: Session) -> CoordinatorResumed:
    """The takeover with what the session may take in all: what it is allowed now, beside what it has taken before."""
    cost, tokens = _spent(session)
    return replace(
        resumed,
        max_cost_usd=None if allowed.max_cost_usd is None else allowed.max_cost_usd + cost,
        max_tokens=None if allowed.max_tokens is None else allowed.max_tokens + tokens,
    )


def _spent(session: Session) -> tuple[float, int]:
    usages = [worker.usage for worker in session.workers.values()]
    return sum(usage.cost_usd or 0.0 for usage in usages), sum(usage.total_tokens or 0 for usage in usages)


def resumed_for(
    resumed: CoordinatorResumed, asked: FollowUpRequest, first: SessionOptions, changed: Sequence[str]
) -> CoordinatorResumed:
    """The takeover with the follow-up in it.

    Args:
        first: What the session itself was allowed.
        changed: Files of the target that are not as the session left them.
    """
    timeout_s = asked.timeout_s if asked.timeout_s is not None else first.timeout_s
    told = FollowUp(asked.text, timeout_s, tuple(changed), by="orchestrate continue", who=person())
    return replace(resumed, follow_up=told)


def _request_of(session: Session, folder: SessionFolder, *, interactive: bool, share_target: bool) -> RunRequest:
    options = session.options
    rehearsal = None
    if options.rehearsal is not None:
        urls = [urlsplit(endpoint.url) for endpoint in options.rehearsal.endpoints.values()]
        outside = next((endpoint.url for endpoint in options.rehearsal.endpoints.values()), None)
        rehearsal = RehearsalRequest(
            stand_ins=any(found.stand_in for found in session.found),
            installed=options.rehearsal.is_installed,
            port=next((url.port for url in urls if url.port), 0),
            server=outside if options.rehearsal.is_served_elsewhere else None,
        )
    return RunRequest(
        task=options.task,
        target=options.target,
        workspace=folder.workspace,
        policy=options.policy,
        sandbox=options.sandbox,
        templates=options.templates,
        agents=options.agents,
        models=options.models,
        rehearsal=rehearsal,
        interactive=interactive,
        share_target=share_target or options.share_target,
    )


def _needs_target(session: Session) -> bool:
    """Whether workers of the session could write in the user's own project, not in a copy."""
    options = session.options
    own = options.rehearsal is None and options.source is None
    return own and (options.sandbox.target == "write" or options.sandbox_backend == "none")


def _may_write(session: Session, worker: WorkerId) -> bool:
    state = session.workers.get(worker)
    return state is None or state.role is Role.IMPLEMENTER or session.options.sandbox_backend == "none"


def _adopt(
    coordinator: Coordinator, left: Inheritance, *, folder: SessionFolder, stage: Stage
) -> tuple[dict[WorkerId, int], list[Input], list[tuple[EffectId, Wanted]], frozenset[EffectId]]:
    """Find the attempts that were running; a start whose shim did begin is an outcome, not a thing to do again."""
    first: list[Input] = []
    begun: set[EffectId] = set()
    undone: list[tuple[EffectId, Wanted]] = []
    adopted: dict[WorkerId, int] = {}
    for name, effect in (*left.unrecorded, *left.undone):
        if isinstance(effect, StartWorker):
            # Also if its shim has ended meanwhile: what the attempt wrote is heard from its first byte.
            record = read_record(_files(folder, effect.worker, effect.attempt))
            if record is not None:
                coordinator.crew.adopt(effect.worker, effect.attempt, record.shim)
                argv = get_agent(effect.assignment.agent).launch(effect.assignment).argv
                first.append(WorkerStarted(effect.worker, effect.attempt, argv, record.shim, record.sandbox, name))
                adopted[effect.worker] = effect.attempt
                begun.add(name)
    for name, effect in left.undone:
        if name not in begun and name not in left.given_up and not isinstance(effect, SendOutbound):
            undone.append((name, effect))
    for worker in left.session.workers.values():
        if worker.shim is not None and is_alive(worker) and worker.id not in adopted:
            coordinator.crew.adopt(worker.id, worker.attempt, worker.shim)
            adopted[worker.id] = worker.attempt
    for worker in left.session.workers.values():
        following = worker.attempt + (worker.exit is not None)
        coordinator.ends[worker.id] = left.ends_before(worker.id, following)
        coordinator.carried[worker.id] = left.carried_before(worker.id, following, folder)
    for worker_id, attempt in adopted.items():
        translation = beginning(coordinator.carried[worker_id], left.launched[worker_id, attempt])
        now = coordinator.clock.now
        listener = _listener(left, worker_id, translation, attempt=attempt, folder=folder, stage=stage, now=now)
        coordinator.adopt(worker_id, listener)
    return adopted, first, undone, frozenset(begun)


def _files(folder: SessionFolder, worker: WorkerId, attempt: int) -> AttemptFiles:
    return AttemptFiles(folder.workers_dir, folder.control(worker), worker, attempt)


def _listener(
    left: Inheritance,
    worker: WorkerId,
    translation: Translation,
    *,
    attempt: int,
    folder: SessionFolder,
    stage: Stage,
    now: Callable[[], datetime],
) -> Listener:
    """Listen from the attempt's first byte, so that the translation is rebuilt, and pass on only what is new."""
    record = read_record(_files(folder, worker, attempt))
    agent = get_agent(left.session.workers[worker].agent)
    listener = Listener(
        worker,
        attempt,
        agent,
        Redactor(stage.secrets),
        now,
        translation,
        said_pending=(worker, attempt) in left.said_pending,
        aside=AsideReader.of(agent, folder.home(worker)),
    )
    # A shim that was lost at its very start has not written down where its part begins.
    begins = {"stdout": record.stdout_start, "stderr": record.stderr_start} if record else {}
    paths: dict[StreamName, Path] = {
        "stdout": folder.raw_stdout(worker),
        "stderr": folder.raw_stderr(worker),
        "events": folder.events_file(worker),
    }
    before = left.ends_before(worker, attempt)
    for name, path in paths.items():
        begin = max(begins.get(name, 0), getattr(before, name))
        key = (worker, attempt, str(name))
        reckoned = left.reckoned.get(key)
        expect = (reckoned.end, reckoned.sha256) if reckoned is not None and reckoned.start == begin else None
        listener.follow(name, path, begin, skip_until=left.heard.get(key, 0), expect=expect)
    return listener
