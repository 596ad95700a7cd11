"""A CLI is tried the way a worker runs it before a session counts on it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.agents.registry import get_agent
from orchestrator.coordinator.worker_probe import Memory, about_proxy, probe_as_workers
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.bubblewrap import find_bubblewrap

POLICY = SandboxConfig(name="default")
BACKENDS = ["bubblewrap", "none"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}


def claude(folder: Path, script: str) -> FoundAgent:
    path = folder / "claude"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return FoundAgent(AgentName("claude"), usable=True, version="1.2.3", executable=str(path))


async def probed(found: FoundAgent, environ: dict[str, str], backend: str) -> FoundAgent:
    (one,) = await probe_as_workers((found,), sandbox=POLICY, backend=backend, environ=environ)  # type: ignore[arg-type]  # of a table
    return one


@pytest.mark.parametrize("backend", BACKENDS)
async def test_one_that_starts_is_usable_and_remembered(backend: str, tmp_path: Path, environ: dict[str, str]) -> None:
    assert find_bubblewrap(environ) is not None
    found = claude(tmp_path, "echo 1.2.3")
    assert await probed(found, environ, backend) == found
    memory = Memory.of(environ)
    assert memory is not None
    assert str(tmp_path / "claude") in memory.file.read_text()


@pytest.mark.parametrize("backend", BACKENDS)
async def test_one_that_needs_the_users_home_is_not(backend: str, tmp_path: Path, environ: dict[str, str]) -> None:
    Path(environ["HOME"], "version").write_text("1.2.3")
    found = claude(tmp_path, 'cat "$HOME/version" || { echo "no version is set" >&2; exit 126; }')
    one = await probed(found, environ, backend)
    assert not one.usable
    assert one.problem is not None
    assert "no version is set" in one.problem
    memory = Memory.of(environ)
    assert memory is not None
    assert not memory.file.exists()


@pytest.mark.parametrize("content", ["", "{", "[1, null]", '{"a": 1}', "\0" * 100])
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, content: str) -> None:
    memory = Memory(tmp_path / "probes.json")
    memory.file.write_text(content)
    assert not memory.has("x")
    memory.add("x")
    assert memory.has("x")


LISTED = SandboxConfig(name="default", network="allow-list")


def test_a_cli_that_cannot_use_the_proxy_is_left_out_where_nothing_else_reaches_its_model(tmp_path: Path) -> None:
    found, agent = claude(tmp_path, "exit 0"), replace(get_agent("claude"), obeys_proxy=False)
    refused = about_proxy(found, agent, sandbox=LISTED, backend="bubblewrap")
    assert not refused.usable
    assert "does not use HTTP_PROXY" in (refused.problem or "")
    opened = SandboxConfig(name="default", network="open")
    assert about_proxy(found, agent, sandbox=opened, backend="bubblewrap") == found
    assert about_proxy(found, agent, sandbox=LISTED, backend="none") == found


def test_a_cli_that_uses_it_is_not_spoken_of(tmp_path: Path) -> None:
    found = claude(tmp_path, "exit 0")
    assert about_proxy(found, get_agent("claude"), sandbox=LISTED, backend="bubblewrap") == found
