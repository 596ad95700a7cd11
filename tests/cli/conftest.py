"""A session told step by step through the real fold, and the command line run in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.main import run
from orchestrator.journal.control import read_commands
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.writer import Journal
from orchestrator.models import entries, events
from orchestrator.models.decisions import Policy
from orchestrator.models.effects import EffectId, StartWorker
from orchestrator.models.entries import Body, JournalEntry, SessionOpened, Wanted
from orchestrator.models.events import AgentEvent, EventType
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.workers import ExitRecord
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.session.fold import step
from orchestrator.session.state import Session

BEGINNING = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
AGENTS = ("gemini", "claude", "codex")


class Story:
    """One session whose entries are made up by the test and whose effects are derived by the real fold."""

    def __init__(self, workspace: Path, *, interactive: bool = True, policy: Policy = STANDARD) -> None:
        self.folder: SessionFolder = create_session(workspace, BEGINNING, "7f3a")
        self.at = BEGINNING
        self.entries: list[JournalEntry] = []
        self.intended: list[tuple[EffectId, Wanted]] = []
        self._session: Session | None = None
        found = tuple(FoundAgent(AgentName(name), usable=True, version="1.2.3", executable=name) for name in AGENTS)
        options = SessionOptions(
            task="Add input validation to the signup form",
            target=workspace.parent,
            session_dir=self.folder.path,
            agents=tuple(agent.name for agent in found),
            policy=policy,
            sandbox=SandboxConfig(name="default", confirm_commands=("pip install",)),
            sandbox_backend="bubblewrap",
            templates=load_templates(None),
            interactive=interactive,
        )
        self.take(SessionOpened(session=self.folder.id, options=options, found=found))

    @property
    def session(self) -> Session:
        assert self._session is not None
        return self._session

    def take(self, body: Body, *, after_s: float = 1.0) -> None:
        """One input, and the intents of the effects it leads to."""
        self.at += timedelta(seconds=after_s)
        effects = self._fold(body)
        cause = len(self.entries)
        for index, effect in enumerate(effects):
            self._fold(entries.as_derived(EffectId(cause, index), effect, format_=self.session.format))
            self.intended.append((EffectId(cause, index), effect))

    def started(self, worker: str) -> None:
        """The last attempt that was to be started runs."""
        effect_id, effect = next(
            (i, e) for i, e in reversed(self.intended) if isinstance(e, StartWorker) and e.worker == worker
        )
        body = entries.WorkerStarted(
            effect.worker, effect.attempt, ("agent", "--flag"), ProcessIdentity(1, 1), "bubblewrap", effect_id
        )
        self.take(body)

    def said(self, worker: str, *payloads: Any, type_: EventType = EventType.PROGRESS) -> None:
        events = tuple(AgentEvent(type_, AgentName(worker), self.at, payload) for payload in payloads)
        self.take(entries.AgentOutput(WorkerId(worker), 1, "stdout", 0, 10, events))

    def exited(self, worker: str, code: int = 0) -> None:
        record = ExitRecord(code=code, proof="empty pid namespace")
        self.take(entries.WorkerExited(WorkerId(worker), self.session.workers[WorkerId(worker)].attempt, record))

    def asks(self) -> None:
        """A question with suggestions is open: the first worker met a path that the policy does not allow."""
        self.started("gemini")
        denial = events.Denied("Path must be within one of the workspace directories: /etc")
        self.said("gemini", denial, type_=EventType.ERROR)
        assert self.session.approvals.questions

    def dropped(self) -> list[entries.UserCommand]:
        """The commands that were left for the coordinator."""
        return [found.command for found in read_commands(self.folder, 0) if found.command is not None]

    def write(self) -> None:
        """Put on disk what the journal does not hold yet."""
        with Journal(self.folder.journal_file) as journal:
            for entry in self.entries[journal.last :]:
                journal.append(entry.body, entry.at)

    def _fold(self, body: Body) -> Sequence[Wanted]:
        entry = JournalEntry(len(self.entries) + 1, self.at, body)
        self.entries.append(entry)
        self._session, effects = step(self._session, entry)
        return effects


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def story(workspace: Path) -> Story:
    return Story(workspace)


@dataclass(frozen=True)
class JobResult:
    """What one run of the command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def orchestrate(
    capsys: pytest.CaptureFixture[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., JobResult]:
    monkeypatch.setenv("ORCHESTRATOR_WORKSPACE", str(workspace))

    def call(*arguments: str) -> JobResult:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return JobResult(code, captured.out, captured.err)

    return call
