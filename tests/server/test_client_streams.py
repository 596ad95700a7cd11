from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import anyio
import anyio.lowlevel
import h11
import pytest
from anyio.abc import ByteStream

from orchestrator.journal.reader import read_journal
from orchestrator.server.ring import MOST_BYTES
from orchestrator.server.rows import rows_of
from tests.server.conftest import Picture, Served, SseReader, Stage

CUTS = int(os.environ.get("ORCHESTRATE_STREAM_CUTS", "25"))
"""How often the connection is cut; 200 in the long form."""


def rows_in_journal(stage: Stage) -> list[str]:
    return [row.id for entry in read_journal(stage.folder.journal_file) for row in rows_of(entry)]


async def read_stream(
    served: Served,
    picture: Picture,
    until: Callable[[], bool],
    *,
    cut_after: int | None = None,
    path: str = "/api/events/stream",
) -> None:
    """One connection's worth of the stream, from where the picture is; ``cut_after`` bytes the line breaks."""
    reader = SseReader(picture)
    position = {"last-event-id": picture.last_id} if picture.last_id else {}
    with anyio.fail_after(30):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as connection:
            left = cut_after
            body = Body(connection)
            await body.ask(served, path, **position)
            while not until():
                data = await body.receive()
                if left is not None and len(data) >= left:
                    reader.feed(data[:left])
                    return
                left = left - len(data) if left is not None else None
                reader.feed(data)


class Body:
    """What one request is answered, as HTTP/1.1 tells it; use :meth:`ask` first."""

    def __init__(self, connection: ByteStream) -> None:
        self._connection = connection
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, served: Served, path: str = "/api/events/stream", **headers: str) -> None:
        named = {"host": "127.0.0.1", **served.headers, **headers}
        request = h11.Request(method="GET", target=path, headers=list(named.items()))
        await self._connection.send(self._http.send(request) + self._http.send(h11.EndOfMessage()))

    async def receive(self) -> bytes:
        while True:
            match self._http.next_event():
                case h11.Data(data=data):
                    return bytes(data)
                case h11.Response(status_code=status):
                    assert status == 200
                case h11.EndOfMessage():
                    raise anyio.EndOfStream
                case _:
                    self._http.receive_data(await self._connection.receive())


async def test_a_stream_tells_everything_from_the_beginning(served: Served, stage: Stage) -> None:
    stage.say(*(f"line {i}" for i in range(700)))
    picture = Picture()
    await read_stream(served, picture, lambda: picture.entries == stage.length)
    assert picture.rows == rows_in_journal(stage)
    assert picture.last_id == f"{stage.folder.id}:{stage.length}"


async def test_who_comes_back_is_told_exactly_what_was_missed(served: Served, stage: Stage) -> None:
    stage.say("one", "two")
    picture = Picture()
    await read_stream(served, picture, lambda: picture.entries == stage.length)
    before = len(picture.rows)
    stage.say("three", "four")
    await read_stream(served, picture, lambda: picture.entries == stage.length)
    assert len(picture.rows) == before + 2
    assert picture.rows == rows_in_journal(stage)


@pytest.mark.slow
async def test_a_stream_cut_again_and_again_ends_where_an_unbroken_one_does(served: Served, stage: Stage) -> None:
    chance = random.Random(20261121)
    broken, whole = Picture(), Picture()
    finished = anyio.Event()

    async def write() -> None:
        for i in range(CUTS * 6):
            stage.say(*(f"line {i}.{k}" for k in range(chance.randrange(1, 4))))
            if i % 5 == 0:
                stage.sample(float(i % 100))
            await anyio.sleep(chance.random() * 0.02)
        finished.set()

    def done(picture: Picture) -> Callable[[], bool]:
        return lambda: finished.is_set() and picture.entries == stage.length

    async def cut_and_cut() -> None:
        for _ in range(CUTS):
            await read_stream(served, broken, lambda: False, cut_after=chance.randrange(200, 9_000))
        await read_stream(served, broken, done(broken))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        tasks.start_soon(read_stream, served, whole, done(whole))
        tasks.start_soon(cut_and_cut)
    assert broken.rows == whole.rows == rows_in_journal(stage)
    assert broken.state == whole.state


async def test_a_position_of_another_session_starts_afresh(served: Served, stage: Stage) -> None:
    picture = Picture(last_id="20200101-000000-0000:99", rows=["stale"])
    await read_stream(served, picture, lambda: picture.entries == stage.length)
    assert picture.rows == rows_in_journal(stage)


async def test_who_keeps_up_is_told_past_its_task_and_then_good_bye(served: Served, stage: Stage) -> None:
    picture = Picture()
    reader = SseReader(picture)
    with anyio.fail_after(60):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as connection:
            body = Body(connection)
            await body.ask(served)
            follower = await served.dashboard.hub.follower(None)
            while not follower.broadcast.size:
                reader.feed(await body.receive())
            for text in ("one", "two", "three"):
                stage.say(text)
                while picture.entries != stage.length:
                    reader.feed(await body.receive())
                assert follower.broadcast.size == 1
            served.dashboard.end()
            with suppress(anyio.EndOfStream):
                while True:
                    reader.feed(await body.receive())
    assert picture.rows == rows_in_journal(stage)
    assert picture.said_bye


async def test_an_old_client_that_knows_no_chunks_is_told_the_same(served: Served, stage: Stage) -> None:
    request = f"GET /api/events/stream HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {served.token}\r\n\r\n"
    told = b""
    with anyio.fail_after(60):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as connection:
            await connection.send(request.encode())
            while b'"whole":true' not in told:
                told += await connection.receive()
            stage.say("one")
            while b'"text":"one"' not in told or not told.endswith(b"\n\n"):
                told += await connection.receive()
    picture = Picture()
    SseReader(picture).feed(told.partition(b"\r\n\r\n")[2])
    assert picture.rows == rows_in_journal(stage)


@pytest.mark.slow
async def test_a_slow_client_is_caught_up_from_the_journal_and_costs_no_memory(served: Served, stage: Stage) -> None:
    picture = Picture()
    reader = SseReader(picture)
    with anyio.fail_after(60):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as slow:
            body = Body(slow)
            await body.ask(served)
            while not picture.state:
                reader.feed(await body.receive())
            for i in range(40):  # 12 MB that this client does not read
                stage.say(*(f"{i}.{k} " + "x" * 3_000 for k in range(100)))
                await anyio.lowlevel.checkpoint()
            quick = Picture(last_id=picture.last_id)
            await read_stream(served, quick, lambda: quick.entries == stage.length)
            follower = await served.dashboard.hub.follower(None)
            assert follower.ring.size <= MOST_BYTES
            while picture.entries != stage.length:
                reader.feed(await body.receive())
    assert picture.rows == rows_in_journal(stage)
    assert picture.state["workers"] == quick.state["workers"]


async def test_streams_end_with_a_good_bye_and_within_a_second(served: Served, stage: Stage) -> None:
    pictures = [Picture() for _ in range(5)]
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for picture in pictures:
                tasks.start_soon(_until_closed, served, picture)
            while not all(picture.state for picture in pictures):  # noqa: ASYNC110 - the readers are many
                await anyio.sleep(0.01)
            began = anyio.current_time()
            served.dashboard.end()
    assert anyio.current_time() - began < 1
    assert all(picture.said_bye for picture in pictures)


async def _until_closed(served: Served, picture: Picture) -> None:
    with suppress(anyio.EndOfStream):
        await read_stream(served, picture, lambda: False)


@pytest.mark.slow
async def test_a_beat_comes_while_nothing_happens(served: Served, stage: Stage) -> None:
    picture = Picture()
    beats: list[float] = []
    reader = SseReader(picture)
    with anyio.fail_after(60):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as connection:
            body = Body(connection)
            await body.ask(served)
            while len(beats) < 2:
                data = await body.receive()
                reader.feed(data)
                beats += [anyio.current_time()] * data.count(b"event: beat")
    assert all(later - earlier < 1.5 for earlier, later in pairwise(beats))
