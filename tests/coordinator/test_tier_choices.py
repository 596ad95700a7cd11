from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.coordinator.tier_choices import tier_options
from orchestrator.errors import InvalidFile


def test_settings_go_before_the_adapters_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    bare = tier_options(None)
    assert bare["tier_models"]["CHEAP"] == {
        name: AGENTS[name].tier_models["CHEAP"] for name in TEAM if "CHEAP" in AGENTS[name].tier_models
    }
    assert bare["tier_agents"]["CHEAP"] == ()
    project = tmp_path / "project"
    (project / ".orchestrator").mkdir(parents=True)
    file = project / ".orchestrator" / "settings.toml"
    first = TEAM[0]
    file.write_text(f'[tiers.CHEAP]\nprefer = ["{first}"]\n{first} = ""\n')
    told = tier_options(project)
    assert first not in told["tier_models"]["CHEAP"]
    assert told["tier_agents"]["CHEAP"] == (first,)
    file.write_text("[tiers.CHEAP]\nx = 1\n")
    with pytest.raises(InvalidFile, match="there is no key 'x'"):
        tier_options(project)
