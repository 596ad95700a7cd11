from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.composition.template_files import BUILT_IN, STARTER
from orchestrator.errors import InvalidFile
from orchestrator.settings.template_library import PROJECT_FOLDER, load_library


def put(folder: Path, name: str, role: str = "R") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(STARTER.format(id=name, role=role))
    return path


def test_without_any_of_ones_own_there_are_the_built_in_ones(tmp_path: Path) -> None:
    library = load_library(user=tmp_path / "none")
    assert tuple(library) == BUILT_IN
    assert {entry.origin for entry in library.values()} == {"built in"}


def test_the_projects_go_before_the_users_and_these_before_the_built_in(tmp_path: Path) -> None:
    user, project = tmp_path / "user", tmp_path / "project"
    put(user, "code_reviewer", "mine")
    put(user, "other")
    path = put(project / PROJECT_FOLDER, "code_reviewer", "the project's")

    library = load_library(project, user=user)
    reviewer = library["code_reviewer"]
    assert (reviewer.template.role, reviewer.origin, reviewer.replaces) == ("the project's", "project", "user")
    assert reviewer.path == path
    assert library["other"].replaces is None
    assert load_library(None, user=user)["code_reviewer"].replaces == "built in"


def test_a_broken_one_is_told_and_not_left_out(tmp_path: Path) -> None:
    put(tmp_path, "x").write_text("id = 3\n")
    with pytest.raises(InvalidFile, match="needs 'role'"):
        load_library(user=tmp_path)


def test_two_of_one_id_are_told(tmp_path: Path) -> None:
    put(tmp_path, "x")
    (tmp_path / "y.toml").write_text((tmp_path / "x.toml").read_text())
    with pytest.raises(InvalidFile, match=r"y.toml:2: x.toml has the id 'x' as well"):
        load_library(user=tmp_path)


def test_a_users_own_may_be_a_link_and_a_projects_may_not(tmp_path: Path) -> None:
    real = put(tmp_path / "dotfiles", "x")
    for folder in (tmp_path / "user", tmp_path / "project" / PROJECT_FOLDER):
        folder.mkdir(parents=True)
        (folder / "x.toml").symlink_to(real)
    assert "x" in load_library(user=tmp_path / "user")
    with pytest.raises(InvalidFile, match="link"):
        load_library(tmp_path / "project", user=tmp_path / "none")
