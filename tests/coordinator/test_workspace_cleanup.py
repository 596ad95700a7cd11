"""Most workspaces need no cleaning, and looking at them costs little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from orchestrator.coordinator.workspace_cleanup import clean_workspace


def test_a_workspace_that_is_missing_has_nothing_left(tmp_path: Path) -> None:
    assert clean_workspace(tmp_path / "none") == ()


def test_the_list_of_sessions_needs_none_of_the_models_of_entries(tmp_path: Path) -> None:
    asked = "import sys; from orchestrator.cli.main import run; run(['sessions', '--workspace', sys.argv[1]]); "
    told = "print([name for name in ('pydantic', 'asyncio', 'orchestrator.agents.registry') if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", asked + told, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert run.stdout == "[]\n", run.stderr
