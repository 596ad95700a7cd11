from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.coordinator.guard_desk import MOST_BYTES, GuardDesk
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import AnswerGuard
from orchestrator.models.entries import GuardAsked, Input
from orchestrator.models.identity import WorkerId

WORKER = WorkerId("claude")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.taken: list[Input] = []
        self.desk = GuardDesk(SessionFolder(folder), self.taken.append)
        self.requests = self.desk.open(WORKER)

    def drop(self, text: str, name: str = "one.ask") -> list[Input]:
        (self.requests / name).write_text(text)
        self.desk.hear(frozenset({self.requests / name}))
        return self.taken


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "20261121-175811-7f3a")


def test_a_request_is_taken_once(desk: Desk) -> None:
    desk.drop("executable\0/t\0git\0push\0end\0")
    desk.desk.hear(None)
    assert desk.taken == [GuardAsked(WORKER, "one", "executable", ("git", "push"), "/t")]


def test_a_hooks_request_is_the_command_it_was_told(desk: Desk) -> None:
    told = json.dumps({"tool_name": "Bash", "tool_input": {"command": "git push"}})
    assert desk.drop(f"hook\0/t\0{told}\0end\0") == [GuardAsked(WORKER, "one", "hook", ("git push",), "/t")]


@pytest.mark.parametrize("told", ["", "no json", "[]", '{"tool_input": 3}', '{"tool_input": {"command": 3}}'])
def test_a_hook_that_was_told_no_command_asks_about_nothing(desk: Desk, told: str) -> None:
    assert desk.drop(f"hook\0/t\0{told}\0end\0") == [GuardAsked(WORKER, "one", "hook", ("",), "/t")]


@pytest.mark.parametrize(
    "text", ["", "executable\0/t\0git\0push\0", "executable\0/t\0git\0pu", "other\0/t\0x\0end\0", "end\0", "x" * 1000]
)
def test_what_is_not_whole_is_not_taken(desk: Desk, text: str) -> None:
    assert desk.drop(text) == []


def test_what_becomes_whole_is_taken_then(desk: Desk) -> None:
    desk.drop("executable\0/t\0git")
    assert len(desk.drop("executable\0/t\0git\0push\0end\0")) == 1


def test_a_huge_request_is_never_read(desk: Desk) -> None:
    assert desk.drop("executable\0/t\0" + "x" * MOST_BYTES + "\0end\0") == []


def test_a_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("executable\0/t\0git\0push\0end\0")
    (desk.requests / "link.ask").symlink_to(secret)
    desk.desk.hear(None)
    assert desk.taken == []


def test_a_folder_that_was_replaced_by_a_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    desk.requests.rmdir()
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.ask").write_text("executable\0/t\0git\0push\0end\0")
    desk.requests.symlink_to(other)
    desk.desk.hear(None)
    assert desk.taken == []


@pytest.mark.parametrize(("run", "first"), [(True, "run"), (False, "refuse")])
def test_the_answer_lies_where_the_guard_looks(desk: Desk, run: bool, first: str) -> None:
    desk.desk.answer(AnswerGuard(WORKER, "one", run, "on\ntwo lines"))
    answer = desk.desk.folder.path / "guard" / WORKER / "one"
    assert answer.read_text() == f"{first}\non two lines\n"


def test_another_coordinator_takes_only_what_was_not_answered(desk: Desk) -> None:
    desk.drop("executable\0/t\0git\0push\0end\0", "a.ask")
    desk.drop("executable\0/t\0git\0push\0end\0", "b.ask")
    desk.desk.answer(AnswerGuard(WORKER, "a", True, "yes"))
    again = Desk(desk.desk.folder.path)
    again.desk.hear(None)
    assert [asked.request for asked in again.taken if isinstance(asked, GuardAsked)] == ["b"]
