"""Every script of the repository is started, as somebody would start it: one that dies at its first line shows here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.launch.conftest import ROOT

pytestmark = pytest.mark.slow

STARTED: Mapping[str, tuple[Sequence[str], str]] = {
    ".ci/run": (("--short",), "check: all good"),
    "benchmarks/run": (("guard",), "the verdict"),
    "check": (("--help",), "usage: ./check"),
    "orchestrate": (("--help",), "Usage: orchestrate"),
}
"""Each script, with arguments for which it does something and ends soon, and what it then says."""
OTHERS: Mapping[str, str] = {
    "orchestrator/launching.sh": "sourced by ./orchestrate and ./check; tests/launch/test_orchestrate.py",
    "orchestrator/rehearsal/stand_in/__main__.py": "tests/rehearsal/test_stand_in.py",
}
"""Scripts that other tests start."""


def scripts() -> set[str]:
    """What is executable or says by its first line that it is, as far as it belongs to the repository."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    found = set()
    for line in listed.stdout.splitlines():
        mode, path = line.split(maxsplit=1)[0], line.partition("\t")[2]
        file = ROOT / path
        if mode == "100755" or (mode == "100644" and file.suffix in ("", ".sh") and _has_interpreter(file)):
            found.add(path)
    return found


def _has_interpreter(file: Path) -> bool:
    return file.is_file() and file.read_bytes()[:2] == b"#!"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows which files are its own")
def test_every_script_is_known_here() -> None:
    assert scripts() <= STARTED.keys() | OTHERS.keys()
    assert STARTED.keys() <= scripts()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("script", STARTED)
def test_it_starts_and_does_what_it_was_asked_for(script: str) -> None:
    arguments, said = STARTED[script]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [ROOT / script, *arguments],
        env={**environ, "PYTHON": sys.executable},
        cwd=ROOT.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout + done.stderr
