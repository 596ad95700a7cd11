from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.cli import main as entrance
from orchestrator.cli.main import known_error
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.journal.session_lock import hold_session_lock

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_an_error_of_ours_is_one_line_and_a_hint_without_traceback(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("show", "--session", "20200101-000000-0000")

    assert ran.code == 2
    lines = ran.err.splitlines()
    assert lines[0].startswith("orchestrate: error: no session '20200101-000000-0000'")
    assert lines[1] == "hint: orchestrate sessions lists what is there"
    assert len(lines) == 2


def test_nothing_at_all_is_bad_usage_and_shows_help(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate()

    assert ran.code == 2
    assert "Usage: orchestrate" in ran.err


def test_the_version_is_shown(orchestrate: Callable[..., Any]) -> None:
    from orchestrator import __version__

    assert orchestrate("--version").out == f"orchestrate {__version__}\n"


def test_an_error_of_ours_is_found_inside_a_group() -> None:
    error = UsageError("no")

    assert known_error(ExceptionGroup("tasks", [ExceptionGroup("more", [error])])) is error


def test_a_bug_beside_an_error_of_ours_stays_a_bug() -> None:
    assert known_error(ExceptionGroup("tasks", [EnvironmentUnfit("no"), KeyError("bug")])) is None


def test_a_bug_keeps_its_traceback_and_says_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "from orchestrator.cli import group, main\n"
        "group.TaskGroup.invoke = lambda self, ctx: {}['nothing']\n"
        "main.main(['sessions'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "KeyError" in done.stderr
    assert "this is a bug" in done.stderr


def test_a_reader_that_leaves_is_no_error_message() -> None:
    code = "from orchestrator.cli.main import main; main(['--help'])"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    err = child.stderr.read()
    child.stderr.close()
    child.wait(timeout=60)

    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


def test_the_entrance_leaves_with_the_exit_code() -> None:
    with pytest.raises(SystemExit) as left:
        entrance.main(["run", "   "])

    assert left.value.code == 2


@pytest.mark.slow
def test_a_reader_that_leaves_while_following_is_no_bug(story: Story) -> None:
    story.write()
    code = "from orchestrator.cli.main import main; main(['logs', '-f'])"
    environ = {**os.environ, "ORCHESTRATOR_WORKSPACE": str(story.folder.workspace)}
    reading, writing = os.pipe()
    os.close(reading)
    with hold_session_lock(story.folder):
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, env=environ, timeout=60, check=False
        )
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr == b""


def test_a_full_disk_is_the_machines_fault_and_no_bug() -> None:
    known = known_error(ExceptionGroup("tasks", [OSError(errno.ENOSPC, "No space left on device", "/full/file")]))

    assert isinstance(known, EnvironmentUnfit)
    assert known.message == "the disk is full: /full/file"
