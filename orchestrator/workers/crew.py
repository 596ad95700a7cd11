"""The crew starts, adopts, freezes, thaws, stops and samples named workers, each under a shim of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.agents.contract import Agent
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.models.workers import ExitRecord, Sample
from orchestrator.network.proxy import Refusal
from orchestrator.sandbox.carried_settings import carry_settings, copy_from_home, copy_of_file
from orchestrator.sandbox.certificates import Certificates, find_certificates, place_certificates
from orchestrator.sandbox.control_groups import remove_groups
from orchestrator.sandbox.environment import child_environment
from orchestrator.sandbox.homes import (
    LOGINS,
    PrivateHome,
    clear_home,
    forget_former_logins,
    note_home,
    place_files,
    prepare_home,
    return_credentials,
)
from orchestrator.sandbox.layout import CrewLayout as CrewLayout
from orchestrator.sandbox.layout import Prepared
from orchestrator.sandbox.layout import Started as Started
from orchestrator.sandbox.mounts import place_of
from orchestrator.sandbox.setup import SandboxSetup
from orchestrator.shim.attempt_records import decode_file, encode, replace_file
from orchestrator.shim.orphan_processes import MARK
from orchestrator.shim.processes import boot_id, pid_namespace, start_ticks
from orchestrator.workers import attempts
from orchestrator.workers.attempts import SHIM_LOG, AttemptFiles
from orchestrator.workers.sampling import Sampler
from orchestrator.workers.shim_standby import ShimStandby
from orchestrator.workers.worker_process import WorkerProcess, is_same

if TYPE_CHECKING:
    from orchestrator.shim.shim_spec import AttemptPart, ShimSpec

NICE = 5
"""Workers give way to the person's own programs."""
_WAKE = signal.SIGUSR1
"""Tells a shim that there is a command for it."""
CERTIFICATES = ".orchestrate-certificates"
"""In a worker's home: copies of the user's own certificate authorities."""
RETURN_WITHIN_S = 2.0
"""How long one waits while another returns logins; whoever gives up leaves it to those who come later."""
_SHIM = Path(__file__).parent.parent / "shim" / "shim.py"


class Crew:
    """All workers of one session.

    Args:
        backend: ``bubblewrap``, ``landlock`` or ``none``: the one that was proved.
        environ: the coordinator's own environment, from which each child's is chosen.
        orphan_grace_s: how long workers go on when nobody coordinates; 0 ends them at once.
        programs: paths of executables by their names, where looking along PATH would find a shim.
        kept: descriptors that the shims hold open for as long as they live; their workers do not get them.
    """

    def __init__(
        self,
        layout: CrewLayout,
        *,
        sandbox: SandboxConfig,
        backend: str,
        environ: Mapping[str, str],
        orphan_grace_s: float,
        programs: Mapping[str, str] | None = None,
        kept: Sequence[int] = (),
    ) -> None:
        self._layout = layout
        self._sandbox = sandbox
        self._environ = environ
        self._orphan_grace_s = orphan_grace_s
        self._programs = programs or {}
        self._certificates: Certificates | None = None
        self._kept = tuple(kept)
        self._running: dict[WorkerId, WorkerProcess] = {}
        self._homes: dict[Path, PrivateHome] = {}
        self._home_of: dict[WorkerId, PrivateHome] = {}
        self._returning = threading.Lock()
        self._sampler = Sampler()
        self._setup = SandboxSetup(layout, sandbox, backend, environ)
        self._standby: ShimStandby | None = None

    def proxy_listener(self, *, refused: Callable[[Refusal], None]) -> AbstractAsyncContextManager[None]:
        """Keep the workers' way to listed hosts open; ``refused`` is told of what they asked for and did not get."""
        return self._setup.proxy_listener(refused)

    def reachable(self, assignment: Assignment, agent: Agent) -> Assignment:
        """The assignment as its adapter must see it: its model by the name that leads there from inside."""
        return self._setup.reachable(assignment, agent)

    def admit(self, assignment: Assignment, agent: Agent) -> None:
        """Let the worker through to listed hosts before :meth:`prepare` is called elsewhere than on the event loop.

        Raises:
            EnvironmentUnfit: there is no way to listed hosts, or no port for it.
        """
        try:
            self._setup.admit(assignment, agent)
        except OSError as problem:
            raise EnvironmentUnfit(f"cannot start {assignment.worker}: {problem}") from problem

    def prepare(self, assignment: Assignment, attempt: int, *, agent: Agent, spec: LaunchSpec) -> Prepared | None:
        """Make all that an attempt needs and write its shim's instructions; ``None`` for one that was begun before.

        It blocks for as long as the looks at the target and at its repositories take, and may run in any thread.

        Raises:
            EnvironmentUnfit: the executable, the sandbox or a folder is missing.
        """
        files = self._files(assignment.worker, attempt)
        if attempts.read_record(files) is not None:
            return None
        command = (self._find(spec.argv[0]), *spec.argv[1:])
        try:
            files.prepare(spec.stdin)
            self._prepare_home(assignment, agent)
            place_files(spec.files, within=(assignment.home, assignment.scratch, assignment.target))
            self._bring(assignment, agent)
            part = self._setup.instructions(command, assignment, agent=agent, spec=spec, into=files.taken)
            document: ShimSpec = {**self._document(files, command, spec), **part}
            replace_file(str(files.spec), encode(document))
            environment = self._environment(assignment, agent, spec, mark=str(files.record))
        except OSError as problem:
            raise EnvironmentUnfit(f"cannot start {assignment.worker}: {problem}") from problem
        return Prepared(command, environment, part["sandbox"], part["groups"])

    def start(
        self,
        assignment: Assignment,
        attempt: int,
        *,
        agent: Agent,
        spec: LaunchSpec,
        prepared: Prepared | None = None,
    ) -> Started:
        """Start one attempt; returns once its shim runs, which then does the rest.

        An attempt that was begun before, by us or another coordinator, is followed and not begun again.

        Args:
            prepared: what :meth:`prepare` returned for it; without it that is done here and now.

        Raises:
            EnvironmentUnfit: the executable, the sandbox or a folder is missing, or the shim cannot be started.
        """
        if threading.current_thread() is not threading.main_thread():
            # Death signals follow the thread that spawned, not the process.
            raise RuntimeError("workers must be started from the main thread")
        files = self._files(assignment.worker, attempt)
        begun = attempts.read_record(files)
        if begun is not None:
            self._take_over(assignment.worker, attempt, begun.shim)
            return Started(begun.argv, begun.shim, begun.sandbox)
        ready = prepared or self.prepare(assignment, attempt, agent=agent, spec=spec)
        if ready is None:
            raise RuntimeError(f"attempt {attempt} of {assignment.worker} has begun meanwhile")
        try:
            process, (pid, started) = self._start_shim(files, ready)
        except OSError as problem:
            raise EnvironmentUnfit(f"cannot start {assignment.worker}: {problem}") from problem
        shim = ProcessIdentity(pid, started, boot_id(), pid_namespace())
        self._follow(WorkerProcess(assignment.worker, attempt, shim, process))
        self._make_another_ready()
        return Started(ready.command, shim, ready.sandbox)

    def _files(self, worker: WorkerId, attempt: int) -> AttemptFiles:
        return AttemptFiles(self._layout.workers_dir, self._layout.control_dir / worker, worker, attempt)

    def has_program(self, name: str) -> bool:
        """Whether the program is there to be started."""
        return self._look_for(name) is not None

    def _look_for(self, name: str) -> str | None:
        known = self._programs.get(name, "")
        # Where an update has moved it since, it is looked for again.
        return known if os.access(known, os.X_OK) else shutil.which(name, path=self._environ.get("PATH", os.defpath))

    def _find(self, name: str) -> str:
        found = self._look_for(name)
        if found is None:
            raise EnvironmentUnfit(
                f"cannot find {name!r} on PATH", hint=f"install it, or leave {name} out with --agents"
            )
        return str(place_of(found))

    def _prepare_home(self, assignment: Assignment, agent: Agent) -> None:
        # With an endpoint of its own (rehearsal) a worker never meets the user's login.
        own = Path(self._environ["HOME"]) if assignment.endpoint is None and "HOME" in self._environ else None
        if assignment.home not in self._homes:
            # Another worker of this CLI may have renewed the login that is copied now.
            self.share_logins()
            logins = self._layout.session_dir / LOGINS
            home = prepare_home(
                assignment.home,
                user_home=own,
                credential_files=agent.credential.files,
                newer_login=agent.credential.newer_login,
                kept=logins / agent.name,
            )
            home = self._homes[assignment.home] = replace(home, note=logins / f"{assignment.home.name}.json")
            note_home(home, agent.name)
        self._home_of[assignment.worker] = self._homes[assignment.home]
        assignment.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _bring(self, assignment: Assignment, agent: Agent) -> None:
        """Copy into the home those of the user's settings and cloud files that policy and environment choose.

        What could not be brought was said at the start of the session.
        """
        if assignment.endpoint is not None or "HOME" not in self._environ:
            return
        own = Path(self._environ["HOME"])
        carry_settings(agent, assignment.brought, user_home=own, home=assignment.home)
        for provider in agent.credential.chosen(self._environ):
            copy_from_home(own, assignment.home, provider.files)

    def _files_of_variables(self, assignment: Assignment, agent: Agent) -> dict[str, str]:
        """Copy the files that variables of the chosen clouds name, and point the variables to the copies."""
        if assignment.endpoint is not None:
            return {}
        names = [name for one in agent.credential.chosen(self._environ) for name in one.file_variables]
        copies = {
            name: copy_of_file(self._environ[name], name, assignment.home) for name in names if self._environ.get(name)
        }
        return {name: str(copy) for name, copy in copies.items() if copy is not None}

    def _environment(self, assignment: Assignment, agent: Agent, spec: LaunchSpec, *, mark: str) -> dict[str, str]:
        credential = agent.credential
        secret = {*credential.environment, *credential.renamed} if assignment.endpoint is not None else set()
        if assignment.endpoint is not None:
            secret |= {provider.switch for provider in credential.providers}
        environ = {name: value for name, value in self._environ.items() if name not in secret}
        own = self._homes[assignment.home].credentials
        given = child_environment(agent, self._sandbox, environ, spec.env, from_files=bool(own))
        folder = os.path.dirname(self._programs.get(spec.argv[0], ""))
        if folder and "PATH" in given and folder not in given["PATH"].split(":"):
            # Found behind a version manager's shim: the interpreter that goes with it lies beside it.
            given["PATH"] = f"{folder}:{given['PATH']}"
        if self._certificates is None:
            self._certificates = find_certificates(self._environ)
        given |= self._files_of_variables(assignment, agent)
        given |= place_certificates(self._certificates, assignment.home / CERTIFICATES)
        return {**given, **self._setup.environment(assignment), MARK: mark}

    def _document(self, files: AttemptFiles, command: tuple[str, ...], spec: LaunchSpec) -> AttemptPart:
        layout = self._layout
        return {
            "format": 1,
            "worker": files.worker,
            "attempt": files.attempt,
            "record": str(files.record),
            "command": command,
            "stdin": str(files.prompt),
            "stdout": str(layout.stdout(files.worker)),
            "stderr": str(layout.stderr(files.worker)),
            "control": str(files.control),
            "commands_after": attempts.last_command(files.control),
            "ladder": [(step.signal, step.grace_s) for step in spec.stop_ladder],
            "lock": None if layout.lock is None else str(layout.lock),
            "kept": self._kept,
            "orphan_grace_s": self._orphan_grace_s,
            "coordinator": os.getpid(),
            "nice": NICE,
        }

    def stand_by(self) -> None:
        """Keep a shim ready from now on, until :meth:`release`; without it, or where it fails, each starts by itself.

        It must be called on the main thread: like a shim, the standby ends with the thread that started it.
        """
        if self._standby is None:
            self._layout.workers_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            log = self._layout.workers_dir / SHIM_LOG
            with suppress(OSError):
                self._standby = ShimStandby(_SHIM, log=log, kept=self._kept, environ=self._environ)
                self._setup.ready_groups = self._standby.take_groups
        self._make_another_ready()

    def _make_another_ready(self) -> None:
        if self._standby is not None and self._standby.needs_groups:
            self._standby.make_ready(self._setup.make_groups("standby"))

    def _start_shim(
        self, files: AttemptFiles, ready: Prepared
    ) -> tuple[subprocess.Popen[bytes] | None, tuple[int, int]]:
        """A shim for an attempt that is prepared, with its pid and start, and the process where it is our own child."""
        if self._standby is not None:
            found = self._standby.hand_over(files.spec, ready.environment, ready.groups)
            if found is not None:
                return None, found
        process = self._spawn(files, ready.environment)
        return process, (process.pid, start_ticks(process.pid))

    def _spawn(self, files: AttemptFiles, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        log = os.open(files.shim_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        # Inherited, so that a command which overtakes the shim's own start wakes it later instead of ending it now.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {_WAKE})
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SHIM), str(files.spec)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is for the coordinator
                pass_fds=self._kept,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(log)

    def _follow(self, worker: WorkerProcess) -> None:
        worker.follow()
        self._running[worker.worker] = worker

    def adopt(self, worker: WorkerId, attempt: int, shim: ProcessIdentity) -> None:
        """Take over an attempt that another coordinator started; its end can be waited for, also if it is past.

        Args:
            shim: As the journal knows it; the attempt's own record, where it has one, knows better.
        """
        record = attempts.read_record(self._files(worker, attempt))
        self._take_over(worker, attempt, shim if record is None else record.shim)

    def _take_over(self, worker: WorkerId, attempt: int, shim: ProcessIdentity) -> None:
        with suppress(OSError, ValueError):
            self._setup.admit_again(worker, decode_file(str(self._files(worker, attempt).spec)))
        self._follow(WorkerProcess(worker, attempt, shim))

    def _ended(self, worker: WorkerId, attempt: int) -> ExitRecord:
        """The exit record of an attempt whose shim runs no more."""
        files = self._files(worker, attempt)
        record = attempts.read_record(files)
        if record is not None and record.exit is not None:
            remove_groups(attempts.groups_of(files))  # its shim may have been killed just before it did
            return record.exit
        return attempts.lost(files, self._layout.stdout(worker), self._layout.stderr(worker))

    def freeze(self, worker: WorkerId) -> None:
        """Have the whole tree stopped from running."""
        self._command_shim(worker, "freeze")

    def thaw(self, worker: WorkerId) -> None:
        """Let a frozen tree run on."""
        self._command_shim(worker, "thaw")

    def stop(self, worker: WorkerId, *, because: str) -> None:
        """Run the CLI's stop ladder on the whole tree."""
        self._command_shim(worker, "stop", because=because)

    def kill(self, worker: WorkerId) -> None:
        """End the whole tree at once."""
        self._command_shim(worker, "kill", because="killed")

    def _command_shim(self, worker: WorkerId, command: str, *, because: str = "") -> None:
        running = self._running.get(worker)
        if running is None or running.exit is not None:
            return
        control = self._layout.control_dir / worker
        attempts.drop_command(control, {"command": command, "because": because, "attempt": running.attempt})
        running.wake(_WAKE)

    async def wait_exited(self, worker: WorkerId) -> ExitRecord:
        """Wait for the proof that the worker's tree is gone."""
        running = self._running[worker]
        while running.exit is None:
            await running.wait_ended()
            if running.exit is None:  # nobody else has waited for it meanwhile
                running.release()
                self._settle(running)
        return running.exit

    def _settle(self, running: WorkerProcess) -> None:
        """The shim we followed is gone: its record says how its worker ended, or that another shim has the attempt."""
        record = attempts.read_record(self._files(running.worker, running.attempt))
        if record is not None and record.shim != running.shim and record.exit is None and is_same(record.shim):
            running.shim, running.process = record.shim, None
            running.follow()
            return
        running.exit = self._ended(running.worker, running.attempt)
        # At once: the user, or another worker, may be about to use the login that this one has renewed.
        if running.worker in self._home_of:
            self._return(self._home_of[running.worker])

    def sample(self, worker: WorkerId) -> Sample | None:
        """What the worker's tree uses now; ``None`` if it is gone."""
        running = self._running.get(worker)
        if running is None or running.exit is not None:
            return None
        return self._sampler.sample(running.shim.pid)

    def running(self) -> frozenset[WorkerId]:
        """Workers whose trees are not known to be gone."""
        return frozenset(worker for worker, running in self._running.items() if running.exit is None)

    def close(self, *, keep_homes: bool = False) -> None:
        """The session is over, or another will go on with it: credentials go back and away, every shim is let go.

        Args:
            keep_homes: keep the private homes for a session that can be resumed: its conversations live there.
        """
        self.release()
        self.leave_homes(keep=keep_homes)

    def release(self) -> None:
        """Let go of every shim, and end the one that waits."""
        if self._standby is not None:
            self._standby.close()
            self._standby = None
        for worker in self._running.values():
            worker.release()

    def leave_homes(self, *, keep: bool, is_done: bool = False) -> None:
        """Give credentials back, and delete the private homes unless they are kept; blocks, and may run in any thread.

        Args:
            keep: for a session that can be gone on with: its conversations live there.
            is_done: The session has ended well: what the user's logins were before it is kept no longer.
        """
        for home in self._homes.values():
            clear_home(home, keep=keep)
        if is_done or not keep:
            used = {home.kept.name for home in self._homes.values() if home.kept is not None}
            forget_former_logins(self._layout.workspace, used, but=self._layout.session_dir)
        self._homes.clear()
        self._home_of.clear()

    def return_logins(self) -> list[str]:
        """Give back what the CLIs refreshed of the user's logins; returns in words what was, and what was not."""
        self.share_logins()
        renewed = [
            f"~/{name} was renewed; what it was lies in {home.kept} until that CLI's next session has ended well"
            for home in self._homes.values()
            for name in home.replaced
        ]
        return renewed + [
            f"~/{name} was left as it is, though a worker left another, which lies in {home.kept}: {why}"
            for home in self._homes.values()
            for name, why in home.refused.items()
        ]

    def return_credentials(self, assignment: Assignment) -> None:
        """Give back what this worker's CLI refreshed of the user's login, keeping its home."""
        home = self._homes.get(assignment.home)
        if home is not None:
            self._return(home)

    def share_logins(self) -> None:
        """Give every login that a CLI has renewed to the user and to the other homes; blocks, and may run in a thread.

        A renewal ends the login it was made from, also for workers that still hold a copy of that.
        """
        for _ in range(2):  # what the last home gives back, the first one wants too
            for home in list(self._homes.values()):
                self._return(home)

    def _return(self, home: PrivateHome) -> None:
        if self._returning.acquire(timeout=RETURN_WITHIN_S):
            try:
                return_credentials(home)
            finally:
                self._returning.release()


WorkerManager = Crew
"""The name spec 004 gives to it."""
