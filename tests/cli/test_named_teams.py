from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.cli.named_teams import find_team
from orchestrator.errors import UsageError

TEAM = '[plan]\nid = "a"\ninstructions = "Look."\n'


def test_a_team_is_found_by_its_name_and_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "orchestrate" / "teams"
    folder.mkdir(parents=True)
    (folder / "look.toml").write_text(TEAM)
    assert find_team("look", tmp_path).path == folder / "look.toml"
    assert find_team(str(folder / "look.toml"), tmp_path).name == "look"
    with pytest.raises(UsageError, match=r"there is no team 'lok'; there are .*look"):
        find_team("lok", tmp_path)
