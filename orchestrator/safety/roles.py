"""Say which folders a role may read and write: in one table, and beside it the sandbox policy's own folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role

WRITES_TARGET: Final[Mapping[Role, bool]] = {
    Role.DESIGNER: False,
    Role.IMPLEMENTER: True,
    Role.REVIEWER: False,
    Role.ANALYST: False,
}
"""Who may write in the target; everybody reads it, and writes in a scratch folder of their own."""


def writable_roots(role: Role, *, target: Path, scratch: Path, config: SandboxConfig) -> tuple[Path, ...]:
    """Folders the role may write; the policy's further ones are the implementer's only."""
    if not WRITES_TARGET[role]:
        return (scratch,)
    return (scratch, *((target,) if config.target == "write" else ()), *config.writable)


def readable_roots(role: Role, *, target: Path, scratch: Path, config: SandboxConfig) -> tuple[Path, ...]:
    """Folders the role may read, beside the system's own."""
    further = config.writable if WRITES_TARGET[role] else ()
    return tuple(dict.fromkeys((target, scratch, *config.readable, *further)))
