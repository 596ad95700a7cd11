"""The newest blocks of one session's stream, kept once for all its clients and bounded in bytes."""

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
    """What was published at one moment."""

    number: int
    messages: tuple[Message, ...]

    @cached_property
    def sse(self) -> bytes:
        return as_sse(self.messages)

    @cached_property
    def json(self) -> str:
        """Made only if a WebSocket is there to read it."""
        return as_json(self.messages)


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
        """Bytes it holds."""
        return self._bytes

    def publish(self, messages: Sequence[Message]) -> None:
        block = Block(self.next, tuple(messages))
        self._blocks.append(block)
        self._bytes += len(block.sse)
        self.next += 1
        # The newest one stays, however big, so that those who keep up always find it.
        while self._bytes > self._most_bytes and len(self._blocks) > 1:
            self._bytes -= len(self._blocks.popleft().sse)

    def since(self, number: int) -> Sequence[Block] | None:
        """The blocks from ``number`` on; ``None`` where some of them are gone."""
        if number >= self.next:
            return ()
        if not self._blocks or number < self._blocks[0].number:
            return None
        return [self._blocks[i] for i in range(number - self._blocks[0].number, len(self._blocks))]
