"""Give every agent one colour, the same in tables and logs, of the 256 that terminals know."""

from __future__ import annotations

from typing import Final

AGENT_COLOURS: Final = {"gemini": 69, "claude": 173, "codex": 36, "opencode": 134, "qwen": 169}
"""The browser's hues, readable on dark and light ground; none is one of those that stand for good, warning and bad."""

_FURTHER: Final = (168, 67, 136, 66, 97)


def agent_colour(worker: str) -> int:
    """The colour of the agent that a worker is named after; any other name always gets one and the same colour."""
    for name, colour in AGENT_COLOURS.items():
        if worker == name or worker.startswith(f"{name}-") or worker.endswith(f"-{name}"):
            return colour
    return _FURTHER[sum(worker.encode()) % len(_FURTHER)]
