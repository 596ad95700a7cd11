"""These values are what a line of a stream holds: records, and noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from orchestrator.value_class import value_class

Stream: TypeAlias = Literal["stdout", "stderr", "events"]


@value_class
class RawRecord:
    """One whole JSON object that a CLI wrote."""

    data: Mapping[str, Any]


@value_class
class Noise:
    """A line, or a part of one, that is not a JSON object."""

    text: str
    """Decoded with replacement characters, ANSI sequences removed, cut to 8,000 characters."""
    stream: Stream = "stdout"
