"""Describe which settings of a CLI lie in the user's home, and which of them a sandbox policy can hand to workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias

from orchestrator.value_class import value_class

Kind: TypeAlias = Literal[
    "mcp", "instructions", "skills", "commands", "subagents", "providers", "hooks", "settings", "extensions"
]

IN_WORDS: Final[dict[Kind, str]] = {
    "mcp": "MCP servers",
    "instructions": "instructions",
    "skills": "skills",
    "commands": "commands",
    "subagents": "subagents",
    "providers": "model providers",
    "hooks": "hooks",
    "settings": "settings",
    "extensions": "extensions",
}
"""Each kind, as people are told of it."""


@value_class
class UserSetting:
    """One place in the user's home where settings of one kind lie."""

    kind: Kind
    path: PurePosixPath
    """A file or a folder, relative to HOME."""
    keys: tuple[str, ...] = ()
    """The parts of a JSON or TOML file that are meant; empty: all of the file or folder."""
    into: PurePosixPath | None = None
    """Where it goes in the worker's home; ``None``: to the same place."""
    stays: bool = False
    """It is never brought along; people are told that it does not reach workers."""

    @property
    def place(self) -> PurePosixPath:
        """The same place in the worker's home."""
        return self.into or self.path


def settings_of(folder: str, **places: Sequence[str] | str) -> tuple[UserSetting, ...]:
    """Settings by kind, each a name below the CLI's own folder, with the keys that are meant after it."""
    found = []
    for kind, place in places.items():
        name, *keys = (place,) if isinstance(place, str) else place
        stays = kind in ("hooks", "settings", "extensions")
        # The keywords are kinds; mypy takes them for any text.
        found.append(UserSetting(kind, PurePosixPath(folder, name), tuple(keys), stays=stays))  # type: ignore[arg-type]
    return tuple(found)
