"""Put the Gemini, Claude and Codex command-line agents to work on one task as one supervised team."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load a name of the Python API (``orchestration``, ``workflows``) when it is first used."""
    if name == "__all__":  # asked by `from orchestrator import *`
        return [each for package in _packages() for each in package.HOMES]
    for package in _packages() if not name.startswith("_") else ():
        if name in package.HOMES:
            return getattr(package, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *(name for package in _packages() for name in package.HOMES)})


def _packages() -> list[ModuleType]:
    # By their own names: `from orchestrator import …` would ask here again.
    return [import_module(f"orchestrator.{name}") for name in ("orchestration", "workflows")]
