"""Safety says what workers may touch, run and consume; it is pure but for ``policies``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.safety.command_filter import CommandFilter
    from orchestrator.safety.enforcer import SafetyEnforcer
    from orchestrator.safety.path_access import SandboxMonitor
    from orchestrator.safety.resources import ResourceMonitor

__all__ = ["CommandFilter", "ResourceMonitor", "SafetyEnforcer", "SandboxMonitor"]

_HOMES = {
    "CommandFilter": "command_filter",
    "ResourceMonitor": "resources",
    "SafetyEnforcer": "enforcer",
    "SandboxMonitor": "path_access",
}


def __getattr__(name: str) -> object:
    # The filter brings a grammar of the shell, which whoever only reads a policy does without.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
