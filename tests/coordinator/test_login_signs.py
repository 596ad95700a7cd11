"""A home is told from a project, whatever is named as the target."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.login_signs import logins_in


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "ada"
    folder.mkdir(parents=True)
    return folder


def test_a_project_holds_no_login(home: Path, tmp_path: Path) -> None:
    project = home / "project"
    for name in ("src", ".git", ".claude", ".config", ".docker"):
        (project / name).mkdir(parents=True)
    (project / ".claude" / "settings.json").write_text("{}")
    assert logins_in(project, {"HOME": str(home)}) == ()


def test_the_users_own_home_and_what_holds_it_are_homes(home: Path, tmp_path: Path) -> None:
    assert logins_in(home, {"HOME": str(home)}) == ("your home",)
    assert logins_in(home.parent, {"HOME": str(home)}) == ("your home ada",)
    (tmp_path / "way").symlink_to(home)
    assert logins_in(home, {"HOME": str(tmp_path / "way")}) == ("your home",)


@pytest.mark.parametrize("home", ["/", "", "relative"])
def test_where_nobody_has_a_home_what_lies_there_tells(tmp_path: Path, home: str) -> None:
    assert logins_in(tmp_path, {"HOME": home}) == ()
    (tmp_path / ".ssh").mkdir()
    assert logins_in(tmp_path, {"HOME": home}) == (".ssh",)


@pytest.mark.parametrize(
    "name",
    [".ssh/id_ed25519", ".aws/credentials", ".config/google-chrome/Default/Cookies", ".claude/.credentials.json"],
)
def test_a_folder_with_somebodys_logins_is_told_by_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("secret")
    (found,) = logins_in(tmp_path, {"HOME": "/nonexistent"})
    assert name.startswith(found)


def test_a_folder_of_homes_is_told_by_one_of_them(home: Path) -> None:
    (home / ".ssh").mkdir()
    assert logins_in(home.parent, {"HOME": "/nonexistent"}) == ("ada/.ssh",)
