"""These names say how a gate ended, and which way its value has to go."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class GateState(StrEnum):
    """The state of a gate.  Only the first lets a release through by itself."""

    PASS = "pass"  # noqa: S105 - the word a gate ends with
    FAIL = "fail"
    NOT_MEASURED = "not measured"


Direction = Literal["at least", "at most"]
