from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.journal.control import drop_command, read_commands
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.identity import WorkerId

DROP_MANY = """
import sys; from pathlib import Path
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import Command, UserCommand
for n in range(25):
    print(drop_command(SessionFolder(Path(sys.argv[1])), UserCommand(Command.REVIEW, sys.argv[2], text=str(n))))
"""
STOP = UserCommand(Command.STOP, "orchestrate stop")
ANSWER = UserCommand(Command.ANSWER, "terminal", WorkerId("claude"), 'Yes,\nreject "empty" names', "q1")


def test_commands_come_out_as_they_went_in_numbered_from_one(folder: SessionFolder) -> None:
    assert read_commands(folder, 0) == []
    assert [drop_command(folder, STOP), drop_command(folder, ANSWER)] == [1, 2]
    assert [(found.n, found.command) for found in read_commands(folder, 0)] == [(1, STOP), (2, ANSWER)]
    assert [found.n for found in read_commands(folder, 1)] == [2]


def test_a_command_is_a_private_file_of_its_number_and_nothing_else_stays(folder: SessionFolder) -> None:
    drop_command(folder, STOP)
    assert [path.name for path in folder.commands_dir.iterdir()] == ["0001.json"]
    assert (folder.commands_dir / "0001.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"command":"fly","by":"terminal"}', "\0"])
def test_a_file_that_is_no_command_is_told_and_stops_nobody(folder: SessionFolder, text: str) -> None:
    (folder.commands_dir / "0001.json").write_text(text)
    drop_command(folder, STOP)
    bad, good = read_commands(folder, 0)
    assert bad.command is None
    assert "0001.json is no command" in (bad.problem or "")
    assert (good.n, good.command) == (2, STOP)


def test_files_of_other_names_are_not_commands(folder: SessionFolder) -> None:
    for name in (".0001.json", "1.json", "0001.json.tmp", "README"):
        (folder.commands_dir / name).write_text("{}")
    assert read_commands(folder, 0) == []
    assert drop_command(folder, STOP) == 1


def test_numbers_go_on_past_four_digits_in_order(folder: SessionFolder) -> None:
    for n in (9999, 10000):
        (folder.commands_dir / f"{n}.json").write_text('{"command":"stop","by":"t"}')
    assert drop_command(folder, STOP) == 10001
    assert [found.n for found in read_commands(folder, 9998)] == [9999, 10000, 10001]


def test_a_session_whose_folder_has_gone_is_the_users_to_mend(folder: SessionFolder) -> None:
    blocked = SessionFolder(folder.session_file / "nested")
    folder.session_file.write_text("{}")
    with pytest.raises(EnvironmentUnfit, match="cannot leave a command"):
        drop_command(blocked, STOP)


@pytest.mark.slow
def test_several_processes_at_once_never_take_the_same_number(
    folder: SessionFolder, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    processes = [start_python(DROP_MANY, folder.path, f"process {n}") for n in range(4)]
    numbers = [int(line) for process in processes for line in process.communicate(timeout=30)[0].splitlines()]
    assert sorted(numbers) == list(range(1, 101))
    found = read_commands(folder, 0)
    assert len({(each.command.by, each.command.text) for each in found if each.command}) == 100
