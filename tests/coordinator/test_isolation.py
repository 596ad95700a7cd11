from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.coordinator.isolation import copy_for_session
from orchestrator.errors import EnvironmentUnfit

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> str:
    words = ("git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments)
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "node_modules" / "dep").mkdir(parents=True)
    (project / "node_modules" / "dep" / "index.js").write_text("1")
    (project / ".gitignore").write_text("node_modules/\n")
    (project / "run.sh").write_text("#!/bin/sh\n")
    (project / "run.sh").chmod(0o755)
    (project / "empty").mkdir()
    (project / "link").symlink_to("run.sh")
    os.mkfifo(project / "pipe")
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    return project


def test_the_copy_has_all_and_its_commits_are_its_own(project: Path, tmp_path: Path) -> None:
    (project / "work").mkdir()
    copy = tmp_path / "copy"
    copy_for_session(project, copy, workspace=project / "work")
    assert (copy / "node_modules" / "dep" / "index.js").read_text() == "1"
    assert (copy / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (copy / "link").readlink() == Path("run.sh")
    assert (copy / "empty").is_dir()
    assert not (copy / "pipe").exists()
    assert git(copy, "status", "--porcelain") == git(project, "status", "--porcelain")
    before = git(project, "rev-parse", "HEAD")
    git(copy, "commit", "-qm", "two", "--allow-empty")
    assert git(project, "rev-parse", "HEAD") == before


def test_a_linked_worktree_is_refused_since_its_commits_would_be_the_projects(project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "-q", str(tmp_path / "side"))
    with pytest.raises(EnvironmentUnfit, match="linked worktree"):
        copy_for_session(tmp_path / "side", tmp_path / "copy", workspace=tmp_path / "w")
    assert not (tmp_path / "copy").exists()


def test_a_repository_inside_that_leads_elsewhere_is_cut_off(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), str(project / "inner"))
    git(tmp_path, "clone", "-q", "--shared", str(project), str(project / "borrower"))
    info = project / "borrower" / ".git" / "objects" / "info" / "alternates"
    info.write_text("../../../.git/objects\n")
    notes = copy_for_session(project, tmp_path / "copy", workspace=tmp_path / "w")
    assert [note for note in notes if "inner/.git" in note]
    assert not (tmp_path / "copy" / "inner" / ".git").exists()
    borrowed = (tmp_path / "copy" / "borrower" / ".git" / "objects" / "info" / "alternates").read_text()
    assert borrowed == f"{project}/.git/objects\n"
    assert git(tmp_path / "copy" / "borrower", "log", "--format=%s") == "one"


def test_a_folder_below_a_repository_says_that_its_copy_lies_in_none(project: Path, tmp_path: Path) -> None:
    notes = copy_for_session(project / "node_modules", tmp_path / "copy", workspace=tmp_path / "w")
    assert any("lies in no repository" in note for note in notes)
