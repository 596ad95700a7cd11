"""Safety says what workers may touch, run and consume; it is pure but for ``policies``."""

from orchestrator.safety.commands import CommandFilter
from orchestrator.safety.enforcer import SafetyEnforcer
from orchestrator.safety.resources import ResourceMonitor
from orchestrator.safety.sandbox import SandboxMonitor

__all__ = ["CommandFilter", "ResourceMonitor", "SafetyEnforcer", "SandboxMonitor"]
