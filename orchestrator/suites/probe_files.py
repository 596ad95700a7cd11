"""The texts of our recorders, which whoever runs a suite lays into a folder that the suite's process reads."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

_FOLDER = "probes"


def probe_files() -> Mapping[str, bytes]:
    """Every recorder's file by its name; they go into one folder, without folders of their own."""
    folder = resources.files("orchestrator.suites") / _FOLDER
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.is_file() and not entry.name.startswith("__")
    }
