"""Send documents through a pipe or a socket, and receive them whole: a length, then JSON.

Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

from orchestrator.shim.attempt_records import decode, encode
from orchestrator.shim.processes import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LENGTH_BYTES = 8
"""In front of each message."""
MOST_BYTES = 64 << 20


def framed(document: Mapping[str, object]) -> bytes:
    """A message as it is sent."""
    data = encode(document).encode()
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def receive(descriptor: int) -> dict[str, Any] | None:
    """The next message; ``None`` once the sender is gone."""
    head = _read_all(descriptor, LENGTH_BYTES)
    if head is None:
        return None
    length = int.from_bytes(head, "little")
    data = _read_all(descriptor, length) if length <= MOST_BYTES else None
    found = None if data is None else decode(data.decode())
    return found if isinstance(found, dict) else None


def _read_all(descriptor: int, length: int) -> bytes | None:
    data = b""
    while len(data) < length:
        try:
            part = os.read(descriptor, length - len(data))
        except OSError:
            return None
        if not part:
            return None
        data += part
    return data


def send(descriptor: int, document: Mapping[str, object]) -> bool:
    """Send a message whole; ``False`` if nobody is there to take it."""
    data = framed(document)
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except OSError:
            return False
    return True
