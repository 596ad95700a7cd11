"""Say of which sessions the agents are asked, at the end, how it went: of those that a run or the settings ask for."""

from __future__ import annotations

from hashlib import sha256

from orchestrator.settings.settings_files import load_settings

_WHOLE = 1 << 32


def asks_for_feedback(session: str, *, asked: bool, is_rehearsal: bool) -> bool:
    """Whether this session asks: the run says so, or the settings' share falls on its id.  Blocks.

    The same id always comes to the same answer, and nothing else of a session has a part in it.  A rehearsal asks only
    where its run says so.
    """
    if asked:
        return True
    share = load_settings().get("feedback", "share")
    return not is_rehearsal and share is not None and falls_on(session, float(share))


def falls_on(session: str, share: float) -> bool:
    """Whether the id lies in this share of all ids."""
    return int.from_bytes(sha256(f"feedback {session}".encode()).digest()[:4], "big") < share * _WHOLE
