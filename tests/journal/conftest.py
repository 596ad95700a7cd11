"""What the journal's tests share: a session to write about, and children that say when they are ready."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.models.decisions import Action, Policy, PolicyRow
from orchestrator.models.entries import SessionOpened
from orchestrator.models.identity import AgentName
from orchestrator.models.options import SessionOptions
from orchestrator.models.sandbox import SandboxConfig

NOW = datetime(2026, 11, 21, 17, 58, 11, tzinfo=UTC)
StartPython = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def folder(workspace: Path) -> SessionFolder:
    return create_session(workspace, NOW, "7f3a")


@pytest.fixture
def opened(workspace: Path) -> SessionOpened:
    """The first entry of a session whose folder has not been made."""
    folder = SessionFolder(workspace / "20261121-175811-7f3a")
    return SessionOpened(
        session=folder.id,
        options=SessionOptions(
            task="Add input validation",
            target=Path("/srv/shop"),
            session_dir=folder.path,
            agents=(AgentName("claude"), AgentName("codex")),
            policy=Policy("standard", (PolicyRow("nothing spoke against it", Action.CONTINUE),)),
            sandbox=SandboxConfig(name="default"),
            sandbox_backend="none",
            templates={"contract": "Work on {{ task }}."},
        ),
        found=(),
    )


@pytest.fixture
def start_python() -> Iterator[StartPython]:
    """Run a script in a Python of its own; it is killed after the test if it still runs."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()
