from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.lowlevel
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


async def test_a_session_that_is_over_at_once_starts_no_server(folder: SessionFolder) -> None:
    said: list[str] = []
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(show_dashboard, folder, 18541, said.append)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert not (folder.path / "dashboard.log").exists()


async def test_a_server_whose_address_nobody_knows_is_ended_at_once(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is still loading what it needs, and would do so to the end before it looked whether it is wanted."""
    monkeypatch.setattr("orchestrator.cli.dashboard.BEGIN_AFTER_S", 0)
    monkeypatch.setattr("orchestrator.cli.dashboard._GRACE_S", 600)
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    said: list[str] = []
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(show_dashboard, folder, 18551, said.append)
            while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):  # noqa: ASYNC110 - a file
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
