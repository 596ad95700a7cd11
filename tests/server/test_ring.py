from __future__ import annotations

from orchestrator.server.messages import Message
from orchestrator.server.ring import Ring


def said(text: str) -> Message:
    return Message("entry", "s:1", text.encode())


def test_everybody_gets_the_same_bytes() -> None:
    ring = Ring()
    ring.publish([said("1")])
    first, again = ring.since(0), ring.since(0)
    assert first
    assert again
    assert first[0].sse is again[0].sse


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
