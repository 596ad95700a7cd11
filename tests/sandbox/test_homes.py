"""Private homes: what goes in, what comes back, what never meets."""

from __future__ import annotations

import itertools
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.launch import PlacedFile
from orchestrator.sandbox.homes import (
    LOGINS,
    PrivateHome,
    clear_home,
    forget_former_logins,
    note_home,
    noted_home,
    notes_in,
    place_files,
    prepare_home,
    return_credentials,
)

LOGIN = PurePosixPath(".cli/auth.json")


def any_login(before: bytes, after: bytes, now_s: float) -> str:
    return "" if after > before else "it is not newer"


@pytest.fixture
def user(tmp_path: Path) -> Path:
    (tmp_path / "user" / ".cli").mkdir(parents=True)
    (tmp_path / "user" / LOGIN).write_text("token 1")
    (tmp_path / "user" / ".cli" / "history").write_text("private")
    return tmp_path / "user"


@pytest.fixture
def home(tmp_path: Path, user: Path) -> PrivateHome:
    return prepare_home(
        tmp_path / "home", user_home=user, credential_files=(LOGIN, PurePosixPath(".missing")), newer_login=any_login
    )


def test_only_the_credential_goes_in_and_nobody_else_can_read_it(home: PrivateHome) -> None:
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["token 1"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (home.folder, home.folder / ".cli")} == {0o700}


def test_a_rehearsal_never_meets_the_users_own(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "home", user_home=None, credential_files=(LOGIN,))
    assert list(home.folder.rglob("*")) == []


def test_a_refreshed_credential_comes_back(home: PrivateHome, user: Path) -> None:
    (home.folder / LOGIN).write_text("token 2")
    assert return_credentials(home) == [user / LOGIN]
    assert (user / LOGIN).read_text() == "token 2"
    assert stat.S_IMODE((user / LOGIN).stat().st_mode) == 0o600


def test_a_home_prepared_again_keeps_what_was_refreshed_in_it(home: PrivateHome, user: Path) -> None:
    (home.folder / LOGIN).write_text("token 2")
    again = prepare_home(home.folder, user_home=user, credential_files=(LOGIN,), newer_login=any_login)
    assert return_credentials(again) == [user / LOGIN]
    (user / LOGIN).write_text("token 3")
    newer = (home.folder / LOGIN).stat().st_mtime_ns + 1
    os.utime(user / LOGIN, ns=(newer, newer))
    prepare_home(home.folder, user_home=user, credential_files=(LOGIN,), newer_login=any_login)
    assert (home.folder / LOGIN).read_text() == "token 3"


def test_one_that_the_user_renewed_meanwhile_is_left_alone(home: PrivateHome, user: Path) -> None:
    (home.folder / LOGIN).write_text("token 2")
    (user / LOGIN).write_text("token 3")
    assert return_credentials(home) == []
    assert (user / LOGIN).read_text() == "token 3"


@pytest.mark.parametrize("content", ["token 1", "", "  \n"])
def test_one_that_is_unchanged_or_emptied_is_left_alone(home: PrivateHome, user: Path, content: str) -> None:
    (home.folder / LOGIN).write_text(content)
    assert return_credentials(home) == []
    assert (user / LOGIN).read_text() == "token 1"


def test_a_link_in_its_place_is_not_followed(home: PrivateHome, user: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("something else of the user's")
    (home.folder / LOGIN).unlink()
    (home.folder / LOGIN).symlink_to(tmp_path / "other")
    assert return_credentials(home) == []
    assert (user / LOGIN).read_text() == "token 1"


def test_a_login_that_is_not_said_to_be_newer_is_left_alone(tmp_path: Path, user: Path) -> None:
    home = prepare_home(tmp_path / "home", user_home=user, credential_files=(LOGIN,))
    (home.folder / LOGIN).write_text("invented")
    assert return_credentials(home) == []
    assert (user / LOGIN).read_text() == "token 1"
    assert home.refused == {LOGIN: "its form is not known"}


def test_a_login_that_is_a_link_of_the_users_stays_one(home: PrivateHome, user: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("token 1")
    (user / LOGIN).unlink()
    (user / LOGIN).symlink_to(tmp_path / "kept")
    (home.folder / LOGIN).write_text("token 2")
    assert return_credentials(home) == [user / LOGIN]
    assert (user / LOGIN).readlink() == tmp_path / "kept"
    assert (tmp_path / "kept").read_text() == "token 2"
    assert {path.name for path in (user / LOGIN).parent.iterdir()} == {"auth.json", "history"}


def test_a_login_that_is_mounted_is_written_where_it_is(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path, PurePosixPath\n"
        "from orchestrator.sandbox.homes import prepare_home, return_credentials\n"
        "name, top = PurePosixPath('.cli/auth.json'), Path(sys.argv[1])\n"
        "given = {'user_home': top / 'user', 'credential_files': (name,)}\n"
        "home = prepare_home(top / 'home', **given, newer_login=lambda old, new, now_s: '')\n"
        "(home.folder / name).write_text('new')\n"
        "assert return_credentials(home) == [top / 'user' / name]\n"
    )
    (tmp_path / "user" / ".cli").mkdir(parents=True)
    for file in (tmp_path / "user" / LOGIN, tmp_path / "mounted"):
        file.write_text("token 1")
    bound = ["--bind", str(tmp_path / "mounted"), str(tmp_path / "user" / LOGIN)]
    command = ["bwrap", "--dev-bind", "/", "/", *bound, sys.executable, "-c", script, str(tmp_path)]
    subprocess.run(command, check=True, timeout=120)
    assert (tmp_path / "mounted").read_text() == "new"
    assert [path.name for path in (tmp_path / "user" / ".cli").iterdir()] == ["auth.json"]


def test_a_removed_home_is_gone_and_its_refreshed_credential_is_not(home: PrivateHome, user: Path) -> None:
    (home.folder / LOGIN).write_text("token 2")
    clear_home(home)
    assert not home.folder.exists()
    assert (user / LOGIN).read_text() == "token 2"


def test_placed_files_are_whole_and_private(tmp_path: Path) -> None:
    place_files((PlacedFile(tmp_path / "a" / "b" / "settings.json", "{}"),))
    placed = tmp_path / "a" / "b" / "settings.json"
    assert placed.read_text() == "{}"
    assert stat.S_IMODE(placed.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_placed_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentUnfit, match="cannot write"):
        place_files((PlacedFile(tmp_path / "file" / "settings.json", "{}"),))


def test_a_link_left_by_a_worker_does_not_lead_a_placed_file_elsewhere(tmp_path: Path) -> None:
    for name in ("home", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "home" / ".cli").symlink_to(tmp_path / "elsewhere")
    file = PlacedFile(tmp_path / "home" / ".cli" / "settings.json", "{}")
    with pytest.raises(EnvironmentUnfit, match="is a link or no folder"):
        place_files((file,), within=(tmp_path / "home",))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nothing_is_lost_of_what_is_refused_or_replaced(tmp_path: Path, user: Path) -> None:
    def newer(before: bytes, after: bytes, now_s: float) -> str:
        return "" if after == b"token 2" else "it is another's"

    kept = tmp_path / "logins"
    home = prepare_home(tmp_path / "home", user_home=user, credential_files=(LOGIN,), newer_login=newer, kept=kept)
    (home.folder / LOGIN).write_text("invented")
    return_credentials(home)
    (home.folder / LOGIN).write_text("token 2")
    return_credentials(home)
    held = {path.name: (path.read_text(), path.stat().st_mode & 0o777) for path in kept.iterdir()}
    flat = str(LOGIN).replace("/", "_")
    assert held == {f"{flat} (not given back)": ("invented", 0o600), f"{flat} (before)": ("token 1", 0o600)}


def test_a_second_refresh_is_given_back_too(home: PrivateHome, user: Path) -> None:
    (home.folder / LOGIN).write_text("token 2")
    assert return_credentials(home) == [user / LOGIN]
    assert return_credentials(home) == []
    (home.folder / LOGIN).write_text("token 3")
    assert return_credentials(home) == [user / LOGIN]
    assert (user / LOGIN).read_text() == "token 3"


def test_a_home_that_was_written_down_can_be_given_back_by_somebody_else(tmp_path: Path, user: Path) -> None:
    made = prepare_home(tmp_path / "home", user_home=user, credential_files=(LOGIN,), kept=tmp_path / LOGINS / "cli")
    home = replace(made, note=tmp_path / LOGINS / "w1.json")
    note_home(home, "cli")
    [note] = notes_in(tmp_path)
    assert note.stat().st_mode & 0o777 == 0o600
    assert "token" not in note.read_text()
    (home.folder / LOGIN).write_text("token 2")
    noted = noted_home(note)
    assert noted is not None
    agent, found = noted
    assert agent == "cli"
    assert return_credentials(replace(found, newer_login=any_login)) == [user / LOGIN]
    assert (tmp_path / LOGINS / "cli" / f"{str(LOGIN).replace('/', '_')} (before)").read_text() == "token 1"
    clear_home(found, keep=True)
    assert notes_in(tmp_path) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"agent": "cli", "folder": "/x", "kept": null, "credentials": [1]}'])
def test_a_note_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "note.json").write_text(text)
    assert noted_home(tmp_path / "note.json") is None


def test_former_logins_go_once_a_later_session_of_that_cli_has_ended_well(tmp_path: Path) -> None:
    for session, agent, what in (
        *(("s1", "cli", "before"), ("s1", "cli", "not given back")),
        *(("s1", "other", "before"), ("s2", "cli", "before")),
    ):
        (tmp_path / session / LOGINS / agent).mkdir(parents=True, exist_ok=True)
        (tmp_path / session / LOGINS / agent / f"auth.json ({what})").write_text("x")
    forget_former_logins(tmp_path, ["cli"], but=tmp_path / "s2")
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == [
        f"s1/{LOGINS}/cli/auth.json (not given back)",
        f"s1/{LOGINS}/other/auth.json (before)",
        f"s2/{LOGINS}/cli/auth.json (before)",
    ]


@pytest.fixture
def two(tmp_path: Path, user: Path) -> tuple[PrivateHome, PrivateHome]:
    """The homes of two workers of one CLI, perhaps of two sessions, whose copies are the same."""
    first, second = (
        prepare_home(
            tmp_path / name, user_home=user, credential_files=(LOGIN,), newer_login=any_login, kept=tmp_path / "kept"
        )
        for name in ("first", "second")
    )
    return first, second


def test_what_one_worker_has_renewed_reaches_another_that_has_not(
    two: tuple[PrivateHome, PrivateHome], user: Path
) -> None:
    first, second = two
    (first.folder / LOGIN).write_text("token 2")
    return_credentials(first)
    return_credentials(second)
    assert (second.folder / LOGIN).read_text() == "token 2"
    (second.folder / LOGIN).write_text("token 3")
    return_credentials(second)
    return_credentials(first)
    assert {(place / LOGIN).read_text() for place in (user, first.folder, second.folder)} == {"token 3"}
    assert [path.name for path in (first.folder / LOGIN).parent.iterdir()] == [LOGIN.name]


@pytest.mark.parametrize("order", sorted(set(itertools.permutations((0, 1, 1, 0)))))
def test_of_two_that_renewed_at_once_the_newest_stays_in_whatever_order_they_end(
    two: tuple[PrivateHome, PrivateHome], user: Path, tmp_path: Path, order: tuple[int, ...]
) -> None:
    for home, text in zip(two, ("token 2", "token 3"), strict=True):
        (home.folder / LOGIN).write_text(text)
    for number in order:
        return_credentials(two[number])
    assert (user / LOGIN).read_text() == "token 3"
    everywhere = [user / LOGIN, *(home.folder / LOGIN for home in two), *(tmp_path / "kept").iterdir()]
    assert {"token 2", "token 3"} <= {path.read_text() for path in everywhere}


def test_another_login_of_the_users_is_not_brought_in(two: tuple[PrivateHome, PrivateHome], user: Path) -> None:
    (user / LOGIN).write_text("another account")
    return_credentials(two[0])
    assert (two[0].folder / LOGIN).read_text() == "token 1"


def test_a_login_that_the_user_removed_is_not_put_back_and_not_lost(
    two: tuple[PrivateHome, PrivateHome], user: Path, tmp_path: Path
) -> None:
    (two[0].folder / LOGIN).write_text("token 2")
    (user / LOGIN).unlink()
    assert return_credentials(two[0]) == []
    assert not (user / LOGIN).exists()
    assert [path.read_text() for path in (tmp_path / "kept").iterdir()] == ["token 2"]
