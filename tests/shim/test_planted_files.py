from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.shim.planted_files import is_obeyed, obeyed_in, settle, watch
from tests.workers.repository import git, new_repository

ROOT = Path(__file__).parent.parent.parent
ROWS = [
    {"pattern": pattern, "program": program, "when": f"you run {program}", "do": do}
    for pattern, program, do in (
        (".envrc", "direnv", "hold"),
        (".husky/**", "husky", "take back"),
        ("Makefile", "make", "warn"),
    )
]
CUT_OFF = """
import os, sys
sys.path.insert(0, sys.argv[1])
left = int(sys.argv[3])
def watch(event, arguments):
    global left
    if event in ("os.rename", "os.symlink", "os.mkdir", "shutil.copyfile"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
from orchestrator.shim.planted_files import settle
sys.addaudithook(watch)
settle(sys.argv[2])
"""


def watched(target: Path, folder: Path) -> str:
    apart = [str(target / ".git")]
    return watch(str(folder), [str(target)], rows=ROWS, apart=apart)[0]


def told(record: Mapping[str, Any], target: Path) -> list[tuple[str, str, str]]:
    return [(each["path"][len(str(target)) + 1 :], each["what"], each["done"]) for each in record["planted"]]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return new_repository(tmp_path / "t")


def test_what_is_new_is_moved_away_or_named(target: Path, tmp_path: Path) -> None:
    plan = watched(target, tmp_path / "w")
    for name in ("a/b/.envrc", ".husky/pre-commit", "a/Makefile", "a/ordinary"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("planted")
    record = settle(plan)
    assert told(record, target) == [
        (".husky/pre-commit", "new", "taken back"),
        ("a/Makefile", "new", "left"),
        ("a/b/.envrc", "new", "taken back"),
    ]
    assert sorted(path.name for path in target.rglob("*") if path.is_file() and ".git" not in path.parts) == [
        *("Makefile", "a.txt", "b.txt", "ordinary"),
    ]
    assert len(list((tmp_path / "w" / "taken").iterdir())) == 2
    assert settle(plan)["planted"] == record["planted"]


def test_what_was_there_is_put_back_as_it_was(target: Path, tmp_path: Path) -> None:
    (target / ".husky").mkdir()
    for name in ("changed", "removed", "mode"):
        (target / ".husky" / name).write_text("mine")
    (target / ".husky" / "link").symlink_to("mode")
    plan = watched(target, tmp_path / "w")
    (target / ".husky" / "changed").write_text("theirs")
    (target / ".husky" / "removed").unlink()
    (target / ".husky" / "mode").chmod(0o755)
    (target / ".husky" / "link").unlink()
    (target / ".husky" / "link").symlink_to("/etc/passwd")
    settle(plan)
    assert [(target / ".husky" / name).read_text() for name in ("changed", "removed", "mode")] == ["mine"] * 3
    assert not os.access(target / ".husky" / "mode", os.X_OK) or os.geteuid() == 0
    assert (target / ".husky" / "mode").stat().st_mode & 0o111 == 0
    assert (target / ".husky" / "link").readlink() == Path("mode")


def test_who_changed_nothing_is_told_of_nothing(target: Path, tmp_path: Path) -> None:
    (target / "Makefile").write_text("all:")
    (target / ".envrc").write_text("x")
    record = settle(watched(target, tmp_path / "w"))
    assert (record["planted"], record["notes"], record["steps"]) == ([], [], [])


def test_files_to_be_held_are_told_before_the_worker_begins(target: Path, tmp_path: Path) -> None:
    (target / "a").mkdir()
    (target / "a" / ".envrc").write_text("x")
    _, held = watch(str(tmp_path / "w"), [str(target)], rows=ROWS)
    assert held == [str(target / "a" / ".envrc")]


@pytest.mark.parametrize("form", ["folder", "bare", "commondir", "pointer", "link", "upper case"])
def test_a_new_repository_can_start_nothing(target: Path, tmp_path: Path, form: str) -> None:
    plan = watched(target, tmp_path / "w")
    flag, inner = tmp_path / "ran", target / "deep" / "inner"
    new_repository(inner)
    git(inner, "config", "core.fsmonitor", f"touch {flag}; false")
    git(inner, "config", "core.pager", f"touch {flag}")
    (inner / ".git" / "hooks" / "post-index-change").write_text(f"#!/bin/sh\ntouch {flag}\n")
    (inner / ".git" / "hooks" / "post-index-change").chmod(0o755)
    match form:
        case "bare":
            (inner / ".git").rename(inner / "bare")
            git(inner / "bare", "config", "core.bare", "false")
            git(inner / "bare", "config", "core.worktree", str(inner))
        case "commondir":
            (inner / ".git" / "evil").mkdir()
            for name in ("objects", "refs", "config"):
                (inner / ".git" / name).rename(inner / ".git" / "evil" / name)
            (inner / ".git" / "commondir").write_text("evil\n")
        case "pointer":
            (inner / ".git").rename(inner / "store")
            (inner / ".git").write_text("gitdir: store\n")
        case "link":
            (inner / ".git").rename(inner / "store")
            (inner / ".git").symlink_to("store")
        case "upper case":
            (inner / ".git").rename(inner / ".GIT")
    record = settle(plan)
    assert any(done == "taken back" for _, _, done in told(record, target))
    for words in (("status",), ("-p", "log"), ("diff",), ("add", "-A"), ("commit", "--allow-empty", "-m", "y")):
        git(inner, *words, check=False)
        git(inner / "bare", *words, check=False) if form == "bare" else None
    assert not flag.exists()
    if form == "folder":
        assert git(inner, "log", "--format=%s") == "y\nx\n"


def test_a_repository_that_was_there_and_that_nothing_stood_around_is_put_back(target: Path, tmp_path: Path) -> None:
    store = target / "fixtures" / "own.git"
    git(target, "init", "-q", "--bare", str(store))
    before = (store / "config").read_bytes()
    plan = watched(target, tmp_path / "w")
    with (store / "config").open("a") as file:
        file.write("[core]\n\tfsmonitor = touch x\n")
    (store / "commondir").write_text("elsewhere\n")
    record = settle(plan)
    assert (store / "config").read_bytes() == before
    assert not (store / "commondir").exists()
    assert told(record, target) == [("fixtures/own.git", "changed", "taken back")]


def test_nothing_is_written_through_a_link_on_the_way(target: Path, tmp_path: Path) -> None:
    (target / ".husky").mkdir()
    (target / ".husky" / "pre-commit").write_text("mine")
    plan = watched(target, tmp_path / "w")
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / ".husky").rename(target / "aside")
    (target / ".husky").symlink_to(outside)
    settle(plan)
    assert list(outside.iterdir()) == []
    assert not (target / ".husky").is_symlink()
    assert (target / ".husky" / "pre-commit").read_text() == "mine"


@pytest.mark.slow
def test_killed_anywhere_it_is_done_by_whoever_comes_next(tmp_path: Path) -> None:
    for count in range(40):
        target = new_repository(tmp_path / str(count) / "t")
        (target / ".husky").mkdir()
        (target / ".husky" / "old").write_text("mine")
        plan = watched(target, tmp_path / str(count) / "w")
        (target / ".husky" / "old").write_text("theirs")
        (target / ".husky" / "new").write_text("theirs")
        (target / "Makefile").write_text("theirs")
        ran = subprocess.run([sys.executable, "-c", CUT_OFF, str(ROOT), plan, str(count)], check=False, timeout=60)
        record = settle(plan)
        assert {name for name, _, _ in told(record, target)} == {".husky/old", ".husky/new", "Makefile"}
        assert [path.name for path in (target / ".husky").iterdir()] == ["old"]
        assert (target / ".husky" / "old").read_text() == "mine"
        if ran.returncode == 0:
            break
    assert 3 < count < 39


def test_what_commits_are_made_of_is_not_obeyed() -> None:
    for path in ("refs/heads/config", "logs/HEAD", "objects/aa/bb", "index", "modules/m/objects/aa/bb", "HEAD"):
        assert not is_obeyed(path)
    for path in (
        *("config", "config.worktree", "commondir", "hooks/x", "info/attributes", "objects/info/alternates"),
        *("modules/objects/config", "modules/m/hooks/refs", "worktrees/w/commondir", "rebase-merge/git-rebase-todo"),
    ):
        assert is_obeyed(path)


def test_links_in_a_repository_count(target: Path) -> None:
    (target / ".git" / "hooks2").symlink_to("/tmp")
    assert "hooks2" in obeyed_in(str(target / ".git"))
