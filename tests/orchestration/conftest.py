from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def context(tmp_path: Path) -> dict[str, Any]:
    """A rehearsal with stand-ins in a small project."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("x = 1\n")
    return {"path": str(project), "workspace": str(tmp_path / "workspace"), "rehearse": "stand-ins"}
