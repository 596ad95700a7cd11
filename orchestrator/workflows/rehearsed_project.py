"""Lay out the small project that a rehearsal of a coverage boost plays on."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder

SHOP: Final = Path(__file__).parent / "rehearsed_shop.toml"


def files_of(text: str) -> dict[str, str]:
    """By name, what the files of a project hold that stand in one TOML file."""
    return {str(name): str(content).lstrip("\n") for name, content in tomllib.loads(text)["files"].items()}


def lay_shop(cache: Path) -> Path:
    """The project in the cache folder, as new.  Blocks.

    Raises:
        EnvironmentUnfit: It cannot be written.
    """
    folder = cache / "rehearsed-shop"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            ForeignFolder(cache).remove_all(folder.name)
        for name, content in files_of(SHOP.read_text(encoding="utf-8")).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise EnvironmentUnfit(f"the project of the rehearsal cannot be written: {error}") from error
    return folder.resolve()


def python_with_pytest() -> Path | None:
    """The interpreter that runs this program, where it has pytest."""
    return Path(sys.executable) if importlib.util.find_spec("pytest") is not None else None
