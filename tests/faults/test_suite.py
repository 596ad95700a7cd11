"""The suite and the scripts themselves: section T of the list of faults.

What is tried is the checkout's own tests and scripts, started as somebody would start them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.faults.conftest import CHECKOUT, SYSTEM_PATH, Program

pytestmark = pytest.mark.slow


def run_tests(checkout: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run tests of a checkout with this Python."""
    environ = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    if path:
        environ["PATH"] = path
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *arguments],
        cwd=checkout,
        env={name: value for name, value in environ.items() if not name.startswith("PYTEST_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.fault("T1")
def test_the_page_shows_what_happened_now_as_just_happened(not_proven: Callable[[str], NoReturn]) -> None:
    done = run_tests(CHECKOUT, "tests/server/test_page.py::test_what_happens_is_seen_at_once")
    if "there is no Chromium" in done.stdout:
        not_proven("there is no Chromium")
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.fault("T2")
def test_the_benchmarks_can_be_started() -> None:
    done = subprocess.run(
        ["/bin/sh", str(CHECKOUT / "benchmarks" / "run"), "guard"],
        env={**os.environ, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the verdict" in done.stdout


@pytest.mark.fault("T3")
def test_a_fourth_agent_in_a_folder_of_its_own_has_its_name_guarded(tmp_path: Path) -> None:
    needed = ["orchestrator", "tests/conftest.py", "tests/foreign_access.py", "tests/test_floors.py"]
    needed += ["pyproject.toml", "CONTRIBUTING.md"]
    for name in (name for name in needed if (CHECKOUT / name).exists()):
        copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(CHECKOUT / name, tmp_path / name)
    fourth = tmp_path / "orchestrator" / "agents" / "aider"
    fourth.mkdir()
    (fourth / "__init__.py").write_text(
        "from dataclasses import replace\n\nfrom orchestrator.agents.claude import AGENT as CLAUDE\n\n"
        'AGENT = replace(CLAUDE, name="aider", executable="aider")\n'
    )
    offender = tmp_path / "orchestrator" / "cli" / "main.py"
    offender.write_text(offender.read_text() + '\n\ndef _is_aider(agent: str) -> bool:\n    return agent == "aider"\n')
    done = run_tests(tmp_path, "tests/test_floors.py", "-k", "facts_of_a_cli")
    assert done.returncode == 1, done.stdout[-2000:]
    assert "main.py" in done.stdout
    assert "1 failed" in done.stdout


@pytest.mark.fault("T4")
def test_where_bubblewrap_is_the_one_from_the_requirements_it_is_used(tmp_path: Path) -> None:
    """A machine without a bubblewrap of its own: every other program of the system is there."""
    for folder in SYSTEM_PATH.split(":"):
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if program.name != "bwrap" and not (tmp_path / program.name).is_symlink():
                (tmp_path / program.name).symlink_to(program)
    done = run_tests(CHECKOUT, "tests/coordinator/test_preflight.py", "-k", "no_network_of_its_own", path=str(tmp_path))
    assert "does not work here" not in done.stdout
    assert "1 passed" in done.stdout, done.stdout[-2000:]


@pytest.mark.fault("T5")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the system call's number is that of x86-64")
def test_a_worker_ignores_no_signal_whatever_its_starter_ignored(program: Program) -> None:
    """On some versions of Python whoever starts us leaves 32 and 33, the C library's own, ignored."""
    target = program.target()
    program.claude(f"grep SigIgn /proc/self/status >{target}/signals")
    code = (
        "import ctypes, os, sys\n"
        "call, ignore = ctypes.CDLL(None).syscall, (1).to_bytes(8, 'little') + bytes(24)\n"
        "assert [call(13, number, ignore, None, 8) for number in (32, 33)] == [0, 0]\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    words = ("run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    subprocess.run(
        [sys.executable, "-c", code, *program.command(*words)],
        env=program.environ,
        cwd=program.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert int((target / "signals").read_text().split()[1], 16) == 0
