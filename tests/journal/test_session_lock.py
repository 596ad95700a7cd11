from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import SessionBusy
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import hold_session_lock, session_holder

HOLD = """
import sys; from pathlib import Path
from orchestrator.journal.session_lock import hold_session_lock
with hold_session_lock(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""
TAKE_AND_FREE = """
import sys; from pathlib import Path
from orchestrator.journal.session_lock import hold_session_lock
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3000):
    with hold_session_lock(Path(sys.argv[1])):
        pass
print("took all", flush=True)
"""
StartPython = Callable[..., subprocess.Popen[str]]


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def holder(folder: SessionFolder, start_python: StartPython) -> subprocess.Popen[str]:
    process = start_python(HOLD, folder.path)
    assert line_of(process) == "holding"
    return process


def test_nobody_holds_a_new_session(folder: SessionFolder) -> None:
    assert session_holder(folder) is None


def test_the_holder_is_known_by_its_pid_and_only_while_it_holds(folder: SessionFolder) -> None:
    with hold_session_lock(folder):
        assert session_holder(folder) == os.getpid()
    assert session_holder(folder) is None


@pytest.mark.slow
def test_a_second_coordinator_is_refused_with_the_pid_of_the_first(
    folder: SessionFolder, holder: subprocess.Popen[str]
) -> None:
    assert session_holder(folder) == holder.pid
    with pytest.raises(SessionBusy) as refused, hold_session_lock(folder):
        pass
    assert refused.value.pid == holder.pid
    assert refused.value.session == folder.id
    assert session_holder(folder) == holder.pid


def test_the_same_process_cannot_hold_it_twice_either(folder: SessionFolder) -> None:
    with hold_session_lock(folder):
        with pytest.raises(SessionBusy), hold_session_lock(folder):
            pass
        assert session_holder(folder) == os.getpid()


@pytest.mark.slow
def test_a_holder_that_is_killed_leaves_the_session_free(folder: SessionFolder, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    assert session_holder(folder) is None
    with hold_session_lock(folder):
        assert session_holder(folder) == os.getpid()


@pytest.mark.slow
def test_asking_never_gets_in_the_way_of_taking(folder: SessionFolder, start_python: StartPython) -> None:
    taker = start_python(TAKE_AND_FREE, folder.path)
    assert line_of(taker) == "ready"
    done = threading.Event()
    answers: set[int | None] = set()

    def keep_asking() -> None:
        while not done.is_set():
            answers.add(session_holder(folder))

    askers = [threading.Thread(target=keep_asking) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
        assert line_of(taker) == "took all"
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert answers <= {None, 0, taker.pid}, "0 is said only before the first holder has written its pid"


def test_a_folder_without_a_lock_file_is_held_by_nobody(tmp_path: Path) -> None:
    assert session_holder(tmp_path) is None


@pytest.mark.slow
def test_a_child_started_while_holding_does_not_keep_the_lock(folder: SessionFolder, start_python: StartPython) -> None:
    with hold_session_lock(folder):
        child = start_python("import sys; print('ready', flush=True); sys.stdin.readline()")
        assert line_of(child) == "ready"
    assert session_holder(folder) is None
