"""What a worker may touch (spec 004, Security Sandbox and Resource Limits)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ResourceLimits(BaseModel):
    """Limits of one worker's whole tree; defaults are the spec's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu_percent: float = Field(default=50.0, gt=0)
    """100 = one core.  Never a reason to kill: see ADR 0004."""
    memory_mib: int = Field(default=2048, gt=0)
    runtime_s: float = Field(default=3600.0, gt=0)


class SandboxConfig(BaseModel):
    """One sandbox policy, as read from ``sandbox_policies/*.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    backend: Literal["auto", "bubblewrap", "none"] = "auto"
    """``auto`` takes the strongest there is; ``none`` is ``--sandbox open``."""
    enforcement: Literal["required", "preferred"] = "preferred"
    """``required`` never falls through to a weaker backend."""
    readable: tuple[Path, ...] = ()
    """Further folders every worker may read, beside the system's own."""
    writable: tuple[Path, ...] = ()
    """Further folders an implementer may write."""
    hidden: tuple[Path, ...] = ()
    """Masked even inside a readable folder."""
    environment: tuple[str, ...] = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "PATH")
    """Names passed on from the coordinator's environment, besides the CLI's own credential."""
    network: Literal["open", "none"] = "open"
    blocked_commands: tuple[str, ...] = ("rm -rf", "dd", "mkfs", "fdisk")
    confirm_commands: tuple[str, ...] = ("git push", "npm publish", "pip install")
    warn_patterns: tuple[str, ...] = ("sudo", "curl | sh", "wget | sh")
    limits: ResourceLimits = ResourceLimits()
