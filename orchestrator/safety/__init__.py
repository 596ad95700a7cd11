"""Safety says what workers may touch, run and consume; it is pure but for ``policies``."""

from orchestrator.safety.command_filter import CommandFilter
from orchestrator.safety.enforcer import SafetyEnforcer
from orchestrator.safety.path_access import SandboxMonitor
from orchestrator.safety.resources import ResourceMonitor

__all__ = ["CommandFilter", "ResourceMonitor", "SafetyEnforcer", "SandboxMonitor"]
