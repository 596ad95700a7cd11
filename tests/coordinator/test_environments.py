from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.environments import find_agents, open_stage
from orchestrator.errors import NoUsableAgent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coordinator.conftest import Stage


async def test_a_rehearsal_never_sees_the_users_home_or_keys(stage: Stage, tmp_path: Path) -> None:
    request = stage.request("plain")
    folder = tmp_path / "session"
    folder.mkdir()
    async with open_stage(request, folder, environ=stage.environ, progress=lambda text: None) as opened:
        assert "HOME" not in opened.environ
        assert not any("canary" in value for value in opened.environ.values())
        assert all(found.stand_in and found.usable for found in opened.found)
        assert opened.target != stage.target
        assert opened.rehearsal is not None
        assert all(end.url.startswith("http://127.0.0.1:") for end in opened.rehearsal.endpoints.values())


async def test_without_any_agent_each_is_named_once_with_what_is_wrong(stage: Stage, tmp_path: Path) -> None:
    request = replace(stage.request("plain"), rehearsal=None)
    (tmp_path / "bin").mkdir()
    with pytest.raises(NoUsableAgent, match="no agent CLI is usable") as raised:
        await find_agents(request, {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    for package in ("@google/gemini-cli", "@anthropic-ai/claude-code", "@openai/codex"):
        assert raised.value.message.count(package) == 1


async def test_a_rehearsal_needs_no_agent_of_the_machine(stage: Stage, tmp_path: Path) -> None:
    assert await find_agents(stage.request("plain"), {"PATH": str(tmp_path)}) == ()
