from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.coordinator.target_facts import measure, prepare
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.identity import AgentName
from orchestrator.models.options import FoundAgent

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]


def repository(path: Path) -> Path:
    path.mkdir()
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*GIT, *command], cwd=path, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})
    return path


def test_a_clean_repository_is_told_from_a_dirty_one(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    clean = measure(target, tmp_path / "workspace", found=(), environ={})
    (target / "a").write_text("a")
    subprocess.run(["git", "add", "a"], cwd=target, check=True)
    dirty = measure(target, tmp_path / "workspace", found=(), environ={})
    assert (clean.target_is_git_repository, clean.target_dirty) == (True, False)
    assert (dirty.target_is_git_repository, dirty.target_dirty) == (True, True)


def test_looking_at_a_repository_runs_nothing_of_it(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(trap)], cwd=target, check=True)
    measure(target, tmp_path / "workspace", found=(), environ={})
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
    assert prepare(target, tmp_path / "workspace", found=(), environ={})
    assert prepare(target, tmp_path / "workspace", found=(), environ={}, is_copy=True) == ()


def test_a_target_in_the_workspace_is_none_and_a_rehearsals_copy_lies_there(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    with pytest.raises(EnvironmentUnfit, match="lies in the workspace"):
        prepare(tmp_path / "inside", tmp_path, found=(), environ={})
    assert prepare(tmp_path / "inside", tmp_path, found=(), environ={}, is_copy=True) == ()


def test_a_bare_repository_is_no_target(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "bare"], check=True)
    with pytest.raises(EnvironmentUnfit, match="is a bare git repository"):
        prepare(tmp_path / "bare", tmp_path / "workspace", found=(), environ={})


def test_the_whole_file_system_and_the_kernels_own_are_no_targets(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match="is the whole file system"):
        prepare(Path("/"), tmp_path, found=(), environ={})
    with pytest.raises(EnvironmentUnfit, match="the kernel's own"):
        prepare(Path("/proc/self/task"), tmp_path, found=(), environ={})


def test_a_home_needs_to_be_meant(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    with pytest.raises(EnvironmentUnfit, match="your home") as caught:
        prepare(home, tmp_path / "workspace", found=(), environ={"HOME": str(home)})
    assert "--yes-whole-home" in (caught.value.hint or "")
    said = prepare(home, tmp_path / "workspace", found=(), environ={"HOME": str(home)}, whole_home=True)
    assert any("WHOLE HOME" in line for line in said)
