"""Read what a CLI keeps in a file of its home and says in no stream, for the turn that has just ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from orchestrator.agents.contract import Agent, Aside, Translation
from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.models.events import AgentEvent, EventType, Unrecognised
from orchestrator.wire.records import RawRecord, decode_line

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_FILES: Final = 4_000
MOST_EVENTS: Final = 100
"""The worker can write in its home, so what stands there is as trusted as what it says, and as bounded."""


@dataclass(slots=True)
class AsideReader:
    """Finds the file of one worker's conversation and tells of its last turn.

    Args:
        home: The worker's own home folder.
    """

    agent: Agent
    aside: Aside
    home: Path

    @classmethod
    def of(cls, agent: Agent, home: Path) -> AsideReader | None:
        """The reader for an agent's worker; ``None`` where its CLI keeps nothing beside its streams."""
        return cls(agent, agent.aside, home) if agent.aside is not None else None

    def last_turn(self, conversation: str, at: datetime) -> Sequence[AgentEvent]:
        """What the streams have hidden of it; a file that cannot be read is said."""
        name = self._name_of(conversation)
        if name is None:
            return ()
        content = ForeignFolder(self.home).read(name, most_bytes=MOST_BYTES)
        if isinstance(content, Unread):
            note = Unrecognised(f"{self.agent.title}'s own record of the conversation was not read: {content}")
            return (AgentEvent(EventType.STATUS, self.agent.name, at, note),)
        state, events = Translation(), list[AgentEvent]()
        for line in content.splitlines():
            for record in decode_line(line, "stdout"):
                if isinstance(record, RawRecord) and self.aside.begins_turn(record.data):
                    state, events = Translation(), []
                state, told = self.aside.translate(state, record, at)
                events += told[: MOST_EVENTS - len(events)]
        return events

    def _name_of(self, conversation: str) -> str | None:
        if not conversation:
            return None
        ending = self.aside.ending.replace("{conversation}", conversation)
        found = [
            str(entry.name)
            for entry in ForeignFolder(self.home).walk(str(self.aside.folder), most=MOST_FILES)
            if isinstance(entry, Entry) and entry.status.kind == "file" and entry.base.endswith(ending)
        ]
        return max(found, default=None)
