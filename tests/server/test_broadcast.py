from __future__ import annotations

import asyncio
from contextlib import closing

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from orchestrator.server.broadcast import TRANSPORT, Broadcast, Subscriber, no_outlet, outlet_of
from orchestrator.server.messages import Message
from orchestrator.server.ring import Block, Ring

pytestmark = pytest.mark.anyio


def block(ring: Ring, n: int) -> Block:
    return ring.publish([Message("entry", f"s:{n}", b"{}")])


async def test_who_takes_every_block_is_not_woken_and_its_place_is_known() -> None:
    told: list[Block] = []
    broadcast, ring = Broadcast(), Ring()

    def take(block: Block) -> bool:
        told.append(block)
        return True

    subscriber = Subscriber(n=4, outlet=take)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(broadcast.sit, subscriber)
            await anyio.lowlevel.checkpoint()
            for n in (5, 6):
                broadcast.tell(block(ring, n))
            await anyio.lowlevel.checkpoint()
            assert broadcast.size == 1
            broadcast.send_all_away()
    assert [one.n for one in told] == [5, 6]
    assert (subscriber.n, subscriber.number, broadcast.size) == (6, 2, 0)


async def test_who_cannot_take_a_block_is_sent_to_its_own_task_without_it() -> None:
    broadcast, ring = Broadcast(), Ring()
    subscriber = Subscriber(n=4, outlet=no_outlet)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(broadcast.sit, subscriber)
            await anyio.lowlevel.checkpoint()
            broadcast.tell(block(ring, 5))
    assert (subscriber.n, subscriber.number, broadcast.size) == (4, 0, 0)
    assert [one.n for one in ring.since(subscriber.number) or ()] == [5]


async def test_a_subscriber_that_is_gone_is_no_longer_counted() -> None:
    broadcast = Broadcast()
    with anyio.move_on_after(0.01):
        await broadcast.sit(Subscriber(n=0))
    assert broadcast.size == 0


async def test_a_connection_takes_a_block_whole_or_not_at_all() -> None:
    ring = Ring()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", port)
        with closing(transport):
            outlet = outlet_of({"extensions": {TRANSPORT: transport}}, lambda one: one.chunk)
            assert outlet(block(ring, 1))
            while not transport.get_write_buffer_size():
                transport.write(b"x" * 1_000_000)
            held = transport.get_write_buffer_size()
            assert not outlet(block(ring, 2))
            assert transport.get_write_buffer_size() == held
            transport.abort()
            assert not outlet(block(ring, 3))
    assert not outlet_of({}, lambda one: one.chunk)(block(ring, 4))
