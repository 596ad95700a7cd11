"""Find the Python environment that a project's own code runs in.  Nothing is installed into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from orchestrator.measurement.project_tree import ENVIRONMENTS
from orchestrator.value_class import value_class


@value_class
class TargetPython:
    """An interpreter, and what a sandbox has to show of it."""

    path: Path | None
    site_packages: tuple[Path, ...] = ()
    shown: tuple[Path, ...] = ()
    """Folders outside the project that it needs."""
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Major and minor, as the folder of its packages says; empty where there is none."""
        return self.site_packages[0].parent.name.removeprefix("python") if self.site_packages else ""


def find_python(target: Path, named: Path | None, environ: Mapping[str, str]) -> TargetPython:
    """The named interpreter, or that of the project's virtual environment, or the one on PATH.  Blocks."""
    if named is not None:
        return _described(target, named, ())
    for name in sorted(ENVIRONMENTS):
        candidate = target / name / "bin" / "python"
        if (target / name / "pyvenv.cfg").is_file() and candidate.exists():
            return _described(target, candidate, ())
    found = shutil.which("python3", path=environ.get("PATH", os.defpath))
    if found is None:
        return TargetPython(
            None, notes=("the project has no Python environment of its own, and python3 is not on PATH",)
        )
    note = f"the project has no virtual environment of its own: {found} is used for its tests (--python names another)"
    return TargetPython(Path(found), notes=(note,))


def _described(target: Path, python: Path, notes: tuple[str, ...]) -> TargetPython:
    folder = python.parent.parent
    packages = tuple(sorted(folder.glob("lib/python3*/site-packages")))
    base = Path(os.path.realpath(python)).parent.parent
    shown = tuple(path for path in (folder, base) if len(path.parts) > 2 and not path.is_relative_to(target))
    return TargetPython(python, packages, shown, notes)
