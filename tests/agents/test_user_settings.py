"""Where a CLI keeps what a person set up for it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import get_args

from orchestrator.agents.registry import AGENTS
from orchestrator.agents.user_settings import IN_WORDS, UserSetting, settings_of
from orchestrator.models.sandbox import Brought

KINDS = set(get_args(Brought))


def test_settings_lie_in_the_clis_own_folder_and_some_are_never_brought() -> None:
    mcp, hooks = settings_of(".cli", mcp=("settings.json", "mcpServers"), hooks="hooks.json")
    assert mcp == UserSetting("mcp", PurePosixPath(".cli/settings.json"), ("mcpServers",))
    assert (hooks.stays, hooks.place) == (True, PurePosixPath(".cli/hooks.json"))


def test_what_can_be_brought_is_what_the_policy_can_name() -> None:
    assert set(IN_WORDS) > KINDS
    for agent in AGENTS.values():
        assert agent.user_settings, agent.name
        assert {one.kind for one in agent.user_settings if not one.stays} <= KINDS
        assert not {one.kind for one in agent.user_settings if one.stays} & KINDS
        assert {"mcp", "instructions", "skills"} <= {one.kind for one in agent.user_settings}
