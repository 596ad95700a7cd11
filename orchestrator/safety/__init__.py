"""What workers may touch, run and consume.  Pure, but for ``policies``."""

from orchestrator.safety.commands import CommandFilter
from orchestrator.safety.enforcer import SafetyEnforcer
from orchestrator.safety.resources import ResourceMonitor
from orchestrator.safety.sandbox import SandboxMonitor

__all__ = ["CommandFilter", "ResourceMonitor", "SafetyEnforcer", "SandboxMonitor"]
