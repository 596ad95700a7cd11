"""What workers may touch, run and consume.  Pure, but for ``policies``."""

from orchestrator.safety.resources import ResourceMonitor

__all__ = ["ResourceMonitor"]
