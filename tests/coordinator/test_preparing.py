from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.preparing import measure, prepare
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent

if TYPE_CHECKING:
    from pathlib import Path

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]


def repository(path: Path) -> Path:
    path.mkdir()
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*GIT, *command], cwd=path, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})
    return path


def test_a_clean_repository_is_told_from_a_dirty_one(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    clean = measure(target, tmp_path, found=(), environ={})
    (target / "a").write_text("a")
    subprocess.run(["git", "add", "a"], cwd=target, check=True)
    dirty = measure(target, tmp_path, found=(), environ={})
    assert (clean.target_is_git_repository, clean.target_dirty) == (True, False)
    assert (dirty.target_is_git_repository, dirty.target_dirty) == (True, True)


def test_looking_at_a_repository_runs_nothing_of_it(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(trap)], cwd=target, check=True)
    measure(target, tmp_path, found=(), environ={})
    assert not (tmp_path / "sprung").exists()


def test_a_workspace_that_is_not_there_yet_is_judged_by_the_folder_above(tmp_path: Path) -> None:
    facts = measure(tmp_path, tmp_path / "a" / "b", found=(), environ={})
    assert facts.workspace_writable
    assert facts.workspace_free_bytes


def test_a_missing_target_forbids_the_launch_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match="does not exist") as caught:
        prepare(tmp_path / "nowhere", tmp_path, found=(), environ={})
    assert caught.value.hint


def test_only_agents_that_take_part_are_judged(tmp_path: Path) -> None:
    newer = FoundAgent(AgentName("claude"), usable=True, version="99.0.1", executable="/usr/bin/claude")
    found = (newer, replace(newer, name=AgentName("codex"), usable=False), replace(newer, stand_in=True))
    (judged,) = measure(tmp_path, tmp_path, found=found, environ={}).clis
    assert judged.agent == "claude"
    assert any("99.0.1" in drift for drift in judged.drifts)


def test_the_repository_a_copy_happens_to_lie_in_says_nothing(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    (target / "a").write_text("a")
    subprocess.run(["git", "add", "a"], cwd=target, check=True)
    assert prepare(target, tmp_path, found=(), environ={})
    assert prepare(target, tmp_path, found=(), environ={}, is_copy=True) == ()
