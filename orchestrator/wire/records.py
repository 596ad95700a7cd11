"""One line of bytes in, one record or noise out; knows no CLI and never raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One JSON object a CLI wrote on a line of its own."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is not a JSON object."""

    text: str
    """Decoded with replacement characters, ANSI sequences removed, cut to 8,000 characters."""
    stream: Literal["stdout", "stderr", "events"] = "stdout"
