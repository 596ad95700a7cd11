"""One line of bytes in, one record or noise out; knows no CLI and never raises."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic_core import from_json

Stream: TypeAlias = Literal["stdout", "stderr", "events"]

MAX_NOISE_CHARACTERS = 8_000

# CSI and OSC sequences, and the two-character escapes.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")

_PADDING = b" \t\r\x00"


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One JSON object a CLI wrote on a line of its own."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is not a JSON object."""

    text: str
    """Decoded with replacement characters, ANSI sequences removed, cut to 8,000 characters."""
    stream: Stream = "stdout"


def decode_line(data: bytes, stream: Stream = "stdout") -> RawRecord | Noise | None:
    """Decode one line; ``None`` for a blank one.  Never raises.

    NUL padding, a trailing CR and ANSI sequences are dropped first.  A record whose strings hold broken UTF-8 or half a
    surrogate pair (node writes those where it cuts a text) is kept, with replacement characters in their place.
    """
    if stream != "stderr":
        try:
            value = from_json(data, allow_inf_nan=False)
        except ValueError:
            pass  # the slow way below sees what can be saved
        else:
            if type(value) is dict:
                return RawRecord(value)
    data = data.strip(_PADDING)
    if not data:
        return None
    text = without_ansi(data.decode("utf-8", "replace")).strip()
    if not text:
        return None
    if text[0] == "{" and stream != "stderr":
        record = _lenient(text)
        if record is not None:
            return RawRecord(record)
    return Noise(text[:MAX_NOISE_CHARACTERS].replace("\x00", ""), stream)


def without_ansi(text: str) -> str:
    """The text without terminal control sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _lenient(text: str) -> Mapping[str, Any] | None:
    """The JSON object that a slower, more forgiving parser finds; ``None`` if there is none."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        clean: object = _scrubbed(value) if "\\u" in text else value
    except (ValueError, RecursionError):
        return None
    return clean if isinstance(clean, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _scrubbed(value: Any) -> Any:
    """The value with every lone surrogate replaced: those cannot be written to a file again."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
        case list():
            return [_scrubbed(item) for item in value]
        case _:
            return value
