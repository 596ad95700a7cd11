"""A real crew of real processes in a folder of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import anyio
import pytest

from orchestrator.agents.contract import Agent, Credential, Translation
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.launch import LaunchSpec, StopStep
from orchestrator.models.sandbox import ResourceLimits, SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.models.workers import ExitRecord
from orchestrator.sandbox.proof import prove_backend
from orchestrator.shim.processes import Process, descendants, process_table, read_process
from orchestrator.value_class import changed
from orchestrator.workers.crew import Crew, CrewLayout, Started

CHILD = Path(__file__).with_name("child.py")
OPEN = SandboxConfig(name="test", backend="none")
CLOSED = SandboxConfig(name="test")
WORKER = WorkerId("w1")


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    row = read_process(pid)
    return row is not None and not row.is_dead


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition; a test that waits in vain fails here."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def agent(*, environment: tuple[str, ...] = ()) -> Agent:
    """An adapter for the child script: nothing of it but its credential matters here."""
    return Agent(
        name=AgentName("fake"),
        title="Fake",
        executable="python3",
        package="fake",
        pinned="1",
        launch=lambda assignment: LaunchSpec(argv=(), cwd=assignment.target),
        translate=lambda state, record, at: (Translation(), ()),
        recovery_rules=(),
        credential=Credential(environment=environment, files=(), login_hint=""),
        oldest=(1,),
    )


@dataclass(slots=True)
class Stage:
    """One session folder, one target, and the crews that worked in it."""

    folder: Path
    backend: str
    environ: Mapping[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
    lock: Path | None = None
    orphan_grace_s: float = 60.0
    limits: ResourceLimits = OPEN.limits
    crews: list[Crew] = field(default_factory=list)
    shims: list[int] = field(default_factory=list)

    @property
    def session(self) -> Path:
        return self.folder / "workspace" / "session"

    @property
    def target(self) -> Path:
        return self.folder / "target"

    @property
    def layout(self) -> CrewLayout:
        return CrewLayout(
            session_dir=self.session,
            workspace=self.session.parent,
            own=(self.session.parent / "state",),
            workers_dir=self.session / "workers",
            control_dir=self.session / "control",
            lock=self.lock,
            stdout=lambda worker: self.session / f"{worker}.jsonl",
            stderr=lambda worker: self.session / f"{worker}.stderr.log",
        )

    @property
    def config(self) -> SandboxConfig:
        # The interpreter that runs the child may stand anywhere.
        changes = {"readable": (CHILD.parent,), "limits": self.limits}
        return changed(OPEN if self.backend == "none" else CLOSED, **changes)

    def crew(self, *, ready: bool = True) -> Crew:
        """A crew of the session's.

        Args:
            ready: whether it keeps a shim ready, as every session does; without it each starts by itself.
        """
        crew = Crew(
            self.layout,
            sandbox=self.config,
            backend=self.backend,
            environ=self.environ,
            orphan_grace_s=self.orphan_grace_s,
        )
        self.crews.append(crew)
        if ready:
            crew.stand_by()
        return crew

    def assignment(self, *, worker: WorkerId = WORKER, role: Role = Role.IMPLEMENTER) -> Assignment:
        return Assignment(
            worker=worker,
            agent=AgentName("fake"),
            role=role,
            prompt="",
            target=self.target,
            scratch=self.session / "scratch" / worker,
            home=self.session / "scratch" / worker / "home",
        )

    def start(
        self,
        crew: Crew,
        *arguments: str,
        attempt: int = 1,
        stdin: str = "",
        role: Role = Role.IMPLEMENTER,
        worker: WorkerId = WORKER,
        ladder: tuple[StopStep, ...] = (StopStep("TERM", 60.0),),
    ) -> Started:
        """Start the child script with ``arguments``, or any program given by its absolute path."""
        argv = arguments if arguments[0].startswith("/") else (sys.executable, str(CHILD), *arguments)
        spec = LaunchSpec(argv=argv, cwd=self.target, stdin=stdin, stop_ladder=ladder)
        assignment = self.assignment(worker=worker, role=role)
        started = crew.start(assignment, attempt, agent=agent(environment=("FAKE_KEY",)), spec=spec)
        self.shims.append(started.shim.pid)
        return started

    @property
    def proof(self) -> str:
        """The proof an attempt's end comes with here."""
        return "empty pid namespace" if self.backend == "bubblewrap" else "empty sub-reaper walk"

    @staticmethod
    async def ended(crew: Crew, worker: WorkerId = WORKER) -> ExitRecord:
        with anyio.fail_after(60):
            return await crew.wait_exited(worker)

    def escaped(self, shim: int) -> list[int]:
        """Wait until all four kinds of escapees are there; returns every process of the tree."""
        for kind in ("plain", "setsid", "double", "stopped", "ready"):
            self.wait_said(kind)
        tree = self.tree(shim)
        assert len(tree) >= 5
        return [row.pid for row in tree]

    @staticmethod
    def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
        until(condition, seconds)

    @staticmethod
    def is_alive(pid: int) -> bool:
        return is_alive(pid)

    def said(self, worker: WorkerId = WORKER) -> str:
        path = self.layout.stdout(worker)
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_said(self, text: str, worker: WorkerId = WORKER) -> None:
        until(lambda: text in self.said(worker))

    def wait_exit(self, worker: WorkerId = WORKER, attempt: int = 1) -> None:
        """Until the shim has written down how the attempt ended."""
        record = self.layout.workers_dir / f"{worker}.{attempt}.json"
        # Empty for an instant: a shim claims its attempt before it fills the file.
        until(lambda: record.exists() and json.loads(record.read_text() or '{"exit": null}')["exit"])

    def tree(self, shim: int) -> list[Process]:
        return [row for row in descendants(shim, process_table()) if not row.is_dead]


@pytest.fixture(scope="session")
def bubblewrap_works() -> bool:
    return prove_backend(CLOSED, os.environ).works


@pytest.fixture(params=["bubblewrap", "none"])
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, bubblewrap_works: bool, not_proven: Callable[[str], NoReturn]
) -> Iterator[Stage]:
    if request.param == "bubblewrap" and not bubblewrap_works:
        not_proven("bubblewrap does not work here")
    made = Stage(tmp_path, request.param)
    made.session.mkdir(parents=True)
    made.target.mkdir()
    yield made
    for crew in made.crews:
        for worker in crew.running():
            crew.kill(worker)
    until(lambda: not any(is_alive(shim) for shim in made.shims))
    for crew in made.crews:
        crew.close()
