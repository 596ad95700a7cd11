"""Keep the newest blocks of one session's stream once for all its clients, bounded in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from orchestrator.server.messages import Message, as_json, as_sse

MOST_BYTES = 4 * 1024 * 1024
"""What a client may fall behind before it is caught up from the journal instead."""


@dataclass(frozen=True)
class Block:
    """The messages that were published at one moment."""

    number: int
    messages: tuple[Message, ...]

    @cached_property
    def n(self) -> int:
        """The last entry known to whoever was told it."""
        return int(self.messages[-1].id.rpartition(":")[2])

    @cached_property
    def chunk(self) -> bytes:
        """The block as server-sent events, in one chunk of HTTP/1.1's chunked coding."""
        data = as_sse(self.messages)
        return b"%x\r\n%b\r\n" % (len(data), data)

    @cached_property
    def frame(self) -> bytes:
        """The block as one text frame of a WebSocket, uncompressed; it is made only if a client is there to read it."""
        data = as_json(self.messages).encode()
        return _frame_head(len(data)) + data

    @property
    def sse(self) -> bytes:
        """The messages as server-sent events, without the chunk's framing."""
        return self.chunk[self.chunk.index(b"\n") + 1 : -2]

    @property
    def json(self) -> str:
        """The messages as JSON, without the frame's head."""
        return self.frame[{126: 4, 127: 10}.get(self.frame[1], 2) :].decode()


def _frame_head(length: int) -> bytes:
    """The head of a final text frame from a server (RFC 6455, section 5.2)."""
    if length < 126:
        return b"\x81" + length.to_bytes(1, "big")
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


class Ring:
    """Blocks numbered from 0, the oldest dropped as new ones come."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._blocks: deque[Block] = deque()
        self._most_bytes = most_bytes
        self._bytes = 0
        self.next = 0
        """The number the next block will bear."""

    @property
    def size(self) -> int:
        """The number of bytes that it holds."""
        return self._bytes

    def publish(self, messages: Sequence[Message]) -> Block:
        """Add the messages as one block, and let the oldest go for which there is no room."""
        block = Block(self.next, tuple(messages))
        self._blocks.append(block)
        self._bytes += len(block.chunk)
        self.next += 1
        # The newest one stays, however big, so that those who keep up always find it.
        while self._bytes > self._most_bytes and len(self._blocks) > 1:
            self._bytes -= len(self._blocks.popleft().chunk)
        return block

    def since(self, number: int) -> Sequence[Block] | None:
        """The blocks from ``number`` on; ``None`` where some of them are gone."""
        if number >= self.next:
            return ()
        if not self._blocks or number < self._blocks[0].number:
            return None
        return [self._blocks[i] for i in range(number - self._blocks[0].number, len(self._blocks))]
