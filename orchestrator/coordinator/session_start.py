"""Start a session from a request and see it to its end: this is everything around the main loop."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import anyio
from pydantic import TypeAdapter

import orchestrator
from orchestrator.agents.registry import AGENTS, TEAM, get_agent
from orchestrator.composition.plan_checks import check_plan
from orchestrator.composition.strategies.position import agents_of
from orchestrator.composition.team_choice import Team, TeamChoice, for_usable, solo_agents, team_words, without_reuse
from orchestrator.coordinator.clocks import Clock, utc_now
from orchestrator.coordinator.coordinator import Coordinator
from orchestrator.coordinator.egress.git_push import origin_of
from orchestrator.coordinator.egress.outbound import OutboundDesk
from orchestrator.coordinator.environments import Stage, find_agents, open_stage
from orchestrator.coordinator.escalation_conditions import conditions_for
from orchestrator.coordinator.evidence import LOOK_TIME_S, Evidence
from orchestrator.coordinator.feedback_share import asks_for_feedback
from orchestrator.coordinator.performer import HOMES_TIME_S
from orchestrator.coordinator.preflight import Backend, choose_backend, prove_some_sandbox
from orchestrator.coordinator.project_trust import SETTINGS_TIME_S, trusted_settings
from orchestrator.coordinator.session_log import SessionLog
from orchestrator.coordinator.session_request import GatesOf, Observer, Phase, Progress, RunRequest, SessionResult
from orchestrator.coordinator.spending_limits import within_limits
from orchestrator.coordinator.stated_parameters import stated_parameters
from orchestrator.coordinator.target_facts import prepared
from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.coordinator.task_criticality import stake_of
from orchestrator.coordinator.tier_choices import tier_options
from orchestrator.coordinator.tuned_options import tell_tuning, tuned, values_in, with_assignment, with_least_tier
from orchestrator.coordinator.worker_probe import probe_as_workers
from orchestrator.coordinator.workspace_cleanup import report_leftovers
from orchestrator.errors import EnvironmentUnfit, ExitCode, NoUsableAgent, UsageError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.target_lock import TargetLock, hold_target
from orchestrator.journal.writer import Journal
from orchestrator.late_adapter import late_adapter
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionOpened
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.network.gateways import words_about_this_machine
from orchestrator.quotation import quoted_name
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.budget import Budget, unpriced
from orchestrator.safety.redaction import Redactor
from orchestrator.sandbox.carried_settings import words_about_losses, words_about_settings
from orchestrator.sandbox.certificates import find_certificates
from orchestrator.sandbox.layers import Bench
from orchestrator.sandbox.proof import PROOFS
from orchestrator.sandbox.repositories import REPOSITORY_TIME_S, repository_warnings
from orchestrator.session.state import Session
from orchestrator.settings.user_places import config_folder, state_folder
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.writers import Writers
from orchestrator.store.recorder import record_session
from orchestrator.workers.crew import Crew, CrewLayout

EXIT_CODES = {
    Outcome.DONE: ExitCode.DONE,
    Outcome.FAILED: ExitCode.FAILED,
    Outcome.NEEDS_PERSON: ExitCode.NEEDS_PERSON,
    Outcome.INTERRUPTED: ExitCode.INTERRUPTED,
}
CHECKS = WorkerId("checks")
"""Whose scratch folder the target's own tests write in."""
CERTIFICATES_TIME_S = 10.0
MOST_TASK_CHARS = 4_000_000
HOLD_TIME_S = 30.0
RECORD_TIME_S = 60.0
TOLD_EVERY_S = 5.0
"""How often people hear of a first look that takes long."""
REVIEW_RETRIES = 2
"""How often a reviewer that could not be asked or heard is asked again, before a person is."""
TEARING = ":,"
"""Characters that separate the paths in a list: of PATH, and of the folders that an agent's options name."""
RESOLVED = frozenset({"target", "sandbox", "agents", "rehearsal", "baseline_s", "criticality"})
"""Options of a session that say more exactly what its request asked for."""
AS_REQUESTED = {each.name for each in fields(SessionOptions)} & {each.name for each in fields(RunRequest)} - RESOLVED
"""Those that are taken from the request as they are: a field of this name in both is all that an option needs."""
_OPTIONS: TypeAdapter[SessionOptions] = late_adapter(SessionOptions)


async def run_session(
    request: RunRequest,
    *,
    environ: Mapping[str, str],
    observe: Observer | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
    gates: GatesOf | None = None,
) -> SessionResult:
    """Run one task from preflight to report.  Call it on the main thread.

    Args:
        gates: Makes what measures the gates of a plan; without it all but ``tests`` are not measured.

    Raises:
        UsageError: The request, the target, the workspace or the machine is not fit; nothing was started.
        OrchestrateError: The journal can no longer be written; workers were stopped.
    """
    check_request(request)
    async with AsyncExitStack() as stack:
        if request.rehearsal is None:
            request = await hold_budget(stack, request, environ)
            check_request(request)
        return await _run(request, environ, observe=observe, progress=progress, clock=clock, gates=gates)


async def hold_budget(stack: AsyncExitStack, request: RunRequest, environ: Mapping[str, str]) -> RunRequest:
    """Give the request what the settings leave it, and hold that until the stack is closed.

    Raises:
        BudgetSpent: Nothing is left.
        UsageError: The settings are written wrongly.
    """
    block = within_limits(request, environ, utc_now())
    limited = await off_loop(block.__enter__, within_s=SETTINGS_TIME_S, what="reading what sessions have spent")
    stack.push(block.__exit__)
    return limited


async def _run(
    request: RunRequest,
    environ: Mapping[str, str],
    *,
    observe: Observer | None,
    progress: Progress | None,
    clock: Clock | None,
    gates: GatesOf | None,
) -> SessionResult:
    say = progress or (lambda text: None)
    if request.no_change:
        # Whatever the policy lets implementers do, this session has none.
        request = replace(request, sandbox=replace(request.sandbox, target="read"))
    await report_leftovers(request.workspace, say)
    whole_home = request.whole_home
    say(Phase("looking at the target"))
    await prepared(request.target, request.workspace, found=(), environ=environ, whole_home=whole_home)
    say(Phase("looking for the agents, and asking each for its version"))
    found = await find_agents(request, environ)
    folder = create_session(request.workspace, utc_now(), secrets.token_hex(2))
    try:
        async with AsyncExitStack() as stack:
            held = await hold(stack, request, folder) if may_write(request) else None
            stage = await stack.enter_async_context(
                open_stage(request, folder.path, found=found, environ=environ, progress=say)
            )
            findings = await prepared(
                stage.target,
                request.workspace,
                found=stage.found,
                environ=stage.environ,
                is_copy=stage.target != request.target,
                whole_home=whole_home,
            )
            say(Phase("proving that the sandbox holds"))
            sandbox, proof, told = prove_some_sandbox(stage.sandbox, environ, cache=request.workspace / PROOFS)
            stage = replace(stage, sandbox=sandbox)
            backend, loud = choose_backend(sandbox, proof)
            if stage.rehearsal is None:
                say(Phase("starting each agent once as a worker will be"))
                stage = replace(stage, found=await started_as_workers(stage, backend))
            check_planned_agents(request, stage.found)
            git = shutil.which("git", path=stage.environ.get("PATH", os.defpath))
            without = await off_loop(
                partial(repository_warnings, stage.target, backend=backend, git=git),
                within_s=REPOSITORY_TIME_S,
                what="looking for the target's repository",
            )
            certificates = await off_loop(
                partial(find_certificates, stage.environ), within_s=CERTIFICATES_TIME_S, what="reading certificates"
            )
            own = await off_loop(partial(own_settings, stage), within_s=SETTINGS_TIME_S, what="reading your settings")
            if held is None and backend == "none" and stage.target == request.target:
                held = await hold(stack, request, folder)  # only a sandbox makes a policy that reads only true
            trusted = await off_loop(
                partial(
                    trusted_settings,
                    request.target,
                    stage.environ,
                    trust=request.trust_project,
                    policy=request.sandbox.name,
                ),
                within_s=SETTINGS_TIME_S,
                what="the look at the project's settings",
            )
            findings = (
                *told,
                *loud,
                *trusted.warnings,
                *without,
                *certificates.problems,
                *own,
                *sharing(held),
                *findings,
            )
            project = request.target if trusted.digest else None
            stake = await off_loop(
                partial(stake_of, request.criticality, project), within_s=SETTINGS_TIME_S, what="reading the settings"
            )
            stated = await off_loop(stated_parameters, within_s=SETTINGS_TIME_S, what="reading the settings")
            asked = request
            look = partial(
                tuned,
                asked,
                environ,
                session=folder.id,
                folder=folder.path,
                criticality=stake.level,
                stated=stated,
            )
            request, assignment, untuned = await off_loop(
                look, within_s=SETTINGS_TIME_S, what="reading what tuning has decided"
            )
            findings = (*findings, untuned) if untuned else findings
            chosen = chosen_team(request, stage.found)
            if chosen is not None and chosen != request.chosen_team:
                say(team_words(chosen))
            options = session_options(request, stage, folder=folder, backend=backend)
            options = replace(options, project_settings=trusted.digest)
            options = with_assignment(options, assignment, asked, stake, stated)
            if request.plan is not None:
                tiers = await off_loop(
                    partial(tier_options, project), within_s=SETTINGS_TIME_S, what="reading the settings"
                )
                options = replace(options, **with_least_tier(tiers, values_in(assignment, asked, stake, stated)))
            opened = SessionOpened(folder.id, options, stage.found, findings)
            write_session_file(folder, opened)
            stack.enter_context(hold_session_lock(folder))
            journal = stack.enter_context(Journal(folder.journal_file))
            observers: list[Observer] = [SessionLog(folder.log_file, environ.get("ORCHESTRATOR_LOG_LEVEL", "INFO"))]
            if observe is not None:
                observers.append(observe)
            coordinator = make_coordinator(
                folder, journal, opened.options, stage=stage, observers=observers, clock=clock, held=held, gates=gates
            )
            stack.push_async_callback(release_workers, coordinator)
            coordinator.crew.stand_by()
            await begin_evidence(coordinator, say=say)
            session = await coordinator.run(opened)
    except BaseException:
        remove_if_unused(folder)
        raise
    await record_outcome(session, environ, say)
    return result_of(folder, session)


def own_settings(stage: Stage) -> tuple[str, ...]:
    """Say, a line per agent, which of the user's CLI settings and endpoints reach no worker.  Blocks."""
    home = stage.environ.get("HOME", "")
    if stage.rehearsal is not None:
        return ()
    agents = [get_agent(found.name) for found in stage.found if found.usable]
    said: list[str | None] = []
    for agent in agents:
        if home.startswith("/"):
            said += (
                words(agent, Path(home), stage.sandbox.bring) for words in (words_about_settings, words_about_losses)
            )
        said.append(words_about_this_machine(agent, stage.sandbox, stage.environ))
    return tuple(words for words in said if words is not None)


async def started_as_workers(stage: Stage, backend: Backend) -> tuple[FoundAgent, ...]:
    """The agents that start the way a worker will start them.

    Raises:
        NoUsableAgent: No agent starts that way.
    """
    found = await probe_as_workers(stage.found, sandbox=stage.sandbox, backend=backend, environ=stage.environ)
    if not any(agent.usable for agent in found):
        raise NoUsableAgent({agent.name: agent.problem or "not usable" for agent in found})
    return found


def check_request(request: RunRequest) -> None:
    """Refuse what can be refused before anything is touched.

    Raises:
        UsageError: The task is empty or beyond all measure, or the budget cannot be kept.
    """
    if not request.task.strip():
        raise UsageError("the task is empty", hint='say what is to be done: orchestrate "Add a login page"')
    if len(request.task) > MOST_TASK_CHARS:
        raise UsageError(f"the task has {len(request.task):,} characters; {MOST_TASK_CHARS:,} is the most")
    for what, path in (("target", request.target), ("workspace", request.workspace)):
        if not str(path).isascii() and os.fsencode(path).decode(errors="ignore").encode() != os.fsencode(path):
            raise UsageError(
                f"the {what} {quoted_name(str(path))} has bytes in its name that are no UTF-8; "
                "neither the journal nor the agents' records can hold them",
                hint="rename that folder, or the one above it; a link to it is resolved and does not help",
            )
    torn = next((char for char in TEARING if char in str(request.workspace)), None)
    if torn is not None:
        raise UsageError(
            f"the workspace {request.workspace} has a {torn!r} in its name, at which PATH or an agent's options "
            "would be torn apart",
            hint="name another one with --workspace",
        )
    agents = [AGENTS[name] for name in request.agents or TEAM]
    silent = [agent.name for agent in agents if agent.reports_cost == "no"]
    if request.rehearsal is None:
        reason = unpriced(Budget(request.max_cost_usd, request.max_tokens), silent)
        if reason is not None:
            raise UsageError(reason, hint="give --max-tokens as well, or leave the agent out with --without")


def check_planned_agents(request: RunRequest, found: Sequence[FoundAgent]) -> None:
    """Refuse a plan that cannot be run as it says, or names a CLI which is not there, before anything of it starts.

    Raises:
        UsageError: The plan cannot be run.
    """
    if request.plan is not None:
        try:
            check_plan(request.plan)
        except ValueError as error:
            raise UsageError(f"the plan cannot be run: {error}") from None
    allowed = request.agents or TEAM
    usable = {agent.name: agent for agent in found if agent.usable and agent.name in allowed}
    for node in agents_of(request.plan) if request.plan is not None else ():
        if node.agent is not None and node.agent not in usable:
            why = next(
                (agent.problem for agent in found if agent.name == node.agent and agent.problem), "it is left out"
            )
            raise UsageError(
                f"the plan names {node.agent} for {node.id}, and it cannot be used: {why}",
                hint="orchestrate doctor says what is missing",
            )


def session_options(request: RunRequest, stage: Stage, *, folder: SessionFolder, backend: Backend) -> SessionOptions:
    """Resolve the request into the options that the fold needs."""
    chosen = chosen_team(request, stage.found)
    options = SessionOptions(
        **{name: getattr(request, name) for name in AS_REQUESTED},
        baseline_s=None if request.no_change else request.baseline_s,
        measures_final=True,
        asks_about_doubts=True,
        retries_sandbox=True,
        notes_in_lines=True,
        tells_task_anew=True,
        plan_rules=3,
        watch_rules=1,
        feedback=asks_for_feedback(folder.id, asked=request.asks_feedback, is_rehearsal=request.rehearsal is not None),
        escalations=conditions_for(request.policy, request.escalate),
        max_review_retries=REVIEW_RETRIES,
        final_wait_s=request.sandbox.limits.final_wait_s,
        final_wait_open_call_s=request.sandbox.limits.final_wait_open_call_s,
        first_word_s=request.sandbox.limits.first_word_s,
        target=stage.target,
        session_dir=folder.path,
        source=request.target if stage.target != request.target else None,
        agents=agents_of_team(replace(request, chosen_team=chosen), stage.found),
        team=chosen.team if chosen is not None else "",
        team_because=chosen.because if chosen is not None else "",
        reuses=chosen.reuses.composition if chosen is not None and chosen.reuses is not None else "",
        sandbox=stage.sandbox,
        sandbox_backend=backend,
        origin=origin_of(stage.target),
        rehearsal=stage.rehearsal,
        engine_version=orchestrator.__version__,
    )
    return replace(options, **request.limits)  # type: ignore[arg-type]  # names and kinds are checked where they are read


def chosen_team(request: RunRequest, found: Sequence[FoundAgent]) -> TeamChoice | None:
    """The team that was chosen; a proven one only where the CLIs are those that it was proven with.

    Where one agent alone can be used, it is the solo team, unless another was asked for.
    """
    if request.chosen_team is None:
        return None
    usable = {agent.name: agent.version or "" for agent in found if agent.usable}
    choice = without_reuse(request.chosen_team, usable)
    return for_usable(choice, usable) if request.rehearsal is None else choice


def agents_of_team(request: RunRequest, found: Sequence[FoundAgent]) -> tuple[AgentName, ...]:
    """The agents that the session may use: all that are allowed, or those of a proven or a solo team."""
    if request.chosen_team is not None and request.chosen_team.reuses is not None:
        proven = {agent for agent, _ in request.chosen_team.reuses.versions}
        return tuple(agent for agent in request.agents or TEAM if agent in proven)
    if request.chosen_team is None or request.chosen_team.team is not Team.SOLO:
        return request.agents or TEAM
    # One that cannot be used is none of them; where there is no choice, the session says of each other why.
    usable = [get_agent(agent.name) for agent in found if agent.usable]
    return solo_agents(usable) if len(usable) > 1 else request.agents or TEAM


def write_session_file(folder: SessionFolder, opened: SessionOpened) -> None:
    """``session.json``: who, what, when, for people and for other programs."""
    options = json.loads(_OPTIONS.dump_json(opened.options))
    found = [
        {"name": agent.name, "usable": agent.usable, "version": agent.version, "stand_in": agent.stand_in}
        for agent in opened.found
    ]
    content = {"format": opened.format, "session": opened.session, "opened_at": utc_now().isoformat(), "found": found}
    write_atomically(folder.session_file, json.dumps({**content, **options}, indent=2) + "\n")


def make_coordinator(
    folder: SessionFolder,
    journal: Journal,
    options: SessionOptions,
    *,
    stage: Stage,
    observers: Sequence[Observer],
    clock: Clock | None,
    session: Session | None = None,
    held: TargetLock | None = None,
    gates: GatesOf | None = None,
) -> Coordinator:
    """Put the parts of one session together.

    Args:
        held: The target, which workers keep held for as long as they live; ``None`` where it need not be.
        gates: Makes what measures the gates of the session's own plan.
    """
    layout = CrewLayout(
        session_dir=folder.path,
        workers_dir=folder.workers_dir,
        control_dir=folder.control_dir,
        workspace=folder.workspace,
        own=own_folders(stage.environ, options.target),
        lock=folder.lock_file,
        stdout=folder.raw_stdout,
        stderr=folder.raw_stderr,
    )
    crew = Crew(
        layout,
        sandbox=options.sandbox,
        backend=options.sandbox_backend,
        environ=stage.environ,
        orphan_grace_s=options.orphan_grace_s,
        programs={get_agent(one.name).executable: one.executable for one in stage.found if one.executable},
        kept=() if held is None else (held.descriptor,),
    )
    snapshots = Snapshots(
        folder.snapshots_dir, options.target, (folder.workspace,), environ=stage.environ, writers=Writers()
    )
    return Coordinator(
        folder,
        journal,
        crew,
        evidence=Evidence(
            snapshots,
            own_tests(options, folder=folder, environ=stage.environ),
            others=held.others if held is not None else tuple,
            look_s=options.sandbox.limits.snapshot_s,
        ),
        leaver=OutboundDesk(folder, options, stage.environ, stage.secrets),
        redactor=Redactor(stage.secrets),
        observers=observers,
        session=session,
        before_start=stage.before_start,
        clock=clock or Clock(),
        gates=gates(options) if gates is not None and options.plan is not None else None,
        # Of whoever runs this program, a rehearsal too: they ask about the session later.
        state=state_folder(os.environ),
    )


def own_folders(environ: Mapping[str, str], target: Path) -> tuple[Path, ...]:
    """What this program keeps of the user, which no worker may see.

    Those that a worker could make are there before the first one: only what is there can be hidden.
    """
    folders = (state_folder(environ), config_folder(environ), default_cache() / "gates")
    for folder in folders:
        if Path(os.path.realpath(folder)).is_relative_to(target):
            with suppress(OSError):  # a folder that cannot be written: then no worker can, either
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folders


def own_tests(options: SessionOptions, *, folder: SessionFolder, environ: Mapping[str, str]) -> TargetTests:
    """The target's own tests: code that agents may have written, so what it writes is thrown away."""
    scratch = folder.scratch(CHECKS)
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    bench = Bench(
        config=options.sandbox,
        backend=options.sandbox_backend,
        environ=environ,
        scratch=scratch,
        masked=(folder.workspace, folder.path, *own_folders(environ, options.target)),
        settings=folder.workers_dir,
    )
    environment = environment_of_checks(options, environ)
    return TargetTests(options.target, bench, environment, trusts_project=bool(options.project_settings))


def environment_of_checks(options: SessionOptions, environ: Mapping[str, str]) -> Mapping[str, str]:
    """What a worker's would be, without any login: agents may have written what is run."""
    return {name: environ[name] for name in (*options.sandbox.environment, "HOME") if name in environ}


def may_write(request: RunRequest) -> bool:
    """Whether anybody of the session could write in the user's own target: many have a copy, or only read."""
    return request.rehearsal is None and not request.isolated and request.sandbox.target == "write"


async def hold(stack: AsyncExitStack, request: RunRequest, folder: SessionFolder) -> TargetLock | None:
    """Keep other sessions from writing in the target until the stack is closed.

    Returns ``None`` where sessions cannot meet, and this one would share the target anyway.

    Raises:
        TargetBusy: Another session may write there, and this one does not share.
        EnvironmentUnfit: That cannot be determined.
    """
    block = hold_target(request.target, session=folder.id, workspace=folder.workspace, share=request.share_target)
    try:
        lock = await off_loop(block.__enter__, within_s=HOLD_TIME_S, what="looking for other sessions in the target")
    except (TimeoutError, EnvironmentUnfit) as error:
        if request.share_target:
            return None
        raise EnvironmentUnfit(str(error), hint="--share-target goes on without that") from error
    stack.push(block.__exit__)
    return lock


def sharing(held: TargetLock | None) -> tuple[str, ...]:
    """The warning of a session that shares its target with others."""
    others = () if held is None else tuple(held.met.values())
    return tuple(f"the target is shared with {other}: it is not certain whose a change is" for other in others)


async def begin_evidence(
    coordinator: Coordinator,
    alive: Collection[WorkerId] = (),
    *,
    follow_up: int = 0,
    is_new: bool = False,
    say: Progress,
) -> None:
    """Record the target as it is before anybody works on it, or goes on to.

    Args:
        alive: Workers that may have lived on without a coordinator.
        follow_up: The number of the follow-up that is worked on; 0 for the task itself.
        is_new: It begins now.
        say: Hears how far it has come, where the target is so large that it takes a while.

    Raises:
        EnvironmentUnfit: It cannot be recorded, or not in time.
    """
    try:
        look = partial(coordinator.evidence.begin, alive, follow_up=follow_up, is_new=is_new)
        act = partial(off_loop, look, within_s=LOOK_TIME_S, what="the first look at the target")
        snapshots = coordinator.evidence.snapshots
        await telling(act, lambda: say(f"recording the target as it is: {snapshots.so_far}"), every_s=TOLD_EVERY_S)
    except TimeoutError as error:
        raise EnvironmentUnfit(str(error), hint="name a smaller folder with --target") from error


async def telling(act: Callable[[], Awaitable[object]], tell: Callable[[], None], *, every_s: float) -> None:
    """Wait for an act, and report on it now and then if it takes long; its exceptions pass through."""
    problem: Exception | None = None

    async def tell_now_and_then() -> None:
        while True:
            await anyio.sleep(every_s)
            tell()

    async with anyio.create_task_group() as group:
        group.start_soon(tell_now_and_then)
        try:
            await act()
        except Exception as error:  # out of the group it would be one of a group
            problem = error
        group.cancel_scope.cancel()
    if problem is not None:
        raise problem


async def release_workers(coordinator: Coordinator) -> None:
    """Give refreshed logins back at the end of a run, even after an error, and keep what a resume needs."""
    coordinator.crew.release()
    leave = partial(coordinator.crew.leave_homes, keep=True)
    with anyio.CancelScope(shield=True), suppress(TimeoutError):
        await off_loop(leave, within_s=HOMES_TIME_S, what="giving logins back")


def result_of(folder: SessionFolder, session: Session) -> SessionResult:
    """The result that the caller gets."""
    ending = session.closed
    if ending is None:
        raise RuntimeError(f"session {folder.id} ended without being closed")
    return SessionResult(
        folder.id, folder.path, ending.outcome, ending.reason, EXIT_CODES[ending.outcome], state=session
    )


async def record_outcome(session: Session, environ: Mapping[str, str], say: Progress) -> None:
    """Write into the user's log what came of a session; the session has ended as it has, whatever becomes of that."""
    try:
        problem = await off_loop(
            partial(record_session, session, environ), within_s=RECORD_TIME_S, what="recording what came of the session"
        )
    except (TimeoutError, OSError) as error:
        problem = str(error)
    if problem is not None:
        say(problem)
    try:
        problem = await off_loop(
            partial(tell_tuning, session, environ), within_s=RECORD_TIME_S, what="telling tuning of the session"
        )
    except (TimeoutError, OSError) as error:
        problem = str(error)
    if problem is not None:
        say(problem)


def remove_if_unused(folder: SessionFolder) -> None:
    """Remove the folder of a session that was never opened."""
    journal: Path = folder.journal_file
    if not journal.exists() or journal.stat().st_size == 0:
        shutil.rmtree(folder.path, ignore_errors=True)
