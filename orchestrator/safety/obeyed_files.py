"""Read the table of files that a user's programs obey, and what a sandbox policy makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.errors import InvalidFile
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.toml_files import read_toml

_PACKAGE = Path(__file__).parent.parent
NAME: Final = "obeyed_files.toml"
FOLDERS: Final = (_PACKAGE.parent / "sandbox_policies", _PACKAGE / "sandbox_policies")
"""Beside the package in a checkout, inside it when installed."""
OWN: Final = ".orchestrator/**"
"""What this program itself obeys: no policy lets a worker write it."""
Deed: TypeAlias = Literal["hold", "take back", "discard", "warn"]


class ObeyedFile(BaseModel):
    """One kind of file: who obeys it, when, and what becomes of one that an agent made or changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str = Field(pattern=r"^[^/\s*][^*\n]*(\*[^*\n]*)*(/\*\*)?$|^\*[^*/\n]+$")
    """A path that counts at any depth; ``*`` for a part of a name, ``/**`` at the end for all in a folder."""
    program: str = Field(min_length=1)
    when: str = Field(min_length=5)
    """Goes on from "it runs when …", said to the person whose machine it is."""
    do: Deed
    source: str = Field(pattern=r"^(https://|docs/)\S+$")
    """Where the program's own documentation says that it obeys it."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    file: tuple[ObeyedFile, ...]


@lru_cache(maxsize=1)
def obeyed_files() -> tuple[ObeyedFile, ...]:
    """The table as it came with the program.

    Raises:
        InvalidFile: it cannot be read, or says something it must not.
    """
    path = next(folder / NAME for folder in FOLDERS if (folder / NAME).exists())
    try:
        return _Table.model_validate(read_toml(path, what="the table of obeyed files").data).file
    except ValidationError as problem:
        raise InvalidFile(path, problem.errors()[0]["msg"]) from problem


def rows_of(config: SandboxConfig) -> tuple[ObeyedFile, ...]:
    """The table as a policy has it: what it holds, and its ``never_writable`` names, at any depth.

    Where two rows speak of a file, the first that does more than warn decides.
    """
    return _rows_of(config.never_writable, config.hold)


@lru_cache(maxsize=8)
def _rows_of(never_writable: tuple[str, ...], hold: tuple[str, ...]) -> tuple[ObeyedFile, ...]:
    held = [entry.rstrip("/") for entry in never_writable if _is_anywhere(entry)]
    every = "*" in hold
    table = []
    for row in obeyed_files():
        name = row.pattern.removesuffix("/**")
        firm = every or name in held or row.pattern in hold or row.pattern == OWN
        table.append(row.model_copy(update={"do": "hold"}) if firm else row)
    known = {row.pattern for row in table}
    further: Sequence[str] = [
        pattern for entry in (*held, *hold) for pattern in _patterns(entry) if pattern not in known
    ]
    return (
        *table,
        *(
            ObeyedFile(
                pattern=pattern,
                program="a program of yours",
                when="it looks for such a file, as the sandbox policy says",
                do="hold",
                source="docs/sandbox.md",
            )
            for pattern in dict.fromkeys(further)
        ),
    )


def row_of_git(pattern: str, key: str) -> ObeyedFile:
    """A file or folder of the target that git's own configuration names as a program."""
    when = f"it comes to what {key} in your configuration is for"
    return ObeyedFile(
        pattern=pattern, program="git", when=when, do="hold", source="https://git-scm.com/docs/git-config"
    )


def _is_anywhere(entry: str) -> bool:
    """Whether an entry names files of a target: what lies in git folders has layers of its own."""
    return not entry.startswith(("/", "~", "{", ".git/")) and ".." not in entry


def _patterns(entry: str) -> Sequence[str]:
    if entry == "*":
        return ()
    return (entry,) if "*" in entry else (entry, f"{entry}/**")
