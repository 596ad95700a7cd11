"""A12: wherever the repository of a target lies, agents can use it, and what they did in it arrives."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.conftest import Program

COMMIT = (
    "echo new >made.txt; git add made.txt; git -c user.name=a -c user.email=a@a commit -qm made; "
    "git log --oneline >log.txt 2>&1; git branch other"
)


def assert_arrived(program: Program, target: Path) -> None:
    assert program.git(target, "log", "-1", "--format=%s") == "made\n"
    assert program.git(target, "rev-parse", "other") == program.git(target, "rev-parse", "HEAD")
    assert "made" in program.git(target, "reflog", "-1")
    assert program.git(target, "status", "--porcelain", ".").split("/")[-1].split()[-1] == "log.txt"
    assert program.git(target, "fsck", "--strict") == ""


@pytest.mark.fault("A12")
def test_in_a_linked_work_tree(program: Program) -> None:
    main = program.target("main", files={"a.txt": "1\n"})
    target = program.root / "linked"
    program.git(main, "worktree", "add", "-q", "-b", "side", str(target))
    program.claude(COMMIT)
    program.run(target)
    assert_arrived(program, target)
    assert program.git(main, "status", "--porcelain") == ""


@pytest.mark.fault("A12")
def test_with_a_git_folder_elsewhere(program: Program) -> None:
    target = program.root / "target"
    target.mkdir()
    program.git(target, "init", "-q", "-b", "main", "--separate-git-dir", str(program.root / "elsewhere"))
    program.commit(target)
    program.claude(COMMIT)
    program.run(target)
    assert_arrived(program, target)


@pytest.mark.fault("A12")
def test_in_a_submodule(program: Program) -> None:
    part, whole = program.target("part", files={"a.txt": "1\n"}), program.target("whole")
    program.git(whole, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part), "part")
    program.commit(whole)
    program.claude(COMMIT)
    program.run(whole / "part")
    assert_arrived(program, whole / "part")


@pytest.mark.fault("A12")
def test_in_a_folder_below_the_repository(program: Program) -> None:
    whole = program.target("whole", files={"sub/a.txt": "1\n", "top.txt": "1\n"})
    program.claude(COMMIT)
    program.run(whole / "sub")
    assert_arrived(program, whole / "sub")
    assert program.git(whole, "ls-files") == "sub/a.txt\nsub/made.txt\ntop.txt\n"
    assert program.git(whole, "ls-files", "-v") == "H sub/a.txt\nH sub/made.txt\nH top.txt\n"


WORK = """
git() { command git -c user.name=a -c user.email=a@a "$@"; }
git switch -qc feature; echo f >f.txt; git add f.txt; git commit -qm feature
git switch -q main; echo m >m.txt; git add m.txt; git commit -qm main
git merge -q --no-edit feature; git tag v1; git tag -a v2 -m annotated
echo stashed >a.txt; git stash -q; echo again >a.txt; git stash -q
git switch -qc last; echo staged >s.txt; git add s.txt
git branch -q -D doomed
"""


def test_branches_merges_stashes_tags_and_what_is_staged_arrive(program: Program) -> None:
    target = program.target(files={"a.txt": "1\n"})
    program.git(target, "branch", "doomed")
    doomed = program.git(target, "rev-parse", "doomed").strip()
    program.claude(WORK)
    program.run(target)
    assert program.git(target, "branch", "--format=%(refname:short)").split() == ["feature", "last", "main"]
    assert program.git(target, "tag").split() == ["v1", "v2"]
    assert program.git(target, "branch", "--show-current") == "last\n"
    assert program.git(target, "status", "--porcelain") == "A  s.txt\n"
    assert len(program.git(target, "stash", "list").splitlines()) == 2
    assert program.git(target, "show", "stash@{0}:a.txt", "stash@{1}:a.txt") == "again\nstashed\n"
    assert program.git(target, "rev-list", "--merges", "--count", "main") == "1\n"
    assert "merge feature" in program.git(target, "reflog")
    assert doomed in program.git(target, "for-each-ref", "--format=%(objectname)", "refs/orchestrate")
    assert program.git(target, "fsck", "--strict", "--no-dangling") == ""


def test_a_merge_that_waits_for_its_resolution_arrives(program: Program) -> None:
    target = program.target(files={"a.txt": "1\n"})
    program.claude(
        'git() { command git -c user.name=a -c user.email=a@a "$@"; }\n'
        "git switch -qc other; echo o >a.txt; git commit -qam o; git switch -q main; echo m >a.txt; git commit -qam m\n"
        "git merge -q other || true"
    )
    program.run(target)
    assert program.git(target, "status", "--porcelain") == "UU a.txt\n"
    assert program.git(target, "rev-parse", "MERGE_HEAD") == program.git(target, "rev-parse", "other")


def test_what_the_user_commits_meanwhile_stays_and_so_does_what_the_agent_committed(program: Program) -> None:
    target = program.target(files={"a.txt": "1\n"})
    ready, go = target / "ready", target / "go"
    program.claude(f"{COMMIT}; touch {ready}; while ! test -e {go}; do sleep 0.05; done")
    process = program.start(
        *("run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    )
    wait_for(ready)
    (target / "mine.txt").write_text("mine\n")
    program.git(target, "add", "mine.txt")
    program.git(target, "-c", "user.name=u", "-c", "user.email=u@u", "commit", "-qm", "mine", "mine.txt")
    go.touch()
    _, said = process.communicate(timeout=90)
    assert program.git(target, "log", "--format=%s", "main").splitlines() == ["mine", "x"]
    kept = program.git(target, "for-each-ref", "--format=%(refname)", "refs/orchestrate").split()
    assert [program.git(target, "log", "-1", "--format=%s", name) for name in kept if "/heads/main" in name] == [
        "made\n"
    ]
    assert "refs/heads/main was not carried over" in said
    assert program.git(target, "fsck", "--strict", "--no-dangling") == ""


def wait_for(path: Path, *, within_s: float = 60) -> None:
    """Wait until an agent of the test's own has made a file.

    Raises:
        TimeoutError: It did not.
    """
    deadline = time.monotonic() + within_s
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.02)
