"""Benchmarks are no tests, but they must not rot: each can be loaded, and each is told of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import orchestrator

ROOT = Path(orchestrator.__file__).resolve().parent.parent
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))


@pytest.mark.slow
def test_every_benchmark_loads() -> None:
    modules = ", ".join(f"benchmarks.{name}" for name in NAMES)
    done = subprocess.run([sys.executable, "-c", f"import {modules}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_benchmark_that_runs_is_told_of() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for name in NAMES:
        if "__main__" in (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"):
            assert f"| `{name}` |" in page
