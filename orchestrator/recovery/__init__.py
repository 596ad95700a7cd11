"""Recovery knows the errors that agents run into, their cures, and the checks before a launch.  It is pure."""

from orchestrator.recovery.recovery_engine import PermissionRecoveryEngine

__all__ = ["PermissionRecoveryEngine"]
