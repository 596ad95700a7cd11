"""Read what the newest sessions found out about the agents' CLIs, so that a plan need not start any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from orchestrator.journal.folder import all_sessions
from orchestrator.value_class import value_class

MOST_SESSIONS = 20
"""So many of the newest are looked at; what nobody used since is taken for not probed."""
MOST_BYTES = 4 * 1024**2


@value_class
class LastProbe:
    """What a session found when it began."""

    version: str | None
    usable: bool
    at: str
    """When, as an ISO time in UTC."""


def last_probes(workspace: Path) -> Mapping[str, LastProbe]:
    """By agent, from the newest sessions with the user's own CLIs; what cannot be read is left out.  Blocks."""
    found: dict[str, LastProbe] = {}
    for folder in all_sessions(workspace)[:MOST_SESSIONS]:
        content = _content(folder.session_file)
        if content.get("rehearsal") is not None:
            continue  # its CLIs are those of the rehearsal
        at = content.get("opened_at")
        for row in rows if isinstance(rows := content.get("found"), list) else ():
            if isinstance(row, dict) and isinstance(name := row.get("name"), str) and isinstance(at, str):
                version = row.get("version")
                probe = LastProbe(version if isinstance(version, str) else None, row.get("usable") is True, at)
                found.setdefault(name, probe)
    return found


def _content(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
