from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.measurement.target_python import find_python


def environment(folder: Path) -> Path:
    """A virtual environment as far as it is looked at."""
    for name in ("bin", "lib/python3.11/site-packages"):
        (folder / name).mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    (folder / "bin/python").symlink_to(sys.executable)
    return folder / "bin/python"


def test_the_projects_own_environment_comes_before_the_machines(tmp_path: Path) -> None:
    python = environment(tmp_path / ".venv")
    found = find_python(tmp_path, None, {"PATH": "/usr/bin:/bin"})
    assert found.path == python
    assert found.site_packages == (tmp_path / ".venv/lib/python3.11/site-packages",)
    assert found.notes == ()
    assert not any(path.is_relative_to(tmp_path) for path in found.shown)


def test_the_one_that_the_user_names_comes_before_all(tmp_path: Path) -> None:
    environment(tmp_path / "project/.venv")
    python = environment(tmp_path / "other")
    found = find_python(tmp_path / "project", python, {})
    assert found.path == python
    assert tmp_path / "other" in found.shown


def test_without_one_it_is_said_which_is_used(tmp_path: Path) -> None:
    found = find_python(tmp_path, None, {"PATH": str(Path(sys.executable).parent)})
    assert found.path is not None
    assert "no virtual environment" in found.notes[0]
    assert find_python(tmp_path, None, {"PATH": str(tmp_path)}).path is None
