from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.atomic_replace import write_atomically


def test_the_text_stands_in_a_private_file_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    write_atomically(path, "old")
    write_atomically(path, "nëw")
    assert path.read_text(encoding="utf-8") == "nëw"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


def test_a_reader_that_has_the_old_file_open_keeps_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    write_atomically(path, "old")
    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old"


def test_a_missing_folder_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match=r"cannot write .*session.json"):
        write_atomically(tmp_path / "missing" / "session.json", "text")


def test_what_cannot_be_replaced_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "session.json" / "child").mkdir(parents=True)
    with pytest.raises(EnvironmentUnfit):
        write_atomically(tmp_path / "session.json", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]
