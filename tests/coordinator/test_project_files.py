from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import project_files
from orchestrator.coordinator.project_files import ProjectFiles

if TYPE_CHECKING:
    from pathlib import Path


def test_regular_files_are_listed_and_everything_odd_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text("x")
    (tmp_path / "tests/test_gone.py").symlink_to("nowhere")
    (tmp_path / "tests/test_folder.py").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "test_new.py")
    (tmp_path / "test_\n.py").write_text("")
    (tmp_path / "node_modules/x").mkdir(parents=True)
    (tmp_path / "node_modules/x/package.json").write_text("{}")
    found = ProjectFiles(tmp_path)
    assert found.names == ["tests/test_a.py"]
    assert found.whole
    assert found.read("tests/test_a.py", 10) == b"x"
    assert found.read("tests/test_a.py", 0) is None
    assert found.read("test_new.py", 10) is None
    assert found.exists("node_modules/x")
    assert found.exists("loop")
    assert not found.exists("tests/nothing")


def test_a_bound_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (tmp_path / f"{number}").write_text("")
    monkeypatch.setattr(project_files, "MOST_ENTRIES", 5)
    found = ProjectFiles(tmp_path)
    assert not found.whole
    assert len(found.names) <= 5


def test_a_target_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert ProjectFiles(tmp_path / "gone").names == []
