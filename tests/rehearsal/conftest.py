"""Runs one CLI, stand-in or real, as its adapter launches it, against a scripted model and in a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import anyio
import anyio.abc
import pytest

from orchestrator.agents.contract import Agent, Translation
from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.models.events import AgentEvent, ConversationStarted, Payload, TurnEnded
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages
from orchestrator.rehearsal.model_server import ModelServer, model_server
from orchestrator.rehearsal.scenario import Scenario
from orchestrator.rehearsal.stand_in.executables import install_stand_ins
from orchestrator.wire.records import decode_line


@dataclass(frozen=True)
class Cli:
    """One CLI and where its executable lies."""

    agent: Agent
    folder: Path


@dataclass(frozen=True)
class Run:
    """How one run of a CLI ended."""

    agent: Agent
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def payloads(self) -> list[Payload]:
        """What its adapter makes of stdout, then of stderr."""
        return [event.payload for event in (*self._events(self.stdout, "stdout"), *self._events(self.stderr, "stderr"))]

    def _events(self, text: bytes, stream: Any) -> list[AgentEvent]:
        events: list[AgentEvent] = []
        state = Translation()
        for line in text.splitlines():
            for record in decode_line(line, stream):
                state, new = self.agent.translate(state, record, datetime.now(UTC))
                events += new
        return events

    def of(self, kind: type[Any]) -> list[Any]:
        return [payload for payload in self.payloads if isinstance(payload, kind)]

    @property
    def ended(self) -> TurnEnded:
        return self.of(TurnEnded)[-1]  # type: ignore[no-any-return]  # of() is told the class at run time

    @property
    def conversation(self) -> str:
        started: ConversationStarted = self.of(ConversationStarted)[0]
        return started.reference

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.stdout.decode()}\n--- stderr\n{self.stderr.decode()}"


@dataclass
class Stage:
    """A target, a scratch folder and a home for one CLI that plays in a scenario."""

    cli: Cli
    root: Path
    server: ModelServer

    @property
    def target(self) -> Path:
        return self.root / "target"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def assignment(self, prompt: str, **changes: Any) -> Assignment:
        """What an adapter is told; the prompt gets the marker line that every template puts at its top."""
        name = self.cli.agent.name
        basis = Assignment(
            worker=WorkerId(name),
            agent=name,
            role=Role.IMPLEMENTER,
            prompt=f"[orchestrate worker={name} role=implementer review=-]\n{prompt}\n",
            target=self.target,
            scratch=self.scratch,
            home=self.home,
            writable=(self.scratch, self.target),
            endpoint=self.server.endpoints[name],
            # One retry is enough to see that there is one.
            extra_env={"CLAUDE_CODE_MAX_RETRIES": "1"},
        )
        return replace(basis, **changes)

    async def run(
        self,
        prompt: str,
        *,
        stop_when: Callable[[], bool] | None = None,
        flags: Sequence[str] = (),
        before: Callable[[], object] = lambda: None,
        **changes: Any,
    ) -> Run:
        """Run to the end; with ``stop_when``, send the adapter's first stop signal once that holds.

        Args:
            before: Is called once the adapter's files are placed.
        """
        spec = self.cli.agent.launch(self.assignment(prompt, **changes))
        for folder in (self.target, self.scratch, self.home / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        for file in spec.files:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_text(_with_one_attempt(file.content), encoding="utf-8")
        before()
        self.server.describe(self.cli.agent.name, target=self.target, scratch=self.scratch)
        signals = [signal.Signals[f"SIG{step.signal}"] for step in spec.stop_ladder]
        out, err = self.root / "stdout", self.root / "stderr"
        with anyio.fail_after(60), out.open("wb") as stdout, err.open("wb") as stderr:
            async with await anyio.open_process(
                [str(self.cli.folder / spec.argv[0]), *flags_first(spec.argv[1:], flags)],
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                cwd=spec.cwd,
                env={**self._environment(), **spec.env},
                start_new_session=True,
            ) as process:
                try:
                    await _write(process, spec.stdin)
                    if stop_when is not None:
                        await _until(stop_when)
                        process.send_signal(signals[0])
                    code = await process.wait()
                finally:
                    _end_group(process.pid)
        return Run(self.cli.agent, code, out.read_bytes(), err.read_bytes())

    def _environment(self) -> Mapping[str, str]:
        path = f"{self.cli.folder}:/usr/local/bin:/usr/bin:/bin"
        return {"HOME": str(self.home), "TMPDIR": str(self.home / "tmp"), "PATH": path, "LANG": "C.UTF-8"}

    def was_asked(self) -> bool:
        """Whether the model has been asked for an answer of its turn."""
        return any(request.asked is not None and request.asked.side is None for request in self.server.requests)


OpenStage: TypeAlias = Callable[..., AbstractAsyncContextManager[Stage]]


def flags_first(words: Sequence[str], flags: Sequence[str]) -> list[str]:
    """A subcommand stays in front of further flags."""
    front = 1 if words and not words[0].startswith("-") else 0
    return [*words[:front], *flags, *words[front:]]


def _with_one_attempt(content: str) -> str:
    """Gemini waits five seconds before its second attempt, and longer before each further one."""
    if '"maxAttempts"' not in content:
        return content
    settings = json.loads(content)
    settings["general"]["maxAttempts"] = 1
    return json.dumps(settings)


async def _write(process: anyio.abc.Process, prompt: str) -> None:
    assert process.stdin is not None
    try:
        await process.stdin.send(prompt.encode())
    except anyio.BrokenResourceError:
        pass  # it refused its flags and is gone
    finally:
        await process.stdin.aclose()


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 -- what is waited for happens in another process
        await anyio.sleep(0.01)


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


SOURCES = (
    *(pytest.param((name, "stand-in"), id=f"stand-in-{name}") for name in sorted(TEAM)),
    *(
        pytest.param((name, "real"), id=f"real-{name}", marks=[pytest.mark.real, pytest.mark.slow])
        for name in sorted(AGENTS)
    ),
)
"""Each of the team as its stand-in, and every CLI as itself."""


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three stand-ins."""
    return install_stand_ins(tmp_path_factory.mktemp("stand-ins"), Path(sys.executable))


@pytest.fixture(scope="session")
def real_clis() -> Path | None:
    """The folder of the real CLIs, if they are installed; ``ORCHESTRATE_CLIS`` names another one to be tried."""
    if other := os.environ.get("ORCHESTRATE_CLIS"):
        return Path(other)
    return installed_clis(pinned_packages(), default_cache())


@pytest.fixture(params=sorted(TEAM))
def agent(request: pytest.FixtureRequest) -> Agent:
    return AGENTS[AgentName(request.param)]


@pytest.fixture(params=SOURCES)
def cli(
    request: pytest.FixtureRequest,
    stand_ins: Path,
    real_clis: Path | None,
    not_proven: Callable[[str], NoReturn],
) -> Cli:
    """Each CLI, once as its stand-in and once as itself."""
    name, source = request.param
    agent = AGENTS[AgentName(name)]
    if source == "stand-in":
        return Cli(agent, stand_ins)
    if real_clis is None:
        not_proven("the real CLIs are not installed: python -m orchestrator.rehearsal.installing")
    return Cli(agent, real_clis)


@pytest.fixture
def stage(tmp_path: Path) -> OpenStage:
    """Opens a stage on which a CLI plays turns of the given steps, each list one turn."""

    @asynccontextmanager
    async def opened(cli: Cli, *turns: Sequence[Mapping[str, Any]], folder: str = "stage") -> AsyncIterator[Stage]:
        script = {"name": "test", "turn": [{"agent": cli.agent.name, "step": list(steps)} for steps in turns]}
        root = tmp_path / folder
        root.mkdir()
        async with model_server(Scenario.model_validate(script)) as server:
            yield Stage(cli, root, server)

    return opened
