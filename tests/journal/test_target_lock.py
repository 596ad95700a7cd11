from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit, TargetBusy
from orchestrator.journal.target_lock import GATE, PREFIX, hold_target, holders_of

HOLD = """
import os, sys
from pathlib import Path
from orchestrator.journal.target_lock import hold_target
target, base, session = sys.argv[1:4]
with hold_target(Path(target), session=session, workspace=Path("/theirs"), base=Path(base)) as lock:
    if len(sys.argv) > 4:
        os.set_inheritable(lock.descriptor, True)
        if os.fork() == 0:
            print(os.getpid(), flush=True)
            sys.stdin.read()
            os._exit(0)
        os.kill(os.getpid(), 9)
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = tmp_path / "meeting"
    base.mkdir()
    return base


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "shop"
    (target / "inside").mkdir(parents=True)
    return target


def other(target: Path, base: Path, *further: str, session: str = "theirs") -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", HOLD, str(target), str(base), session, *further]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip()
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("", timeout=60)


def test_a_second_writer_hears_who_works_there(target: Path, base: Path) -> None:
    process = other(target, base)
    with (
        pytest.raises(TargetBusy, match=rf"session theirs of /theirs \(process {process.pid}, since 2") as caught,
        hold_target(target, session="ours", workspace=Path("/ours"), base=base),
    ):
        pass
    assert caught.value.exit_code == 2
    assert "--share-target" in (caught.value.hint or "")
    end(process)
    with hold_target(target, session="ours", workspace=Path("/ours"), base=base) as lock:
        assert lock.others() == ()


@pytest.mark.slow
@pytest.mark.parametrize("theirs", ["shop", "shop/inside", "."], ids=["the same", "one below", "one above"])
def test_a_target_inside_anothers_counts_as_the_same(target: Path, base: Path, tmp_path: Path, theirs: str) -> None:
    process = other((tmp_path / theirs).resolve(), base)
    with (
        pytest.raises(TargetBusy),
        hold_target(target, session="ours", workspace=Path("/ours"), base=base),
    ):
        pass
    end(process)


def test_a_target_beside_is_another(target: Path, base: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    process = other(tmp_path / "beside", base)
    with hold_target(target, session="ours", workspace=Path("/ours"), base=base) as lock:
        assert lock.others() == ()
    end(process)


def test_a_dead_holder_is_none(target: Path, base: Path) -> None:
    process = other(target, base)
    process.kill()
    process.communicate(timeout=60)
    with hold_target(target, session="ours", workspace=Path("/ours"), base=base):
        assert [holder.session for holder in holders_of(target, base=base)] == ["ours"]
    assert [path.name for path in (base / f"{PREFIX}{os.getuid()}").iterdir()] == []


def test_what_inherits_the_lock_keeps_it(target: Path, base: Path) -> None:
    argv = [sys.executable, "-c", HOLD, str(target), str(base), "theirs", "inherited"]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert process.wait(60) == -signal.SIGKILL
    with pytest.raises(TargetBusy), hold_target(target, session="ours", workspace=Path("/ours"), base=base):
        pass
    # The session itself goes on all the same, and keeps others off after its old workers have gone.
    with hold_target(target, session="theirs", workspace=Path("/theirs"), base=base):
        assert process.stdin is not None
        process.stdin.close()
        assert process.stdout.read() == ""  # ends when the worker has
        process.stdout.close()
        with pytest.raises(TargetBusy), hold_target(target, session="ours", workspace=Path("/ours"), base=base):
            pass
    with hold_target(target, session="ours", workspace=Path("/ours"), base=base):
        assert worker


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_another_users_session_counts(target: Path, base: Path) -> None:
    base.chmod(0o1777)
    for folder in (base, *base.parents):
        if folder.stat().st_uid == 0 and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    with hold_target(target, session="ours", workspace=Path("/ours"), base=base):
        heard, hear = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.umask(0o077)
                os.setgroups([])
                os.setgid(12345)
                os.setuid(12345)
                with hold_target(target, session="theirs", workspace=Path("/theirs"), base=base):
                    os.write(hear, b"taken")
            except TargetBusy as error:
                os.write(hear, str(error).encode())
            finally:
                os._exit(0)
        os.close(hear)
        with os.fdopen(heard, "rb") as file:
            said = file.read().decode()
        os.waitpid(child, 0)
    assert "session ours of /ours" in said


def test_whoever_shares_is_known_to_both(target: Path, base: Path) -> None:
    with hold_target(target, session="first", workspace=Path("/ours"), base=base) as first:
        with hold_target(target, session="second", workspace=Path("/ours"), share=True, base=base) as second:
            assert [holder.session for holder in second.others()] == ["first"]
            assert [(h.session, h.is_running) for h in first.others()] == [("second", True)]
        # Also when it has ended meanwhile.
        assert [(h.session, h.is_running) for h in first.others()] == [("second", False)]
    with hold_target(target, session="third", workspace=Path("/ours"), base=base) as third:
        assert third.others() == ()


def test_no_mask_keeps_others_from_seeing_it(target: Path, base: Path) -> None:
    before = os.umask(0o077)
    try:
        with hold_target(target, session="ours", workspace=Path("/ours"), base=base):
            folder = base / f"{PREFIX}{os.getuid()}"
            [file] = folder.iterdir()
            modes = [path.stat().st_mode & 0o777 for path in (folder, file, base / GATE)]
        assert modes == [0o755, 0o644, 0o644]
    finally:
        os.umask(before)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_gate_that_is_none_is_said(target: Path, base: Path, kind: str) -> None:
    gate = base / GATE
    if kind == "pipe":
        os.mkfifo(gate)
    elif kind == "link":
        gate.symlink_to("/dev/zero")
    else:
        gate.mkdir()
    with (
        pytest.raises(EnvironmentUnfit, match="cannot tell who works in the target"),
        hold_target(target, session="ours", workspace=Path("/ours"), base=base),
    ):
        pass


def test_what_others_put_there_stops_nobody(target: Path, base: Path) -> None:
    folder = base / f"{PREFIX}{os.getuid()}"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "garbage").write_text("{")
    (folder / "foreign").write_text(json.dumps({"session": "x", "chain": "y"}))
    stranger = base / f"{PREFIX}99999"  # speaks for a user who has not made it
    stranger.mkdir()
    with hold_target(target, session="ours", workspace=Path("/ours"), base=base) as lock:
        assert lock.others() == ()
