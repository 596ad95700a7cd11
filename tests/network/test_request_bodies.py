from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from orchestrator.network.proxy_requests import UnreadableRequest
from orchestrator.network.request_bodies import send_request

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LENGTH = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
CHUNKS = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


async def sent(head: bytes, chunks: Sequence[bytes]) -> tuple[bytes, bytes]:
    """What a server is sent, and what was left over."""
    told = asyncio.get_running_loop().create_future()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.set_result(await reader.read())
        writer.close()

    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    async with listening:
        _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        reader = asyncio.StreamReader()
        for chunk in chunks:
            reader.feed_data(chunk)
        reader.feed_eof()
        try:
            further = await send_request(reader, writer, head)
        finally:
            writer.close()
            await writer.wait_closed()
        return await told, further


@pytest.mark.parametrize(
    ("head", "chunks", "body", "further"),
    [
        pytest.param(GET, [], b"", b"", id="no body"),
        pytest.param(GET + b"GET /x", [], b"", b"GET /x", id="another request at once"),
        pytest.param(LENGTH, [b"a", b"bc"], b"abc", b"", id="by length"),
        pytest.param(LENGTH, [b"abcGET /x"], b"abc", b"GET /x", id="another request behind a body"),
        pytest.param(CHUNKS, [b"3\r\nabc\r\n0\r\n\r\n"], b"3\r\nabc\r\n0\r\n\r\n", b"", id="by chunks"),
        pytest.param(CHUNKS, [b"3;x=y\r\nab", b"c\r\n0\r\nHost: b\r\n\r\nx"], None, b"x", id="chunks with extras"),
    ],
)
async def test_one_request_is_sent_and_no_more(
    head: bytes, chunks: list[bytes], body: bytes | None, further: bytes
) -> None:
    told, left = await sent(head, chunks)
    assert left == further
    start = head[: head.index(b"\r\n\r\n") + 4]
    assert told.startswith(start)
    if body is not None:
        assert told == start + body
    assert b"Host: b" not in told
    assert b";" not in told


@pytest.mark.parametrize(
    ("head", "chunks"),
    [
        pytest.param(LENGTH, [b"a"], id="too short"),
        pytest.param(CHUNKS, [b"3\r\nabc\r\n"], id="without an end"),
        pytest.param(CHUNKS, [b"x\r\n"], id="no length"),
        pytest.param(CHUNKS, [b"3\r\nabcde\r\n"], id="longer than said"),
    ],
)
async def test_a_body_that_is_not_as_its_head_says_is_refused(head: bytes, chunks: list[bytes]) -> None:
    with pytest.raises(UnreadableRequest):
        await sent(head, chunks)
