"""What the policy lists of the user's settings stands in the worker's home, and nothing else does."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import AgentName
from orchestrator.sandbox.carried_settings import (
    carry_settings,
    copy_from_home,
    copy_of_file,
    settings_there,
    words_about_losses,
    words_about_settings,
)

CLAUDE, CODEX, GEMINI = (get_agent(AgentName(name)) for name in ("claude", "codex", "gemini"))


@pytest.fixture
def user(tmp_path: Path) -> Path:
    files = {
        ".claude.json": '{"mcpServers": {"files": {"command": "mcp-files"}}, "oauthAccount": {"secret": "x"}}',
        ".claude/CLAUDE.md": "Always answer in English.\n",
        ".claude/settings.json": '{"hooks": {"Stop": []}, "env": {"A": "b"}}',
        ".claude/skills/review/SKILL.md": "how to review\n",
        ".codex/config.toml": 'model = "gpt"\n[mcp_servers.files]\ncommand = "mcp-files"\nenv = {A = "b"}\n',
        ".codex/skills/.system/built-in.md": "its own\n",
        ".gemini/settings.json": '{"mcpServers": {"files": {"command": "x"}}, "general": {"maxAttempts": 9}}',
    }
    for name, text in files.items():
        path = tmp_path / "user" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "user"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_what_stays_behind_is_said_with_its_places(user: Path) -> None:
    words = words_about_settings(CLAUDE, user, ())
    assert words is not None
    for part in (
        "MCP servers (~/.claude.json)",
        "instructions (~/.claude/CLAUDE.md)",
        "hooks (~/.claude/settings.json)",
    ):
        assert part in words
    assert 'bring = ["mcp", "instructions", "skills"]' in words
    less = words_about_settings(CLAUDE, user, ("mcp", "instructions", "skills"))
    assert less is not None
    assert "MCP" not in less
    assert "bring" not in less


def test_who_has_set_nothing_up_is_told_nothing(home: Path, user: Path) -> None:
    assert words_about_settings(CLAUDE, home, ()) is None
    assert not any(setting.kind == "skills" for setting in settings_there(CODEX, user))


def test_what_cannot_be_brought_is_said(user: Path) -> None:
    assert words_about_losses(CLAUDE, user, ("mcp", "instructions")) is None
    (user / ".claude.json").write_text('{"mcpServers": {', encoding="utf-8")
    with (user / ".claude" / "CLAUDE.md").open("wb") as file:
        file.truncate(5 * 1024**2)
    words = words_about_losses(CLAUDE, user, ("mcp", "instructions"))
    assert words is not None
    assert "~/.claude.json cannot be read" in words
    assert "~/.claude/CLAUDE.md" in words
    assert words_about_losses(CLAUDE, user, ()) is None


def test_only_the_listed_kinds_are_brought(user: Path, home: Path) -> None:
    assert carry_settings(CLAUDE, ("instructions",), user_home=user, home=home) == ()
    assert (home / ".claude/CLAUDE.md").read_text() == "Always answer in English.\n"
    assert sorted(path.name for path in home.rglob("*") if path.is_file()) == ["CLAUDE.md"]


def test_servers_alone_are_taken_out_of_a_file_that_holds_more(user: Path, home: Path) -> None:
    carry_settings(CLAUDE, ("mcp",), user_home=user, home=home)
    brought = json.loads((home / ".orchestrate/mcp.json").read_text())
    assert brought == {"mcpServers": {"files": {"command": "mcp-files"}}}
    assert not (home / ".claude.json").exists()


def test_a_file_that_the_command_line_names_is_there_in_any_case(home: Path, tmp_path: Path) -> None:
    carry_settings(CLAUDE, ("mcp",), user_home=tmp_path, home=home)
    assert json.loads((home / ".orchestrate/mcp.json").read_text()) == {"mcpServers": {}}


def test_what_the_adapter_placed_wins_and_the_rest_of_the_users_file_stays(user: Path, home: Path) -> None:
    (home / ".gemini").mkdir()
    placed = {"general": {"maxAttempts": 4}, "mcpServers": {"files": {"url": "u"}}}
    (home / ".gemini/settings.json").write_text(json.dumps(placed))
    carry_settings(GEMINI, ("mcp",), user_home=user, home=home)
    assert json.loads((home / ".gemini/settings.json").read_text()) == placed
    (home / ".codex").mkdir()
    (home / ".codex/config.toml").write_text("[features]\nplugins = false\n")
    carry_settings(CODEX, ("mcp", "providers"), user_home=user, home=home)
    assert tomllib.loads((home / ".codex/config.toml").read_text()) == {
        "features": {"plugins": False},
        "mcp_servers": {"files": {"command": "mcp-files", "env": {"A": "b"}}},
    }


def test_a_file_that_is_no_settings_is_said(user: Path, home: Path) -> None:
    (user / ".claude.json").write_text("// a comment\n{}")
    (problem,) = carry_settings(CLAUDE, ("mcp",), user_home=user, home=home)
    assert problem.startswith("~/.claude.json cannot be read")
    assert json.loads((home / ".orchestrate/mcp.json").read_text()) == {"mcpServers": {}}


def test_links_are_followed_and_their_loops_end(user: Path, home: Path) -> None:
    dotfiles = user / "dotfiles" / "deploy"
    dotfiles.mkdir(parents=True)
    (dotfiles / "SKILL.md").write_text("how to deploy\n")
    (dotfiles / "run.sh").write_text("#!/bin/sh\n")
    (dotfiles / "run.sh").chmod(0o755)
    (user / ".claude/skills/deploy").symlink_to(dotfiles)
    (user / ".claude/skills/loop").symlink_to(user / ".claude/skills")
    os.mkfifo(user / ".claude/skills/pipe")
    problems = carry_settings(CLAUDE, ("skills",), user_home=user, home=home)
    assert (home / ".claude/skills/deploy/SKILL.md").read_text() == "how to deploy\n"
    assert (home / ".claude/skills/deploy/run.sh").stat().st_mode & 0o100
    assert not (home / ".claude/skills/pipe").exists()
    assert problems
    assert all("brought along" in problem for problem in problems)


def test_a_cloud_s_files_are_copied_and_a_variable_names_its_copy(user: Path, home: Path, tmp_path: Path) -> None:
    (user / ".aws/sso/cache").mkdir(parents=True)
    (user / ".aws/credentials").write_text("[default]\naws_secret_access_key = abc\n")
    (user / ".aws/sso/cache/token.json").write_text("{}")
    assert copy_from_home(user, home, [PurePosixPath(".aws/credentials"), PurePosixPath(".aws/sso/cache")]) == ()
    assert (home / ".aws/sso/cache/token.json").exists()
    (tmp_path / "key.json").write_text('{"private_key": "x"}')
    copy = copy_of_file(str(tmp_path / "key.json"), "GOOGLE_APPLICATION_CREDENTIALS", home)
    assert copy is not None
    assert copy.is_relative_to(home)
    assert copy.read_text() == '{"private_key": "x"}'
    assert copy.stat().st_mode & 0o077 == 0
    assert copy_of_file("relative", "X", home) is None
    assert copy_of_file(str(tmp_path / "missing"), "X", home) is None
