"""Lay our own small programs into a folder that the sandbox shows: the tools' interpreter runs them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from orchestrator.files.foreign import ForeignFolder


def lay_probes(folder: Path) -> None:
    """Write each of them there.  Blocks."""
    for entry in (resources.files("orchestrator.measurement") / "probes").iterdir():
        if entry.is_file() and entry.name.endswith((".py", ".mjs")):
            ForeignFolder(folder).write(entry.name, entry.read_bytes())
