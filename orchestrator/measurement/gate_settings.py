"""Read ``[gates]`` of a project's settings: its allowed licences and its budget."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import UsageError
from orchestrator.files.foreign import ForeignFolder, Unread

SETTINGS: Final = ".orchestrator/settings.toml"
MOST_BYTES: Final = 256 * 1024
_FIGURES: Final = ("seconds", "memory_mib")


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What a project says of its gates."""

    allowed_licences: tuple[str, ...] = ()
    """SPDX identifiers; empty: the usual ones."""
    budget: Mapping[str, float | str] = field(default_factory=dict)
    """``command``, ``seconds`` and ``memory_mib``."""


def read_gate_settings(target: Path) -> GateSettings:
    """What the project says; nothing where it says nothing.  Blocks.

    Raises:
        UsageError: It is written wrongly.
    """
    text = ForeignFolder(target).read_text(SETTINGS, most_bytes=MOST_BYTES)
    if isinstance(text, Unread):
        return GateSettings()
    try:
        gates = tomllib.loads(text).get("gates", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{SETTINGS} is no TOML: {error}") from error
    if not isinstance(gates, dict) or not gates.keys() <= {"allowed_licences", "performance"}:
        raise UsageError(f"{SETTINGS}: [gates] knows allowed_licences and performance alone")
    return GateSettings(_licences(gates.get("allowed_licences", [])), _budget(gates.get("performance", {})))


def _licences(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(name, str) and name.strip() for name in found):
        raise UsageError(f'{SETTINGS}: gates.allowed_licences must be a list of names: ["MIT", "Apache-2.0"]')
    return tuple(found)


def _budget(found: Any) -> Mapping[str, float | str]:
    if not isinstance(found, dict) or not found.keys() <= {"command", *_FIGURES}:
        raise UsageError(f"{SETTINGS}: gates.performance knows command, seconds and memory_mib alone")
    if not found:
        return {}
    command = found.get("command")
    if not isinstance(command, str) or not command.strip() or not (found.keys() & set(_FIGURES)):
        raise UsageError(f"{SETTINGS}: gates.performance needs a command, and seconds or memory_mib")
    for name in _FIGURES:
        value = found.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
            raise UsageError(f"{SETTINGS}: gates.performance.{name} must be a number above 0")
    return dict(found)
