"""These models say how a child process is started and stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from orchestrator.value_class import value_class


@value_class
class StopStep:
    """Send ``signal`` to the agent's own process, then wait ``grace_s`` for its tree to end."""

    signal: Literal["INT", "TERM", "HUP"]
    grace_s: float


@value_class
class PlacedFile:
    """A file that must stand before the child starts."""

    path: Path
    content: str


@value_class
class LaunchSpec:
    """What an adapter asks for: a command line and what goes with it, before any sandbox is put around it."""

    argv: tuple[str, ...]
    """The first item is the executable's bare name; the launcher resolves it on PATH."""
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    """Additions of the adapter to the allow-listed environment."""
    stdin: str = ""
    """Whole text of standard input; then end of file."""
    files: tuple[PlacedFile, ...] = ()
    stop_ladder: tuple[StopStep, ...] = (StopStep("TERM", 5.0),)
    """KILL of the whole tree follows the last step."""
