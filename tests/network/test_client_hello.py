"""Hellos of a real TLS client, cut everywhere, and hellos that no client says."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.network.client_hello import MOST_BYTES, ClientHello, UnreadableHello, read_hello


def hello(name: str | None) -> bytes:
    """What the TLS library of this Python says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def made(*extensions: tuple[int, bytes]) -> bytes:
    """A small hello with these extensions, in one record."""
    said = b"".join(kind.to_bytes(2) + len(body).to_bytes(2) + body for kind, body in extensions)
    message = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + len(said).to_bytes(2) + said
    return records(b"\x01" + len(message).to_bytes(3) + message, 1 << 14)


def records(message: bytes, size: int) -> bytes:
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in parts)


def names(*wanted: bytes, kind: int = 0) -> tuple[int, bytes]:
    listed = b"".join(bytes([kind]) + len(name).to_bytes(2) + name for name in wanted)
    return 0, len(listed).to_bytes(2) + listed


def test_a_real_hello_names_its_server_and_is_whole_only_at_its_end() -> None:
    said = hello("Far.test")
    assert read_hello(said) == ClientHello("far.test", is_encrypted=False)
    for cut in range(len(said)):
        assert read_hello(said[:cut]) is None
    assert read_hello(said + b"more") == read_hello(said)
    assert read_hello(hello(None)) == ClientHello(None, is_encrypted=False)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_hello_may_be_cut_into_records_anywhere(size: int) -> None:
    said = hello("far.test")
    assert read_hello(records(said[5:], size)) == ClientHello("far.test", is_encrypted=False)


def test_a_hello_within_a_hello_is_said() -> None:
    found = read_hello(made(names(b"public.test"), (0xFE0D, b"\x00")))
    assert found == ClientHello("public.test", is_encrypted=True)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(made(names(b"a.test", b"b.test")), id="two names"),
        pytest.param(made(names(b"a.test"), names(b"b.test")), id="two lists of names"),
        pytest.param(made(names(b"a.test", kind=7)), id="another kind of name"),
        pytest.param(made(names(b"")), id="an empty name"),
        pytest.param(made(names(b"\xff.test")), id="a name that is not ASCII"),
        pytest.param(made((0, b"\x00\x09\x00")), id="a name that breaks off"),
        pytest.param(b"\x16\x02\x00\x00\x05hello", id="another protocol"),
        pytest.param(b"\x16\x03\x01\x00\x00", id="an empty record"),
        pytest.param(records(b"\x02\x00\x00\x01x", 100), id="another message"),
        pytest.param(records(b"\x01\x00\x00\x01x", 100), id="no hello"),
        pytest.param(records(b"\x01\xff\xff\xff" + b"x" * MOST_BYTES, 10_000), id="without end"),
    ],
)
def test_what_does_not_say_plainly_whom_it_wants_cannot_be_read(said: bytes) -> None:
    with pytest.raises(UnreadableHello):
        read_hello(said)


@given(some.binary(max_size=300))
def test_nothing_else_is_ever_raised(noise: bytes) -> None:
    for said in (noise, b"\x16\x03\x01" + len(noise).to_bytes(2) + noise, records(b"\x01" + noise, 50)):
        try:
            read_hello(said)
        except UnreadableHello:
            continue
