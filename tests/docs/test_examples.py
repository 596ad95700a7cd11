"""The examples of the specification run, and what they print comes from their own runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_in_a_rehearsal(example: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("x = 1\n")
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ORCHESTRATOR_REHEARSE": "stand-ins",
        "ORCHESTRATOR_WORKSPACE": str(tmp_path / "workspace"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    ran = subprocess.run([sys.executable, str(example)], cwd=project, env=environ, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    # A rehearsal works on a copy; saved teams are kept in a folder of their own.
    assert {path.name for path in project.iterdir()} <= {"a.py", ".orchestrator"}
    assert (project / "a.py").read_text() == "x = 1\n"


def test_no_example_swallows_what_it_does_not_look_at() -> None:
    assert len(EXAMPLES) >= 12
    for example in EXAMPLES:
        text = example.read_text(encoding="utf-8")
        assert "except Exception" not in text
        assert "pass\n" not in text
        assert "assert " in text, f"{example.name} asserts nothing"
