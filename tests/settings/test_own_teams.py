from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.settings.own_teams import Overtaken, draft, open_team, save_team
from orchestrator.settings.team_library import load_teams, user_folder


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def plan(agent: str) -> dict[str, object]:
    return {"plan": {"id": agent, "instructions": "Look."}}


def test_what_is_saved_is_found_by_its_name_and_opened_again() -> None:
    digest = save_team(draft("mine", plan("a")), seen=None)
    assert list(load_teams()) == ["mine"]
    opened = open_team(user_folder(), "mine")
    assert (opened.digest, opened.file.data, opened.comments) == (digest, plan("a"), 0)
    with pytest.raises(InvalidFile, match=r"there is no team file '../mine'"):
        open_team(user_folder(), "../mine")


def test_of_many_who_save_at_once_one_succeeds() -> None:
    seen = save_team(draft("mine", plan("a")), seen=None)
    begin, saved, refused = threading.Barrier(8), [], []

    def save(number: int) -> None:
        begin.wait()
        try:
            saved.append(save_team(draft("mine", plan(f"a{number}")), seen=seen))
        except Overtaken as error:
            refused.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(saved), len(refused)) == (1, 7)
    assert open_team(user_folder(), "mine").digest == saved[0]


def test_a_draft_has_a_teams_name() -> None:
    with pytest.raises(UsageError, match="cannot be a team's name"):
        draft("../mine", plan("a"))
