"""Put the Gemini, Claude and Codex command-line agents to work on one task as one supervised team."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The names of the Python API (``orchestration``), loaded when one is asked for."""
    # By its own name: `from orchestrator import …` would ask here again.
    if not name.startswith("_") and name in _api().HOMES:
        return getattr(_api(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_api().HOMES})


def _api() -> ModuleType:
    return import_module("orchestrator.orchestration")
