from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
from anyio.streams.stapled import StapledObjectStream

from orchestrator.rehearsal.http_exchange import BadRequest, Exchange, HttpRequest


@asynccontextmanager
async def peer(chunks: list[bytes]) -> AsyncIterator[tuple[Exchange, list[bytes]]]:
    """An exchange with somebody who sends these chunks and then ends; what is sent back."""
    send, receive = anyio.create_memory_object_stream[bytes](len(chunks))
    back, sent = anyio.create_memory_object_stream[bytes](100)
    answers: list[bytes] = []
    async with receive, back, sent:
        for chunk in chunks:
            await send.send(chunk)
        await send.aclose()
        yield Exchange(StapledObjectStream(back, receive)), answers
        with suppress(anyio.WouldBlock):
            while True:
                answers.append(sent.receive_nowait())


async def read(*chunks: bytes) -> HttpRequest | None:
    async with peer(list(chunks)) as (exchange, _):
        return await exchange.read_request()


BODY = b'{"a": "\xc3\xbc"}'
PLAIN = b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n" + BODY


@pytest.mark.parametrize("cut", range(1, len(PLAIN)))
async def test_a_request_is_read_wherever_the_network_cuts_it(cut: int) -> None:
    request = await read(PLAIN[:cut], PLAIN[cut:])
    assert request is not None
    assert (request.method, request.path, request.target) == ("POST", "/v1/messages", "/v1/messages?beta=true")
    assert request.json() == {"a": "ü"}


async def test_two_requests_come_over_one_connection() -> None:
    async with peer([PLAIN + PLAIN]) as (exchange, answers):
        first = await exchange.read_request()
        await exchange.send_whole(b"{}")
        assert await exchange.read_request() == first
        await exchange.begin_events()
        await exchange.send_event(b"data: 1\n\n")
        await exchange.end_events()
        assert await exchange.read_request() is None
    whole, *events = answers
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(b"\r\n\r\n{}")
    assert b"".join(events).endswith(b"\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n")


async def test_a_head_is_answered_without_a_body_and_who_waits_is_told_to_go_on() -> None:
    async with peer([b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"]) as (exchange, answers):
        assert await exchange.read_request()
        await exchange.send_whole(b"{}", status=529)
    assert b"".join(answers).startswith(b"HTTP/1.1 529 Overloaded\r\n")
    assert b"content-length: 2" in b"".join(answers).lower()
    assert b"".join(answers).endswith(b"\r\n\r\n")
    patient = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    async with peer([patient, b"{}"]) as (exchange, answers):
        assert (await exchange.read_request() or HttpRequest("", "", {}, b"")).body == b"{}"
    assert b"".join(answers).startswith(b"HTTP/1.1 100 ")


async def test_a_body_may_come_in_chunks_or_packed() -> None:
    chunked = b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n3;x=y\r\n 1}\r\n0\r\n\r\n'
    assert (await read(chunked) or HttpRequest("", "", {}, b"")).json() == {"a": 1}
    packed = gzip.compress(b'{"a": 2}')
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert (await read(head + packed) or HttpRequest("", "", {}, b"")).json() == {"a": 2}


async def test_a_proxys_absolute_form_is_cut_to_the_path() -> None:
    request = await read(b"GET http://model.rehearsal/v1/models HTTP/1.1\r\nHost: model.rehearsal\r\n\r\n")
    assert request is not None
    assert request.path == "/v1/models"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"hello\r\n\r\n", id="no request line"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}", id="torn body"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad chunk size"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, id="endless headers"),
    ],
)
async def test_what_is_no_request_is_refused(sent: bytes) -> None:
    with pytest.raises(BadRequest):
        await read(sent)


async def test_a_body_that_is_no_object_counts_as_empty() -> None:
    request = await read(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n[1]")
    assert request is not None
    assert request.json() == {}
