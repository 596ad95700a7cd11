"""Permission recovery: known errors and their cures, and the checks before a launch.  Pure."""

from orchestrator.recovery.engine import PermissionRecoveryEngine

__all__ = ["PermissionRecoveryEngine"]
