"""Name the command that a CLI's own hook runs before its shell tool: the guard's, where the sandbox has one."""

from __future__ import annotations

from typing import Final

HOOK_COMMAND: Final = '[ -z "$ORCHESTRATOR_GUARD_HOOK" ] || exec /bin/sh "$ORCHESTRATOR_GUARD_HOOK"'
"""A shell command; 0 lets the tool run, 2 refuses with the reason on standard error (all three CLIs agree on that)."""

HOOK_WITHIN_S: Final = 3600
"""Longer than any policy lets a command wait for consent: the guard itself ends the waiting, with a refusal."""
