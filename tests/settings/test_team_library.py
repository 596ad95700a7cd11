from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import InvalidFile
from orchestrator.settings.team_library import PROJECT_FOLDER, load_team, load_teams

if TYPE_CHECKING:
    from pathlib import Path

TEAM = '{0}\n[plan]\nid = "a"\ninstructions = "Look."\n'


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "teams"
    folder.mkdir()
    (folder / "look.toml").write_text(TEAM.format('description = "mine"'))
    return folder


def test_the_users_own_teams_are_found_by_name(user: Path) -> None:
    assert load_teams(user=user)["look"].description == "mine"
    assert load_teams(user=user / "none") == {}


def test_a_trusted_projects_teams_go_before_the_users(user: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project" / PROJECT_FOLDER
    folder.mkdir(parents=True)
    (folder / "look.toml").write_text(TEAM.format('description = "the project\'s"'))
    assert load_teams(project=tmp_path / "project", user=user)["look"].description == "the project's"


def test_two_of_one_name_are_refused(user: Path) -> None:
    (user / "other.toml").write_text(TEAM.format('name = "look"'))
    with pytest.raises(InvalidFile, match="has the name 'look' as well"):
        load_teams(user=user)


def test_a_file_includes_what_lies_beside_it_and_a_missing_one_is_said(user: Path) -> None:
    (user / "both.toml").write_text('[plan]\nstrategy = "sequential"\nchildren = [{ include = "look.toml" }]\n')
    assert load_team(user / "both.toml").name == "both"
    with pytest.raises(InvalidFile, match="there is no such team"):
        load_team(user / "none.toml")
