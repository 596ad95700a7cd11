"""Load the texts of our recorders, which are laid into a folder that the suite's process reads."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

_FOLDER = "probes"
# Minitest finds plugins by this path on Ruby's load path.
_PLACES = {"orchestrate_minitest.rb": "ruby/minitest/orchestrate_plugin.rb"}


def probe_files() -> Mapping[str, bytes]:
    """Every recorder's file by its name, relative to the folder that they go into."""
    folder = resources.files("orchestrator.suites") / _FOLDER
    return {
        _PLACES.get(entry.name, entry.name): entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.is_file() and not entry.name.startswith("__")
    }
