from __future__ import annotations

import asyncio

import pytest

from orchestrator.network.client_hello import ClientHello
from orchestrator.network.tunnel_openings import Opening, classify, read_opening, why_another
from tests.network.test_client_hello import hello


@pytest.mark.parametrize(
    ("read", "port", "speaks"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n", 8080, "HTTP", id="a request"),
        pytest.param(b"\r\n\nGET /", 8080, "HTTP", id="a request after empty lines"),
        pytest.param(b"PRI * HTTP/2.0", 443, "HTTP", id="HTTP/2 without TLS"),
        pytest.param(b"x", 80, "HTTP", id="anything at the port of plain HTTP"),
        pytest.param(b"SSH-2.0-x\r\n", 22, "something else", id="ssh"),
        pytest.param(b"\x00\x00\x00\x08", 5432, "something else", id="a database"),
        pytest.param(b"x" * 64, 9418, "something else", id="a long word"),
        pytest.param(b"\x16nonsense", 443, "TLS", id="like TLS"),
    ],
)
def test_what_is_spoken_shows_in_the_first_bytes(read: bytes, port: int, speaks: str) -> None:
    opening = classify(read, port)
    assert opening is not None
    assert (opening.speaks, opening.read) == (speaks, read)


@pytest.mark.parametrize(
    "read", [b"", b"GE", b"\r\n", hello("a.test")[:100]], ids=["nothing", "a method", "an empty line", "half a hello"]
)
def test_too_few_bytes_tell_nothing(read: bytes) -> None:
    assert classify(read, 443) is None


@pytest.mark.parametrize(
    ("said", "is_encrypted", "host", "fits"),
    [
        pytest.param("a.test", False, "a.test", True, id="the same name"),
        pytest.param("b.test", False, "a.test", False, id="another"),
        pytest.param("x.a.test", False, "a.test", False, id="one below it"),
        pytest.param(None, False, "a.test", False, id="none"),
        pytest.param(None, False, "192.0.2.1", True, id="none, for an address"),
        pytest.param(None, False, "2001:db8::1", True, id="none, for a longer address"),
        pytest.param("a.test", False, "192.0.2.1", False, id="a name, for an address"),
        pytest.param("a.test", True, "a.test", False, id="a hidden one behind the same"),
    ],
)
def test_the_servers_name_is_the_one_that_was_allowed(
    said: str | None, is_encrypted: bool, host: str, fits: bool
) -> None:
    assert (why_another(Opening("TLS", b"", ClientHello(said, is_encrypted)), host) is None) is fits


async def test_it_is_read_as_it_comes_and_no_further() -> None:
    reader = asyncio.StreamReader()
    said = hello("a.test")
    task = asyncio.create_task(read_opening(reader, 443))
    for at in range(0, len(said), 100):
        reader.feed_data(said[at : at + 100])
        await asyncio.sleep(0)
    opening = await task
    assert opening.read == said
    assert why_another(opening, "a.test") is None


@pytest.mark.parametrize(
    ("said", "fits"),
    [(b"hello", True), (b"", True), (hello("a.test")[:50], False)],
    ids=["words", "nothing", "half a hello"],
)
async def test_an_end_tells_as_well(said: bytes, fits: bool) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(said)
    reader.feed_eof()
    assert (why_another(await read_opening(reader, 443), "a.test") is None) is fits
