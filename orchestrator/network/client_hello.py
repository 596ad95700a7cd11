"""Read which server a TLS client wants from the first bytes that it sends (RFC 8446, RFC 6066).  It is pure."""

from __future__ import annotations

from typing import Final

from orchestrator.value_class import value_class

HANDSHAKE: Final = 0x16
"""The first byte of every TLS connection."""
UNRECOGNIZED_NAME: Final = b"\x15\x03\x01\x00\x02\x02\x70"
"""The alert that tells a client that nobody here bears the name it asked for."""
MOST_BYTES: Final = 32 * 1024
"""A hello has some 2 KB with the key shares of 2026."""
_CLIENT_HELLO, _SERVER_NAME, _ENCRYPTED_HELLO, _HOST_NAME = 1, 0, 0xFE0D, 0


class UnreadableHello(ValueError):
    """The bytes are no ClientHello, or none that says plainly what it wants."""


@value_class
class ClientHello:
    """What a client says of the server it wants."""

    server_name: str | None
    """In lower case, without a trailing dot; ``None`` where it names none."""
    is_encrypted: bool
    """It holds another hello that only the server can read (ECH), or pretends to."""


def read_hello(data: bytes) -> ClientHello | None:
    """Read a ClientHello from the bytes that came so far; ``None``: there must be more of them.

    Raises:
        UnreadableHello: The bytes are no ClientHello.
    """
    message = _message(data)
    if message is None:
        return None
    try:
        return _hello(message)
    except (IndexError, UnicodeDecodeError):
        raise UnreadableHello("its ClientHello is malformed") from None


def _message(data: bytes) -> bytes | None:
    """The body of the handshake's first message, which may be cut into several records."""
    joined, at = b"", 0
    while len(data) - at >= 5:
        kind, major, length = data[at], data[at + 1], int.from_bytes(data[at + 3 : at + 5])
        if kind != HANDSHAKE or major != 3 or not 0 < length <= 1 << 14:
            raise UnreadableHello("it begins like TLS and is not")
        joined += data[at + 5 : at + 5 + length]
        at += 5 + length
        if joined and joined[0] != _CLIENT_HELLO:
            raise UnreadableHello("its first message is no ClientHello")
        if len(joined) >= 4 and len(joined) - 4 >= (size := int.from_bytes(joined[1:4])):
            return joined[4 : 4 + size]
        if at > len(data):
            break
    if len(data) > MOST_BYTES:
        raise UnreadableHello(f"its ClientHello has more than {MOST_BYTES:,} bytes")
    return None


class _Fields:
    """Fields of a message, one after the other; an ``IndexError`` where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, count: int) -> bytes:
        if len(self._data) < count:
            raise IndexError
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count))

    def vector(self, count: int) -> bytes:
        """Bytes whose length stands before them in ``count`` bytes."""
        return self.take(self.number(count))


def _hello(message: bytes) -> ClientHello:
    fields = _Fields(message)
    fields.take(2 + 32)  # version and random
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        fields.vector(width)
    names: list[str] = []
    seen: set[int] = set()
    extensions = _Fields(fields.vector(2) if fields else b"")
    if fields:
        raise UnreadableHello("something follows its ClientHello's extensions")
    while extensions:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind in seen:
            raise UnreadableHello("its ClientHello says something twice")
        seen.add(kind)
        if kind == _SERVER_NAME:
            names += _names(body)
    if len(names) > 1:
        raise UnreadableHello("its ClientHello names several servers")
    return ClientHello(names[0] if names else None, _ENCRYPTED_HELLO in seen)


def _names(body: bytes) -> list[str]:
    listed = _Fields(body)
    entries = _Fields(listed.vector(2))
    if listed:
        raise UnreadableHello("its ClientHello is malformed")
    names = []
    while entries:
        kind, name = entries.number(1), entries.vector(2)
        if kind != _HOST_NAME or not name:
            raise UnreadableHello("its ClientHello names a server in a way that is not known")
        names.append(name.decode("ascii").rstrip(".").lower())
    return names
