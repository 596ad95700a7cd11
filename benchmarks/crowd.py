"""A real coordinator with as many workers as a benchmark wants, without a plan, agents or models."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.agents.contract import Translation
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.coordinator.clocks import Clock, utc_now
from orchestrator.coordinator.coordinator import Coordinator
from orchestrator.coordinator.egress.outbound import OutboundDesk
from orchestrator.coordinator.evidence import Evidence
from orchestrator.coordinator.session_request import Observer
from orchestrator.coordinator.session_start import own_tests
from orchestrator.coordinator.stream_listeners import Listener
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.writer import Journal
from orchestrator.models.escalation import DEFAULTS, conditions_of
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role, TaskBreakdown, TaskStep
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.safety.redaction import Redactor
from orchestrator.session.state import Attempt, Session, WorkerDetail
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.workers.crew import Crew, CrewLayout

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGENT = AgentName("claude")
SILENT = SandboxConfig(name="benchmark")


class Crowd:
    """One session whose workers all run already.

    Args:
        root: An empty folder for target and workspace.
        backend: ``bubblewrap`` or ``none``.
    """

    def __init__(self, root: Path, count: int, *, agent: AgentName = AGENT, backend: str = "none") -> None:
        (root / "target").mkdir()
        self.root = root
        self.folder: SessionFolder = create_session(root / "workspace", AT, "0001")
        self.names = [WorkerId(f"w{number}") for number in range(count)]
        self.agent = get_agent(agent)
        self.other = next(name for name in AGENTS if name != agent)
        """Would review; it need not be there."""
        self.crew = Crew(self._layout(), sandbox=SILENT, backend=backend, environ=os.environ, orphan_grace_s=5.0)

    def assignment(self, worker: WorkerId) -> Assignment:
        scratch = self.folder.scratch(worker)
        return Assignment(
            worker=worker,
            agent=self.agent.name,
            role=Role.IMPLEMENTER,
            prompt="",
            target=self.root / "target",
            scratch=scratch,
            home=self.folder.home(worker),
            readable=(Path(sys.prefix), Path(sys.base_prefix)),
            writable=(scratch, self.root / "target"),
        )

    def session(self) -> Session:
        """The state a fold would have come to with all of them running."""
        options = SessionOptions(
            task="a benchmark",
            target=self.root / "target",
            session_dir=self.folder.path,
            agents=(self.agent.name, self.other),
            policy=STANDARD,
            sandbox=SILENT,
            sandbox_backend="none",
            templates=load_templates(None),
            interactive=True,
            watch_rules=1,
            escalations=conditions_of(DEFAULTS),
        )
        states = {
            name: WorkerState(
                name,
                self.agent.name,
                Role.IMPLEMENTER,
                status=WorkerStatus.RUNNING,
                attempt=1,
                shim=ProcessIdentity(1, 1),
                last_heard=AT,
            )
            for name in self.names
        }
        details = {
            name: WorkerDetail(self.assignment(name), current=Attempt(running_since=utc_now())) for name in self.names
        }
        found = (FoundAgent(self.agent.name, usable=True), FoundAgent(self.other, usable=True))
        now = utc_now()
        steps = tuple(TaskStep(name, self.agent.name, Role.IMPLEMENTER, "Make the change") for name in self.names)
        plan = TaskBreakdown(options.task, 5, steps, reviews_itself=True)
        return Session(
            self.folder.id, options, found, now, now, plan=plan, workers=states, details=details, last_heard=now
        )

    def coordinator(self, journal: Journal, observers: Sequence[Observer] = ()) -> Coordinator:
        """It listens to the raw files of all; they may not exist yet."""
        for name in self.names:
            self.folder.scratch(name).mkdir(parents=True, exist_ok=True)
        target = self.root / "target"
        snapshots = Snapshots(self.folder.snapshots_dir, target, exclude=(self.folder.workspace,))
        session = self.session()
        coordinator = Coordinator(
            self.folder,
            journal,
            self.crew,
            leaver=OutboundDesk(self.folder, session.options, {}),
            evidence=Evidence(snapshots, own_tests(session.options, folder=self.folder, environ={})),
            redactor=Redactor(),
            observers=observers,
            session=session,
            clock=Clock(),
        )
        for name in self.names:
            coordinator.adopt(name, self.listener(name))
        return coordinator

    def listener(self, worker: WorkerId) -> Listener:
        listener = Listener(worker, 1, self.agent, Redactor(), utc_now, translation=Translation())
        listener.follow("stdout", self.folder.raw_stdout(worker), 0)
        listener.follow("stderr", self.folder.raw_stderr(worker), 0)
        listener.follow("events", self.folder.events_file(worker), 0)
        return listener

    def _layout(self) -> CrewLayout:
        folder = self.folder
        return CrewLayout(
            session_dir=folder.path,
            workers_dir=folder.workers_dir,
            control_dir=folder.control_dir,
            workspace=folder.workspace,
            own=(folder.workspace / "state",),
            lock=None,
            stdout=folder.raw_stdout,
            stderr=folder.raw_stderr,
        )
