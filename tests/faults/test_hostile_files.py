"""Pipes, devices, loops, huge and odd files where the program looks: a clear word or a right result, never a hang."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

HANGS_S = 40.0
"""A run of the made-up agent takes a few seconds, also on a busy machine; what takes so long waits for ever."""
STOPS_S = 20.0
"""What is told to stop has five seconds; the rest is for a busy machine."""
MEMORY_BYTES = 4 * 2**30


def ends(program: Any, *arguments: str, within_s: float = HANGS_S, limits: Mapping[int, int] | None = None) -> Any:
    """Run the command line to its end; a run that hangs is killed, with what it left, and fails the test."""

    def bound() -> None:
        for number, most in (limits or {}).items():
            resource.setrlimit(number, (most, most))

    process = subprocess.Popen(
        program.command(*arguments),
        cwd=program.root,
        env=program.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=bound if limits else None,
    )
    try:
        out, err = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        end_with_children(process)
        pytest.fail(f"orchestrate {arguments[0]} still hung after {within_s:g} s", pytrace=False)
    return type("Ended", (), {"code": process.returncode, "out": out, "err": err, "text": out + err})


def end_with_children(process: subprocess.Popen[str]) -> None:
    below = psutil.Process(process.pid).children(recursive=True)
    for each in (*below, psutil.Process(process.pid)):
        if each.is_running():
            each.send_signal(signal.SIGKILL)
    process.communicate()


def words(program: Any, target: Path, *options: str) -> tuple[str, ...]:
    agents = ("--agents", "claude", "--target", str(target))
    return ("run", "do it", *agents, "--no-dashboard", "--no-interactive", *options)


def no_traceback(ran: Any) -> None:
    assert "Traceback" not in ran.text, ran.text
    assert "this is a bug" not in ran.text, ran.text


# --- B1: what an agent leaves in the target ---


@pytest.mark.fault("B1")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["test_new.py", ".gitignore", "sub/.gitignore"])
def test_a_pipe_that_an_agent_left_hangs_no_run(program: Any, name: str) -> None:
    target = program.target(files={"a.txt": "a", "sub/b.txt": "b"})
    program.claude(f"mkfifo {name}; echo new >new.txt")
    ran = ends(program, *words(program, target))
    no_traceback(ran)
    assert "new.txt" in json.dumps(program.report())
    assert ran.code in (0, 3)


@pytest.mark.fault("B1")
@pytest.mark.slow
@pytest.mark.parametrize("name", [".gitignore", ".git/info/exclude"])
def test_a_pipe_that_lay_in_the_target_hangs_no_run(program: Any, name: str) -> None:
    target = program.target(files={"a.txt": "a"})
    (target / name).unlink(missing_ok=True)
    os.mkfifo(target / name)
    program.claude("echo new >new.txt")
    ran = ends(program, *words(program, target))
    no_traceback(ran)
    assert ran.code in (0, 2, 3)


@pytest.mark.fault("B1")
@pytest.mark.slow
@pytest.mark.parametrize(("name", "to"), [("notes.txt", "/proc/kmsg"), ("test_x.py", "/dev/zero")])
def test_a_link_to_what_never_ends_is_not_read(program: Any, name: str, to: str) -> None:
    target = program.target(files={"a.txt": "a"})
    program.claude(f"ln -s {to} {name}; echo new >new.txt")
    ran = ends(program, *words(program, target), limits={resource.RLIMIT_AS: MEMORY_BYTES})
    no_traceback(ran)
    assert "new.txt" in json.dumps(program.report())
    assert ran.code in (0, 3)


@pytest.mark.fault("B1")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["package.json", "test_x.py"])
def test_a_file_of_60_gb_is_not_read_into_memory(program: Any, name: str) -> None:
    target = program.target(files={"a.txt": "a"})
    program.claude(f"truncate -s 60G {name}; echo new >new.txt")
    ran = ends(program, *words(program, target), limits={resource.RLIMIT_AS: MEMORY_BYTES})
    no_traceback(ran)
    assert "new.txt" in json.dumps(program.report())
    assert ran.code in (0, 3)


LEASE = """
import fcntl, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
held = []
for name in sys.argv[1:]:
    file = open(name, "r+b")
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    held.append(file)
open("held", "w").close()
time.sleep(300)
"""


@pytest.mark.fault("B1")
@pytest.mark.slow
def test_leases_on_files_of_the_target_delay_nothing(program: Any) -> None:
    names = ["one.txt", "two.txt", "three.txt"]
    target = program.target(files=dict.fromkeys(names, "x\n"))
    (program.root / "lease.py").write_text(LEASE)
    for name in names:
        (target / name).write_text("changed\n")  # so that each has to be read
    holder = subprocess.Popen([sys.executable, str(program.root / "lease.py"), *names], cwd=target)
    try:
        wait_for(lambda: (target / "held").exists() or holder.poll() is not None)
        assert holder.poll() is None, "no lease could be taken"
        program.claude("echo new >new.txt")
        ran = ends(program, *words(program, target))
        no_traceback(ran)
        assert "new.txt" in json.dumps(program.report())
    finally:
        holder.kill()
        holder.wait()


# --- B1: the user's own files ---


@pytest.mark.fault("B1")
@pytest.mark.slow
@pytest.mark.parametrize(("command", "odd"), [("run", "pipe"), ("run", "zero"), ("bundle", "pipe")])
def test_a_login_file_that_is_none_hangs_nothing(program: Any, command: str, odd: str) -> None:
    target = program.target(files={"a.txt": "a"})
    program.claude("echo new >new.txt")
    if command == "bundle":
        assert program.run(target).code in (0, 3)
    login = program.home / ".claude" / ".credentials.json"
    login.parent.mkdir()
    make_odd(login, odd)
    arguments = words(program, target) if command == "run" else (command,)
    no_traceback(ends(program, *arguments, limits={resource.RLIMIT_AS: MEMORY_BYTES}))
    assert (target / "new.txt").exists()


def make_odd(place: Path, odd: str) -> None:
    match odd:
        case "pipe":
            os.mkfifo(place)
        case "zero":
            place.symlink_to("/dev/zero")
        case "loop":
            place.symlink_to(place.name)
        case "folder":
            place.mkdir()


# --- B1: signals ---


@pytest.mark.fault("B1")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("told_by", "name"), [("TERM", ".gitignore"), ("Ctrl-C", ".gitignore"), ("orchestrate stop", ".gitignore")]
)
def test_a_session_ends_when_told_whatever_a_check_is_doing(program: Any, told_by: str, name: str) -> None:
    target = program.target(files={"a.txt": "a"})
    program.claude(f"mkfifo {name}; echo new >new.txt")
    process = program.start(*words(program, target))
    try:
        wait_for(lambda: '"worker_exited"' in journal_of(program) or process.poll() is not None)
        if process.poll() is None:
            match told_by:
                case "TERM":
                    process.send_signal(signal.SIGTERM)
                case "Ctrl-C":
                    process.send_signal(signal.SIGINT)
                case _:
                    program.start("stop")
        try:
            process.communicate(timeout=STOPS_S)
        except subprocess.TimeoutExpired:
            pytest.fail("the session did not end when it was told to", pytrace=False)
        assert process.returncode in (0, 3, 130)
        wait_for(lambda: not gits_in(program.root))
    finally:
        if process.poll() is None:
            end_with_children(process)


def journal_of(program: Any) -> str:
    found = [path for path in program.workspace.glob("*/journal.jsonl") if path.is_file()]
    return found[0].read_text(errors="replace") if found else ""


def wait_for(is_so: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def gits_in(folder: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "git" and process.cwd().startswith(f"{folder}/"):
                found.append(process.pid)
    return found


# --- B2 ---


@pytest.mark.fault("B2")
@pytest.mark.slow
def test_a_rehearsal_copies_a_target_with_loops_of_links(program: Any) -> None:
    target = program.target(files={"a.txt": "a", "sub/b.txt": "b"})
    (target / "loop").symlink_to("loop")
    (target / "one").symlink_to("two")
    (target / "two").symlink_to("one")
    os.mkfifo(target / "pipe")
    ran = ends(program, *words(program, target), "--rehearse", "--stand-ins", within_s=100)
    no_traceback(ran)
    copy = program.session() / "target"
    assert (copy / "loop").readlink() == Path("loop")
    assert (copy / "sub" / "b.txt").read_text() == "b"


@pytest.mark.fault("B2")
@pytest.mark.parametrize("option", ["--workspace", "--scenario"])
def test_a_loop_of_links_on_the_command_line_is_refused(program: Any, option: str) -> None:
    loop = program.root / "loop.toml"
    loop.symlink_to(loop.name)
    program.claude("true")
    ran = ends(program, *words(program, program.target(files={"a.txt": "a"})), option, str(loop))
    no_traceback(ran)
    assert ran.code == 2
    assert "loop" in ran.err


# --- B3 ---


@pytest.mark.fault("B3")
@pytest.mark.slow
@pytest.mark.parametrize("char", [":", ","])
def test_a_workspace_whose_name_would_be_torn_is_refused_by_the_character(program: Any, char: str) -> None:
    target = program.target(files={"a.txt": "a"})
    place = str(program.root / f"a{char}b")
    rehearsal = ("--rehearse", "--stand-ins", "--no-dashboard", "--no-interactive")
    ran = ends(program, "run", "do it", "--target", str(target), *rehearsal, "--workspace", place, within_s=100)
    no_traceback(ran)
    if ran.code != 0:
        assert ran.code == 2
        assert f"has a {char!r} in its name" in ran.err


# --- B5 ---


@pytest.fixture
def finished(program: Any) -> Any:
    """The program with one session that has ended."""
    target = program.target(files={"a.txt": "a"})
    program.claude("echo new >new.txt")
    assert program.run(target).code in (0, 3)
    return program


@pytest.mark.fault("B5")
@pytest.mark.slow
def test_sessions_are_listed_whatever_stands_where_the_index_does(finished: Any) -> None:
    for odd in ("folder", "loop", "pipe"):
        for path in finished.workspace.glob("index.sqlite*"):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        make_odd(finished.workspace / "index.sqlite", odd)
        ran = ends(finished, "sessions")
        no_traceback(ran)
        assert ran.code == 0
        assert finished.session().name in ran.out


@pytest.mark.fault("B5")
@pytest.mark.slow
@pytest.mark.parametrize("odd", ["pipe", "zero"])
def test_a_journal_that_is_none_is_said_to_be_so(finished: Any, odd: str) -> None:
    journal = finished.session() / "journal.jsonl"
    journal.unlink()
    make_odd(journal, odd)
    for command in ("show", "sessions", "replay", "logs", "resume", "bundle"):
        ran = ends(finished, command, limits={resource.RLIMIT_AS: MEMORY_BYTES})
        no_traceback(ran)
        if command in ("show", "logs"):
            assert ran.code == 1
            assert "journal.jsonl" in ran.err


@pytest.mark.fault("B5")
@pytest.mark.slow
def test_a_lock_that_is_none_hangs_no_reader(finished: Any) -> None:
    lock = finished.session() / "session.lock"
    lock.unlink()
    make_odd(lock, "pipe")
    for command in ("sessions", "show", "stop"):
        no_traceback(ends(finished, command))


@pytest.mark.fault("B5")
@pytest.mark.slow
def test_a_limit_on_the_size_of_files_is_said_and_no_bug(program: Any) -> None:
    target = program.target(files={"a.txt": "a"})
    program.claude("echo new >new.txt")
    for kib in (200, 4):
        ran = ends(program, *words(program, target), limits={resource.RLIMIT_FSIZE: kib * 1024})
        no_traceback(ran)
        assert ran.code in (0, 1, 2, 3)
