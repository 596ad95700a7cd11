from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import psutil
import pytest

from orchestrator.cli.dashboard import show_dashboard
from orchestrator.journal.folder import SessionFolder, create_session


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    return create_session(tmp_path / "workspace", datetime(2026, 11, 21, tzinfo=UTC), "7f3a")


@pytest.mark.slow
async def test_the_address_is_said_and_the_server_goes_with_whoever_started_it(folder: SessionFolder) -> None:
    said: list[str] = []
    heard = anyio.Event()

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("dashboard: "):
            heard.set()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(show_dashboard, folder, 18521, say)
            await heard.wait()
            tasks.cancel_scope.cancel()
    assert not [child for child in psutil.Process().children() if "serve" in child.cmdline()]
    assert said[-1].startswith("dashboard: http://127.0.0.1:")


async def test_a_server_that_cannot_start_is_said_and_ends_nothing(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    await show_dashboard(folder, 18531, said.append)
    assert said == ["no dashboard: No such file or directory"]
