"""Whole sessions of a made-up agent on a real target, undone: the target is what it was, byte for byte."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.faults.conftest import Program, program
from tests.faults.test_changes import WAITS, begun

__all__ = ["program"]
pytestmark = pytest.mark.slow

FILES = {
    "a.py": "x = 1\n",
    "b.py": "y = 1\n",
    "deep/er/c.txt": "c\n",
    "deep/d.txt": "d\n",
    "run.sh": "#!/bin/sh\n",
    "crlf.txt": "one\r\ntwo\r\n",
    ".gitattributes": "*.txt text eol=lf\n*.py filter=upper\n",
    ".gitignore": "ignored/\n",
}


def photograph(top: Path, *, times: bool = True) -> dict[str, tuple[object, ...]]:
    """Everything that lies in a folder, its ``.git`` left out."""
    found: dict[str, tuple[object, ...]] = {}
    for place, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != ".git"]
        for name in [*folders, *names]:
            path = Path(place, name)
            seen = path.lstat()
            content: object = None
            if stat.S_ISLNK(seen.st_mode):
                content = str(path.readlink())
            elif stat.S_ISREG(seen.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            time = seen.st_mtime_ns if times and not stat.S_ISDIR(seen.st_mode) else None
            found[str(path.relative_to(top))] = (oct(seen.st_mode), content, time)
    return found


def photograph_of_git(top: Path) -> dict[str, str]:
    """Everything in ``.git`` but its objects."""
    found = {}
    for path in sorted((top / ".git").rglob("*")):
        name = str(path.relative_to(top / ".git"))
        if not name.startswith("objects"):
            found[name] = "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture
def target(program: Program) -> Path:
    """A repository with work that is in no commit, odd names and odd entries."""
    target = program.target(files=FILES)
    (target / "run.sh").chmod(0o750)
    (target / "b.py").chmod(0o604)
    (target / "empty" / "inner").mkdir(parents=True)
    (target / "link").symlink_to("deep/er")
    (
        target / "odd\nname \x1b[2J\udcff".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    ).write_text("odd")
    (target / "blob.bin").write_bytes(bytes(range(256)) * 40)
    program.git(target, "add", "blob.bin")
    program.commit(target, "more")
    program.git(target, "stash", "list")
    (target / "a.py").write_text("x = 1  # my own work, in no commit\n")
    (target / "untracked.py").write_text("mine\n")
    (target / "ignored").mkdir()
    (target / "ignored" / "big.o").write_text("built")
    return target


CHANGES = """
cd "$PWD"
echo changed >> b.py; chmod 600 run.sh
rm -r deep; mkdir -p new/folder; echo n > new/folder/n.py; mkdir -p new/empty
mv blob.bin renamed.bin
rm link; ln -s a.py link
rmdir empty/inner empty
printf 'x\\ny\\n' > crlf.txt
rm odd*
echo lost > a.py
rm untracked.py
printf 'b%.0s' 1 2 3 > "with \\"quotes\\""
"""


def test_undo_gives_the_work_tree_back_byte_for_byte(program: Program, target: Path) -> None:
    before = photograph(target)
    program.claude(CHANGES)
    program.run(target)
    assert photograph(target) != before
    undone = program.orchestrate("undo", program.session().name)
    assert undone.code == 0, undone.text
    assert photograph(target) == before
    again = program.orchestrate("undo", program.session().name)
    assert (again.code, "everything is as it was" in again.out) == (0, True)


def test_a_dry_run_touches_nothing(program: Program, target: Path) -> None:
    program.claude(CHANGES)
    program.run(target)
    after = photograph(target)
    said = program.orchestrate("undo", program.session().name, "--dry-run")
    assert said.code == 0
    assert "b.py" in said.out
    assert photograph(target) == after


def test_what_somebody_has_touched_since_is_left_alone_and_said(program: Program, target: Path) -> None:
    program.claude("echo 1 > one.py; echo 2 > two.py; echo 3 >> b.py; rm crlf.txt")
    program.run(target)
    (target / "one.py").write_text("now it is mine\n")
    (target / "crlf.txt").write_text("made again by me\n")
    asked = program.orchestrate("undo", program.session().name)
    assert asked.code == 3
    assert "LEFT ALONE" in asked.out
    assert (target / "two.py").exists(), "nothing is done before somebody has agreed"
    done = program.orchestrate("undo", program.session().name, "--yes", "--json")
    assert done.code == 0
    assert [row["path"] for row in done.json()["left_alone"]] == ["crlf.txt", "one.py"]
    assert not (target / "two.py").exists()
    assert (target / "b.py").read_text() == "y = 1\n"
    assert (target / "one.py").read_text() == "now it is mine\n"
    assert (target / "crlf.txt").read_text() == "made again by me\n"


COMMITS = """
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a
git stash -q
git checkout -q -b agents/work
echo 1 > one.py; git add one.py; git commit -qm one
echo 2 >> one.py; git commit -qam two --amend
git branch topic; git tag v1
echo s > b.py; git stash -q
git checkout -q main; echo m >> b.py; git commit -qam three
echo staged > staged.py; git add staged.py
"""


def test_with_commits_head_branches_index_and_stashes_are_as_they_were(program: Program, target: Path) -> None:
    (target / "b.py").write_text("stashed by me\n")
    program.git(target, "-c", "user.name=x", "-c", "user.email=x@x", "stash", "-q")
    (target / "a.py").write_text("x = 2\n")
    program.git(target, "add", "a.py")
    (target / "a.py").write_text("x = 3\n")
    tree, git = photograph(target), photograph_of_git(target)
    program.claude(COMMITS)
    program.run(target)
    commits = {
        name: program.git(target, "rev-parse", name).strip()
        for name in ("main", "agents/work", "topic", "v1", "refs/stash")
    }
    amended = program.git(target, "rev-parse", "agents/work@{1}").strip()
    assert photograph_of_git(target) != git
    undone = program.orchestrate("undo", program.session().name, "--commits")
    assert undone.code == 0, undone.text
    assert photograph(target) == tree
    left = {name: what for name, what in photograph_of_git(target).items() if "refs/orchestrate" not in f"{name}/"}
    assert left == git
    named = program.git(target, "for-each-ref", "--format=%(objectname)", f"refs/orchestrate/{program.session().name}")
    assert {*commits.values(), amended} <= set(named.split())
    assert commits["main"][:10] in undone.out
    assert program.git(target, "fsck", "--no-dangling") == ""
    assert subprocess.run(["git", "status"], cwd=target, env=program.environ, check=False).returncode == 0


def test_a_commit_of_the_user_since_leaves_the_repository_alone(program: Program, target: Path) -> None:
    program.claude(COMMITS)
    program.run(target)
    program.commit(target, "mine")
    head = program.git(target, "rev-parse", "HEAD")
    refused = program.orchestrate("undo", program.session().name, "--commits", "--yes")
    assert refused.code == 1
    assert "refs/heads/main" in refused.out
    assert program.git(target, "rev-parse", "HEAD") == head


def test_work_that_was_in_no_commit_is_said_to_be_lost_and_can_be_had_back(program: Program, target: Path) -> None:
    program.claude("git checkout -q -- a.py; rm untracked.py; echo z > z.py")
    program.run(target)
    report = (program.session() / "report.md").read_text()
    assert f"orchestrate undo {program.session().name} a.py untracked.py" in report
    program.orchestrate("undo", program.session().name, "a.py", "untracked.py")
    assert (target / "a.py").read_text() == "x = 1  # my own work, in no commit\n"
    assert (target / "untracked.py").read_text() == "mine\n"
    assert (target / "z.py").exists()


def test_a_session_that_lost_its_coordinator_is_stopped_and_then_undone(program: Program, target: Path) -> None:
    before = photograph(target)
    program.claude(WAITS)
    os.kill(begun(program, target, "--orphan-grace", "5m"), signal.SIGKILL)
    program.running[-1].communicate()
    session = program.session().name
    refused = program.orchestrate("undo", session)
    assert refused.code == 2
    assert "orchestrate stop" in refused.err
    assert program.orchestrate("stop").code == 0
    assert (target / "half.txt").exists()
    undone = program.orchestrate("undo", session)
    assert undone.code == 0, undone.text
    assert photograph(target) == before
