"""Landlock on a real process: what it can still do is what the profile grants."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.sandbox.landlock_profile import runnable, why_not


@pytest.fixture(autouse=True)
def landlock(not_proven: Callable[[str], NoReturn]) -> None:
    problem = why_not()
    if problem is not None:
        not_proven(problem)


def ran(folder: Path, script: str, *, connect: list[int] | None = None) -> str:
    profile = {
        "read": ["/usr", "/bin", "/lib", "/lib64", "/proc"],
        "write": [str(folder / "own"), "/dev/null"],
        "connect": connect,
        "seccomp": None,
    }
    (folder / "own").mkdir(exist_ok=True)
    (folder / "secret").write_text("canary")
    words = runnable(["/bin/sh", "-c", script], profile, file=folder / "profile.json")
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    return done.stdout + done.stderr


def test_files_are_reached_only_where_granted(tmp_path: Path) -> None:
    said = ran(tmp_path, f"cat {tmp_path}/secret; echo x >{tmp_path}/written; echo y >{tmp_path}/own/a && echo fine")
    assert "canary" not in said
    assert said.count("ermission denied") == 2
    assert "fine" in said
    assert not (tmp_path / "written").exists()


def test_no_capability_is_left_to_root(tmp_path: Path) -> None:
    said = ran(tmp_path, "grep Cap /proc/self/status")
    held = {line.split()[0]: line.split()[1].strip("0") for line in said.splitlines()}
    assert [held[name] for name in ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:")] == [""] * 4
    assert os.geteuid() != 0 or held["CapBnd:"] == ""


def test_only_listed_ports_can_be_connected_to(tmp_path: Path) -> None:
    said = ran(tmp_path, "bash -c 'exec 3<>/dev/tcp/127.0.0.1/9'", connect=[])
    assert "ermission denied" in said


def test_whatever_cannot_be_given_up_ends_the_process(tmp_path: Path) -> None:
    code = f"import sys; sys.path.append({str(Path(__file__).parents[2])!r})\n"
    code += "from orchestrator.shim.landlock_entry import restrict\n"
    code += "restrict({'read': [], 'write': [], 'connect': [], 'seccomp': '/nowhere'})\nprint('went on')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert "went on" not in done.stdout
    assert "FileNotFoundError" in done.stderr
