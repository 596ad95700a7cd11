"""What was planted is moved away, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from orchestrator.shim.forbidden_paths import SUFFIX, planted, take_back


def test_what_was_planted_is_moved_to_our_own_folder(tmp_path: Path) -> None:
    (tmp_path / "target" / ".vscode").mkdir(parents=True)
    path = tmp_path / "target" / ".vscode" / "tasks.json"
    path.write_text("planted")
    notes = take_back([(str(tmp_path / "target"), ".vscode/tasks.json")], str(tmp_path / "w1.1.taken"))
    assert not path.exists()
    assert (tmp_path / "w1.1.taken.0.tasks.json").read_text() == "planted"
    assert len(notes) == 1
    assert str(path) in notes[0]


def test_nothing_is_said_where_nothing_stands(tmp_path: Path) -> None:
    assert take_back([(str(tmp_path), "a/b"), (str(tmp_path), "c")], str(tmp_path / "taken")) == []


def test_a_link_on_the_way_is_what_is_taken_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "tasks.json").write_text("the user's own")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / ".vscode").symlink_to(tmp_path / "theirs")
    assert planted(str(tmp_path / "target"), ".vscode/tasks.json") == str(tmp_path / "target" / ".vscode")
    take_back([(str(tmp_path / "target"), ".vscode/tasks.json")], str(tmp_path / "taken"))
    assert not (tmp_path / "target" / ".vscode").is_symlink()
    assert (tmp_path / "theirs" / "tasks.json").read_text() == "the user's own"


def test_where_it_cannot_be_moved_there_it_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("planted")
    take_back([(str(tmp_path), ".bashrc")], str(tmp_path / "no such folder" / "taken"))
    assert not (tmp_path / ".bashrc").exists()
    assert (tmp_path / f".bashrc{SUFFIX}").exists()
