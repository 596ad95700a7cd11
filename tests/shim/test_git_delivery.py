from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.shim.git_delivery import Refused, deliver, is_delivered, is_good_state, is_plain
from tests.workers.repository import Layered, commit, git, layered, new_repository

ROOT = Path(__file__).parent.parent.parent
CUT_OFF = """
import os, sys
sys.path.insert(0, sys.argv[1])
left = int(sys.argv[3])
def watch(event, arguments):
    global left
    if event in ("os.rename", "os.link", "subprocess.Popen"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
from orchestrator.shim.git_delivery import deliver
sys.addaudithook(watch)
deliver(sys.argv[2])
"""


def state(target: Path) -> str:
    """Everything that a worker's git can be seen by in the real repository."""
    words = (("for-each-ref",), ("status", "--porcelain"), ("stash", "list"), ("reflog", "--all"), ("ls-files", "-s"))
    parts = [git(target, *each) for each in words]
    return "".join([*parts, (target / ".git" / "HEAD").read_text(), git(target, "fsck", "--no-dangling")])


def work(made: Layered) -> None:
    (made.target / "a.txt").write_text("stashed\n")
    made.git("stash", "-q")
    made.git("switch", "-qc", "feature")
    (made.target / "c.txt").write_text("c\n")
    made.git("add", "c.txt")
    made.git("commit", "-qm", "c")
    (made.target / "d.txt").write_text("d\n")
    made.git("add", "d.txt")
    made.git("branch", "-D", "doomed")


@pytest.fixture
def made(tmp_path: Path) -> Layered:
    target = new_repository(tmp_path / "t")
    git(target, "branch", "doomed")
    return layered(target, tmp_path / "layer")


def test_work_arrives_and_the_layer_goes(made: Layered) -> None:
    work(made)
    notes = deliver(made.plan)
    assert git(made.target, "log", "--format=%s", "feature") == "c\nx\n"
    assert git(made.target, "status", "--porcelain") == "A  d.txt\n"
    assert [note for note in notes if "doomed" not in note] == []
    assert not made.store.exists()
    assert is_delivered(made.plan)
    assert deliver(made.plan) == notes


def test_who_did_nothing_changes_nothing(made: Layered) -> None:
    made.git("status")
    before = {path: path.stat().st_mtime_ns for path in (made.target / ".git").rglob("*") if path.is_file()}
    assert deliver(made.plan) == []
    assert {path: path.stat().st_mtime_ns for path in (made.target / ".git").rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_killed_anywhere_it_is_done_by_whoever_comes_next(tmp_path: Path) -> None:
    ends = set()
    for count in range(60):
        target = new_repository(tmp_path / str(count) / "t")
        git(target, "branch", "doomed")
        made = layered(target, tmp_path / str(count) / "layer")
        work(made)
        ran = subprocess.run([sys.executable, "-c", CUT_OFF, str(ROOT), made.plan, str(count)], check=False, timeout=60)
        deliver(made.plan)
        assert not list((target / ".git").rglob("*.lock"))
        assert not list((target / ".git").rglob("*.tmp"))
        lines = git(target, "reflog", "feature", "--format=%gs").splitlines()
        ends.add((tuple(lines), len(git(target, "stash", "list").splitlines()), git(target, "status", "--porcelain")))
        shutil.rmtree(tmp_path / str(count))
        if ran.returncode == 0:
            break
    else:
        raise AssertionError("it was never done")
    assert len(ends) == 1, ends
    assert count > 10


def test_a_reference_that_somebody_moved_stays(made: Layered) -> None:
    (made.target / "c.txt").write_text("c\n")
    made.git("add", "c.txt")
    made.git("commit", "-qm", "theirs")
    theirs = made.git("rev-parse", "HEAD").strip()
    (made.target / "c.txt").unlink()
    commit(made.target, mine="1\n")
    mine = git(made.target, "rev-parse", "HEAD")
    notes = deliver(made.plan)
    assert git(made.target, "rev-parse", "main") == mine
    assert git(made.target, "rev-parse", "refs/orchestrate/s/w/heads/main").strip() == theirs
    assert any("somebody moved it meanwhile" in note for note in notes)
    assert git(made.target, "status", "--porcelain") == ""


def test_what_somebody_staged_meanwhile_stays_beside_what_the_worker_staged(made: Layered) -> None:
    for name in ("mine", "theirs"):
        (made.target / f"{name}.txt").write_text(name)
    made.git("add", "theirs.txt")
    git(made.target, "add", "mine.txt")
    assert deliver(made.plan) == []
    assert git(made.target, "diff", "--cached", "--name-only") == "mine.txt\ntheirs.txt\n"


@pytest.mark.parametrize(
    "path",
    [
        *("commondir", "config", "config.worktree", "gitdir", "hooks/post-commit", "info/attributes", "info/grafts"),
        *("worktrees/x/commondir", "modules/m/config", "objects/info/alternates", "branches/x", "remotes/x"),
        *(
            "rebase-merge/git-rebase-todo",
            "rebase-apply/patch",
            "sequencer/todo",
            "fsmonitor--daemon.ipc",
            "BISECT_RUN",
        ),
    ],
)
def test_nothing_that_git_obeys_is_carried_over(made: Layered, path: str) -> None:
    before = {each for each in (made.target / ".git").rglob("*") if each.is_file()}
    config = (made.target / ".git" / "config").read_bytes()
    place = made.store / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("exec touch /tmp/x\n")
    notes = deliver(made.plan)
    assert {each for each in (made.target / ".git").rglob("*") if each.is_file()} == before
    assert (made.target / ".git" / "config").read_bytes() == config
    if not path.startswith("objects/"):
        assert any(path.split("/")[0] in note for note in notes)
        assert (made.folder / "0" / "kept" / path).read_text() == "exec touch /tmp/x\n"


@pytest.mark.parametrize("what", ["a link for HEAD", "a link for a reference", "a fifo for the index", "no objects"])
def test_what_is_no_plain_file_is_not_followed(made: Layered, what: str) -> None:
    before = state(made.target)
    match what:
        case "a link for HEAD":
            (made.store / "HEAD").unlink()
            (made.store / "HEAD").symlink_to(made.target / ".git" / "HEAD")
        case "a link for a reference":
            (made.store / "refs" / "heads" / "evil").symlink_to("/etc/passwd")
        case "a fifo for the index":
            (made.store / "index").unlink()
            os.mkfifo(made.store / "index")
        case _:
            shutil.rmtree(made.store / "objects")
    deliver(made.plan)
    assert state(made.target) == before


def test_a_commit_that_reaches_what_is_not_there_does_not_arrive(made: Layered) -> None:
    (made.target / "c.txt").write_text("c\n")
    made.git("add", "c.txt")
    made.git("commit", "-qm", "c")
    lost = made.git("rev-parse", "HEAD:c.txt").strip()
    (made.store / "objects" / lost[:2] / lost[2:]).unlink()
    notes = deliver(made.plan)
    assert git(made.target, "log", "--format=%s") == "x\n"
    assert any("not all that it reaches is there" in note for note in notes)
    assert git(made.target, "fsck", "--no-dangling") == ""


@pytest.mark.parametrize("name", ["$(touch x)", "a;b", "-x", "a`id`", "HEAD"])
def test_a_name_that_a_shell_would_read_is_kept_under_another(made: Layered, name: str) -> None:
    (made.store / "refs" / "heads" / name).write_text(made.git("rev-parse", "HEAD"))
    notes = deliver(made.plan)
    assert git(made.target, "branch", "--format=%(refname:short)").split() == ["doomed", "main"]
    assert "refs/orchestrate/s/w/" in "".join(notes)


def test_a_replaced_object_is_not_obeyed(made: Layered) -> None:
    (made.target / "c.txt").write_text("c\n")
    made.git("add", "c.txt")
    made.git("commit", "-qm", "c")
    made.git("replace", "HEAD", "HEAD~1")
    deliver(made.plan)
    assert git(made.target, "replace", "-l") == ""


def test_a_lock_of_somebody_elses_is_respected(made: Layered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.shim.git_delivery.LOCK_TIME_S", 0.1)
    (made.target / "c.txt").write_text("c\n")
    made.git("add", "c.txt")
    (made.target / ".git" / "index.lock").touch()
    notes = deliver(made.plan)
    assert (made.target / ".git" / "index.lock").exists()
    assert any("another git is at work" in note for note in notes)
    assert (made.folder / "0" / "kept" / "index").exists()


def test_a_plan_that_is_not_there_is_done(tmp_path: Path) -> None:
    assert deliver(str(tmp_path / "plan.json")) == []
    assert is_delivered(str(tmp_path / "plan.json"))


def test_names_and_states_are_of_the_form_that_git_writes() -> None:
    assert is_plain("refs/heads/feature/über-1")
    assert not is_plain("refs/heads/a..b")
    assert not is_plain("refs/heads/x.lock")
    assert is_good_state("MERGE_HEAD", "0" * 40 + "\n")
    assert not is_good_state("MERGE_HEAD", "exec touch x\n")
    assert not is_good_state("MERGE_MSG", "\x1b]52;")
    assert issubclass(Refused, Exception)
