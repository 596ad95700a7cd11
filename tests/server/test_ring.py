from __future__ import annotations

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from orchestrator.server.messages import Message, as_json, as_sse
from orchestrator.server.ring import Ring


def said(text: str) -> Message:
    return Message("entry", "s:1", text.encode())


def test_everybody_gets_the_same_bytes() -> None:
    ring = Ring()
    ring.publish([said("1")])
    first, again = ring.since(0), ring.since(0)
    assert first
    assert again
    assert first[0].chunk is again[0].chunk


@pytest.mark.parametrize("length", [10, 20, 125, 0x5B, 300, 70_000])
def test_a_block_reads_the_same_in_every_dress(length: int) -> None:
    block = Ring().publish([Message("entry", "s:7", b'"%b"' % (b"x" * length))])
    assert block.n == 7
    assert block.sse == as_sse(block.messages)
    assert block.chunk == b"%x\r\n%b\r\n" % (len(block.sse), block.sse)
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(block.frame)
    (told,) = client.events()
    assert isinstance(told, TextMessage)
    assert told.message_finished
    assert told.data == block.json == as_json(block.messages)


def test_blocks_are_found_from_the_number_asked_for() -> None:
    ring = Ring()
    for text in "abc":
        ring.publish([said(text)])
    assert [block.messages[0].data for block in ring.since(1) or ()] == [b"b", b"c"]
    assert ring.since(3) == ()


def test_the_oldest_blocks_go_and_who_wants_them_is_told() -> None:
    ring = Ring(most_bytes=200)
    for _ in range(10):
        ring.publish([said("x" * 60)])
    assert ring.since(0) is None
    assert ring.since(9)


def test_the_newest_block_stays_however_big() -> None:
    ring = Ring(most_bytes=10)
    ring.publish([said("x" * 1000)])
    assert ring.since(0)
