from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import InvalidFile
from orchestrator.settings.workflow_library import PROJECT_FOLDER, load_workflow, load_workflows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "look.toml").write_text('description = "mine"\ngates = ["lint"]\n')
    return folder


def test_the_users_own_workflows_are_found_by_name(user: Path) -> None:
    assert load_workflows(user=user)["look"].description == "mine"
    assert load_workflows(user=user / "none") == {}


def test_a_trusted_projects_workflows_go_before_the_users(user: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project" / PROJECT_FOLDER
    folder.mkdir(parents=True)
    (folder / "look.toml").write_text('description = "theirs"\ngates = ["tests"]\n')
    assert load_workflows(project=tmp_path / "project", user=user)["look"].description == "theirs"


def test_two_of_one_name_are_refused(user: Path) -> None:
    (user / "other.toml").write_text('name = "look"\ngates = ["lint"]\n')
    with pytest.raises(InvalidFile, match="has the name 'look' as well"):
        load_workflows(user=user)


@pytest.mark.parametrize("content", [b"\xff", b"gates = [", b"x" * 2_000_000])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(InvalidFile):
        load_workflow(tmp_path / "a.toml")


def test_a_link_leads_out_of_the_folder_no_further_than_a_path(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text('[plan]\nid = "a"\ninstructions = "Look."\n')
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "team.toml").symlink_to(tmp_path / "elsewhere.toml")
    (tmp_path / "flows" / "flow.toml").write_text('team = "team.toml"\n')
    with pytest.raises(InvalidFile, match="leads out of the folder"):
        load_workflow(tmp_path / "flows" / "flow.toml")
