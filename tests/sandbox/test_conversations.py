from __future__ import annotations

from pathlib import Path, PurePosixPath

from orchestrator.sandbox.conversations import keep_conversations


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_conversations_stay_and_everything_else_goes(tmp_path: Path) -> None:
    homes = tmp_path / "homes"
    said = put(homes / "claude" / ".claude" / "projects" / "p" / "c-1.jsonl")
    put(homes / "claude" / ".claude" / ".credentials.json")
    put(homes / "claude" / ".claude.json")
    put(homes / "codex" / ".codex" / "auth.json")
    put(homes / "review-001-codex" / ".codex" / "sessions" / "r.jsonl")
    keep_conversations(
        homes,
        {"claude": (PurePosixPath(".claude/projects"),), "codex": (PurePosixPath(".codex/sessions"),)},
    )
    assert [path for path in homes.rglob("*") if path.is_file()] == [said]
    assert [path.name for path in homes.iterdir()] == ["claude"]


def test_a_link_in_place_of_a_folder_leads_nowhere(tmp_path: Path) -> None:
    homes, outside = tmp_path / "homes", put(tmp_path / "outside" / "projects" / "own.txt")
    (homes / "claude").mkdir(parents=True)
    (homes / "claude" / ".claude").symlink_to(outside.parent.parent)
    keep_conversations(homes, {"claude": (PurePosixPath(".claude/projects"),)})
    assert outside.exists()
    assert not homes.exists()


def test_homes_that_are_not_there_are_no_trouble(tmp_path: Path) -> None:
    keep_conversations(tmp_path / "homes", {"claude": (PurePosixPath(".claude"),)})
    assert not (tmp_path / "homes").exists()
