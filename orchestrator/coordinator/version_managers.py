"""Find the program behind a version manager's shim, whose settings in the user's home no worker can read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from orchestrator.files.programs import run_program

WHICH_TIME_S: Final = 10.0
_MANAGERS: Final[Mapping[str, tuple[str, ...]]] = {
    "mise": ("mise", "which"),
    "rtx": ("mise", "which"),
    "asdf": ("asdf", "which"),
    "nodenv": ("nodenv", "which"),
    "pyenv": ("pyenv", "which"),
    "rbenv": ("rbenv", "which"),
    "volta": ("volta", "which"),
    "proto": ("proto", "bin"),
}
"""Manager by a part of the path its shims lie in, and how each is asked for the program it would start."""


def manager_of(path: str) -> str | None:
    """The version manager whose shim this is, by where it lies; ``None`` for anything else."""
    parts = [part.lstrip(".") for part in PurePath(path).parent.parts]
    if not parts or parts[-1] not in ("shims", "bin"):
        return None
    found = next((part for part in reversed(parts) if part in _MANAGERS), None)
    # volta's shims lie in ~/.volta/bin; a bin below a manager's installs holds the programs themselves.
    if parts[-1] == "bin" and (found not in ("volta", "proto") or parts[-2] != found):
        return None
    return found


def program_behind(path: str, environ: Mapping[str, str]) -> tuple[str, str | None]:
    """The program a shim stands for, and what went wrong where that is not known; any other path as it is."""
    manager = manager_of(path)
    if manager is None:
        return path, None
    name, (program, verb) = PurePath(path).name, _MANAGERS[manager]
    if shutil.which(program, path=environ.get("PATH", os.defpath)) is None:
        return path, None  # whether the shim starts all the same is found by trying
    asked = run_program((program, verb, name), cwd="/", env=environ, within_s=WHICH_TIME_S, most_bytes=64 * 1024)
    told = asked.stdout.decode("utf-8", "replace").strip().splitlines()
    if asked.is_good and told and os.access(told[-1], os.X_OK) and told[-1].startswith("/"):
        return told[-1], None
    why = asked.problem or f"it answered {told[-1] if told else 'nothing'}"
    return path, f"{path} is a shim of {manager}, and `{program} {verb} {name}` does not say what it starts: {why}"
