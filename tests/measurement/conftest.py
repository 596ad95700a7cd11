"""One small project measured once, by every gate, through the command line; tests look at its report alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

SMALL: Mapping[str, str] = {
    "pkg/__init__.py": '"""A package."""\n',
    "pkg/sums.py": (
        '"""Sums."""\n\n\ndef add(one: int, other: int) -> int:\n    """Add two numbers."""\n    return one + other\n'
    ),
    "pkg/shout.py": "import os  # noqa: F401\nimport re\n",
    "tests/test_sums.py": (
        "import unittest\n\nfrom pkg.sums import add\n\n\nclass Sums(unittest.TestCase):\n"
        "    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    ),
    "pyproject.toml": '[tool.ruff.lint]\nignore = ["F"]\n',
}


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder with these files in it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def gates(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``orchestrate gates`` as a user does; the tools lie in the real cache, so they are set up once at most."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "gates", *arguments],
        capture_output=True,
        text=True,
        timeout=1_800,
        env={**os.environ, **(environ or {})},
        check=False,
    )


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Any], int, Path]:
    """The report of the small project, the exit code, and where it lies."""
    folder = written(tmp_path_factory.mktemp("small"), SMALL)
    done = gates(str(folder), "--python", sys.executable, "--json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout), done.returncode, folder


@pytest.fixture
def gate_named(measured: tuple[Mapping[str, Any], int, Path]) -> Callable[[str], Mapping[str, Any]]:
    report, _, _ = measured
    return lambda name: next(gate for gate in report["gates"] if gate["name"] == name)
