"""What the dashboard's tests share: a session written entry by entry, a server on it, a client that may speak to it."""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import anyio
import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import EffectId, StartWorker
from orchestrator.models.entries import (
    AgentOutput,
    Input,
    Sampled,
    SessionOpened,
    Wanted,
    WorkerStarted,
    as_derived,
)
from orchestrator.models.events import AgentEvent, EventType, Payload, Said
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.options import FoundAgent, SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.workers import Sample
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.server.server_process import Dashboard, Place, bind
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from tests.server.programs import PACKAGE, Program
from tests.server.watching import FLAGS, chromium

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of this machine's dashboards: without one each would read all certificates that the world trusts."""
AGENTS = tuple(AgentName(name) for name in ("gemini", "claude", "codex"))


class Stage:
    """One session of a workspace, written as its coordinator would write it: with the time of day it is written at.

    The page says how long ago things happened, so a session stamped with a fixed day reads differently on every other.
    """

    def __init__(self, workspace: Path, digits: str = "7f3a", **options: Any) -> None:
        self.folder: SessionFolder = create_session(workspace, self.at, digits)
        self.effects: list[tuple[EffectId, Wanted]] = []
        self.journal = Journal(self.folder.journal_file)
        self.session: Session | None = None
        self._holding = ExitStack()
        target = workspace.parent / "target"
        target.mkdir(exist_ok=True)
        opened = SessionOptions(
            task="Add input validation",
            target=target,
            session_dir=self.folder.path,
            agents=AGENTS,
            policy=STANDARD,
            sandbox=SandboxConfig(name="default", confirm_commands=("pip install",)),
            sandbox_backend="bubblewrap",
            templates=load_templates(None),
            interactive=True,
            **options,
        )
        found = tuple(FoundAgent(name, usable=True, version="1.0") for name in AGENTS)
        self.take(SessionOpened(self.folder.id, opened, found))

    @property
    def at(self) -> datetime:
        """Now."""
        return datetime.now(UTC)

    @property
    def length(self) -> int:
        """Number of the last entry."""
        assert self.session is not None
        return self.session.n

    def hold(self) -> None:
        """From here on somebody runs the session."""
        self._holding.enter_context(hold_session_lock(self.folder))

    def release_workers(self) -> None:
        self._holding.close()

    def close(self) -> None:
        self.release_workers()
        self.journal.close()

    def take(self, body: Input, *more: Input) -> Sequence[Wanted]:
        """Inputs in, the effects they called for out; the intents follow them in the journal."""
        wanted: list[tuple[EffectId, Wanted]] = []
        for entry in self.journal.append_many([body, *more], self.at):
            self.session, effects = step(self.session, entry)
            wanted += [(EffectId(entry.n, index), effect) for index, effect in enumerate(effects)]
        assert self.session is not None
        derived = [as_derived(name, one, format_=self.session.format) for name, one in wanted]
        for entry in self.journal.append_many(derived, self.at):
            self.session, _ = step(self.session, entry)
        self.effects += wanted
        return [effect for _, effect in wanted]

    def start(self, worker: str = "gemini") -> None:
        """The worker's shim runs."""
        name = next(
            name
            for name, effect in reversed(self.effects)
            if isinstance(effect, StartWorker) and effect.worker == worker
        )
        shim = ProcessIdentity(pid=4711, start_ticks=1)
        self.take(WorkerStarted(WorkerId(worker), 1, ("cli", "--flag"), shim, "bubblewrap", name))

    def output(self, text: str, *, worker: str = "gemini", kind: EventType = EventType.PROGRESS) -> AgentOutput:
        return self.record(Said(text), worker=worker, kind=kind)

    def record(self, payload: Payload, *, worker: str = "gemini", kind: EventType = EventType.PROGRESS) -> AgentOutput:
        """One record of the worker, not yet taken."""
        event = AgentEvent(kind, AgentName(worker), self.at, payload)
        return AgentOutput(WorkerId(worker), 1, "stdout", 0, 10, (event,))

    def say(self, *texts: str, worker: str = "gemini") -> None:
        """The worker writes these, as one batch."""
        self.take(*[self.output(text, worker=worker) for text in texts])

    def sample(self, cpu: float = 38.0, worker: str = "gemini") -> None:
        self.take(Sampled(WorkerId(worker), Sample(cpu, 120.0, 3)))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def staged(workspace: Path) -> Iterator[Callable[..., Stage]]:
    """Makes sessions; closed at the end."""
    with ExitStack() as cleanup:

        def make(digits: str = "7f3a", **options: Any) -> Stage:
            stage = Stage(workspace, digits, **options)
            cleanup.callback(stage.close)
            return stage

        yield make


@pytest.fixture
def stage(staged: Callable[..., Stage]) -> Stage:
    """A live session in which gemini runs."""
    stage = staged()
    stage.hold()
    stage.start()
    return stage


@dataclass
class Served:
    """A dashboard that answers, and a client that has its token."""

    dashboard: Dashboard
    client: httpx.AsyncClient
    token: str
    port: int

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def serving(workspace: Path, session: str | None = None) -> AsyncIterator[Served]:
    """A dashboard of the workspace on a port of its own, while the block runs."""
    place = Place(workspace, session, port=0)
    dashboard = Dashboard(place, bind(place))
    token = dashboard.address.url.rpartition("token=")[2]
    port = dashboard.address.port
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dashboard.serve)
        base = f"http://127.0.0.1:{port}"
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60, verify=NO_TLS) as client:
            yield Served(dashboard, client, token, port)
        dashboard.end()


@pytest.fixture
async def served(stage: Stage, workspace: Path) -> AsyncIterator[Served]:
    """A dashboard on the session of ``stage``."""
    async with serving(workspace) as served:
        yield served


@dataclass
class Picture:
    """What a client of the stream has come to know: the page's own way of taking messages in."""

    last_id: str = ""
    rows: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    said_bye: bool = False

    def take(self, event: str, id: str, data: Any) -> None:
        if event == "hello":
            if data["reset"]:
                self.rows, self.state = [], {}
            return
        self.last_id = id or self.last_id
        if event == "entry":
            self.rows += [row["id"] for row in data["rows"]]
        elif event == "state":
            self._take_state(data)
        elif event == "bye":
            self.said_bye = True

    def _take_state(self, data: dict[str, Any]) -> None:
        for name, value in data.items():
            if name in ("whole", "at", "problem"):
                continue
            is_table = name in ("session", "workers", "reviews")
            self.state[name] = {**self.state.get(name, {}), **value} if is_table and not data["whole"] else value

    @property
    def entries(self) -> int:
        return int(self.state.get("session", {}).get("entries", 0))


class SseReader:
    """Bytes of a ``text/event-stream`` in, messages into a picture; what was cut is dropped, as a browser does."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self._held = b""

    def feed(self, data: bytes) -> None:
        *messages, self._held = (self._held + data).split(b"\n\n")
        for text in messages:
            fields = dict(line.split(": ", 1) for line in text.decode().splitlines() if ": " in line)
            if "event" in fields:
                self.picture.take(fields["event"], fields.get("id", ""), json.loads(fields["data"]))


@pytest.fixture
def start(tmp_path: Path, workspace: Path) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []
    for name in ("home", "target"):
        (tmp_path / name).mkdir()
    (tmp_path / "target" / "README").write_text("a project\n")
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(PACKAGE),
        "ORCHESTRATOR_WORKSPACE": str(workspace),
        "LANG": "C.UTF-8",
    }

    def start(*arguments: str, cache: Path | None = None) -> Program:
        given = {**environ, "XDG_CACHE_HOME": str(cache)} if cache else environ
        program = Program(*arguments, environ=given, cwd=tmp_path / "target")
        programs.append(program)
        return program

    yield start
    for program in reversed(programs):
        program.close()


@pytest.fixture
def port() -> int:
    """One that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture(scope="module")
def chromium_here() -> Iterator[Browser | None]:
    executable = chromium()
    if executable is None:
        yield None
        return
    with sync_playwright() as playwright:
        # Where the tests run on another day (benchmarks/elsewhen.py) the browser stays on the machine's: libfaketime's
        # monotonic waits do not do for it.  So its clock and the server's differ, as on a user's other machine.
        environ = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS), env=dict(environ))
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium_here: Browser | None, not_proven: Callable[[str], NoReturn]) -> Browser:
    if chromium_here is None:
        not_proven("there is no Chromium, so the dashboard's page was not looked at")
    return chromium_here
