"""Keep in a workspace what was read of its journals, so that one that has not changed is not read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.value_class import value_class

Kept_co = TypeVar("Kept_co", covariant=True)


class Content(Protocol[Kept_co]):
    """What a cache's file holds."""

    @property
    def version(self) -> int:
        """Another one is passed over."""

    @property
    def sessions(self) -> Mapping[str, Kept_co]:
        """By session, what was read of its journal."""


@value_class
class JournalCache(Generic[Kept_co]):
    """One such file."""

    name: str
    """In the workspace; derived from the journals, and may be deleted."""
    adapter: TypeAdapter[Content[Kept_co]]
    version: int
    most_bytes: int
    """A larger file is passed over."""

    def read(self, workspace: Path) -> Mapping[str, Kept_co]:
        """What was kept; whatever is wrong with it, the journals are what counts.  Blocks."""
        content = ForeignFolder(workspace).read(self.name, most_bytes=self.most_bytes)
        if isinstance(content, Unread):
            return {}
        try:
            cache = self.adapter.validate_json(content)
        except ValidationError:
            return {}
        return cache.sessions if cache.version == self.version else {}

    def write(self, workspace: Path, content: Content[Kept_co]) -> None:
        """Keep it; where that cannot be, the journals are read again the next time.  Blocks."""
        try:
            write_atomically(workspace / self.name, self.adapter.dump_json(content).decode())
        except EnvironmentUnfit:
            return
