"""Heads of requests as clients, and attackers, write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.network.proxy_requests import (
    ProxyRequest,
    UnreadableRequest,
    for_upstream,
    parse_inner_request,
    parse_request,
)


def test_connect_names_a_host_and_a_port() -> None:
    asked = parse_request(b"CONNECT API.test:443 HTTP/1.1\r\nHost: API.test:443\r\n\r\n")
    assert asked == ProxyRequest("api.test", 443, is_tunnel=True)
    assert parse_request(b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n").host == "::1"


def test_a_whole_address_is_forwarded_as_the_host_expects_it() -> None:
    head = b"GET http://a.test:81/x?y HTTP/1.1\r\nHost: other\r\nProxy-Authorization: z\r\n"
    head += b"Connection: keep-alive\r\nA: b\r\n\r\n"
    asked = parse_request(head)
    assert (asked.host, asked.port, asked.is_tunnel) == ("a.test", 81, False)
    assert asked.forwarded == b"GET /x?y HTTP/1.1\r\nHost: a.test:81\r\nConnection: close\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    ("address", "path"), [("http://a.test", "/"), ("http://a.test/", "/"), ("http://a.test?q", "/?q")]
)
def test_a_path_begins_with_a_slash(address: str, path: str) -> None:
    assert parse_request(f"GET {address} HTTP/1.1\r\n\r\n".encode()).forwarded.split()[1].decode() == path


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"CONNECT a.test HTTP/1.1\r\n\r\n",
        b"CONNECT a.test:0 HTTP/1.1\r\n\r\n",
        b"CONNECT a.test:70000 HTTP/1.1\r\n\r\n",
        b"CONNECT a.test:443\tb.test:443 HTTP/1.1\r\n\r\n",
        b"GET http://user@a.test/ HTTP/1.1\r\n\r\n",
        b"GET https://a.test/ HTTP/1.1\r\n\r\n",
        b"CONNECT a.test:443 HTTP/2\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"\r\n\r\n",
        b"GET http://a.test/\x0b HTTP/1.1\r\n\r\n",
        b"GET http://a.test/\x80 HTTP/1.1\r\n\r\n",
        b"GET http://a.test/\rX HTTP/1.1\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\nHost: a.test\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nA: b\x00\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nA: b\x7f\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nHost : b.test\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\n: b\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\n\r\nmore\r\n\r\n",
        b"GET  http://a.test/ HTTP/1.1\r\n\r\n",
        b"GET http://a_test%2eb/ HTTP/1.1\r\n\r\n",
        b"GET http://[::1%25eth0]/ HTTP/1.1\r\n\r\n",
        b"GET http://a..b@c/ HTTP/1.1\r\n\r\n",
        b"POST http://a.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"POST http://a.test/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        b"POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n\r\n",
        b"POST http://a.test/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET http://a.test/#x HTTP/1.1\r\n\r\n",
        b"GET http://a.test#@b.test/ HTTP/1.1\r\n\r\n",
        b"CONNECT a.test:443 HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
    ],
)
def test_what_is_no_request_to_a_proxy_is_said_to_be_none(head: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        parse_request(head)


@given(some.binary(max_size=200))
def test_nothing_else_is_ever_raised(noise: bytes) -> None:
    try:
        asked = parse_request(noise + b"\r\n\r\n")
    except UnreadableRequest:
        return
    assert 0 < asked.port < 65536


def test_another_proxy_is_asked_for_the_tunnel_or_the_whole_address() -> None:
    tunnel = parse_request(b"CONNECT [2606:4700::1]:443 HTTP/1.1\r\nA: b\r\n\r\n")
    assert for_upstream(tunnel, "Basic eA==") == (
        b"CONNECT [2606:4700::1]:443 HTTP/1.1\r\nHost: [2606:4700::1]:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"
    )
    plain = parse_request(b"GET http://a.test/x?y HTTP/1.1\r\nProxy-Authorization: theirs\r\nA: b\r\n\r\n")
    assert for_upstream(plain, None) == (
        b"GET http://a.test:80/x?y HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nA: b\r\n\r\n"
    )


def test_what_is_between_client_and_proxy_alone_is_left_out() -> None:
    head = (
        b"GET http://a.test/ HTTP/1.1\r\nConnection: x-own, upgrade\r\nX-Own: 1\r\nUpgrade: websocket\r\nB: c\r\n\r\n"
    )
    assert parse_request(head).forwarded == b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nB: c\r\n\r\n"


@pytest.mark.parametrize("named", [b"a.test:81", b"A.test.:81"])
def test_a_request_in_a_tunnel_is_for_the_tunnels_host(named: bytes) -> None:
    asked = parse_inner_request(b"GET /x HTTP/1.1\r\nHost: " + named + b"\r\n\r\n", "a.test", 81)
    assert asked.forwarded.startswith(b"GET /x HTTP/1.1\r\nHost: " + named + b"\r\nConnection: close\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /x HTTP/1.1\r\nHost: b.test:81\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: a.test:82\r\n\r\n",
        b"GET http://b.test/ HTTP/1.1\r\nHost: a.test:81\r\n\r\n",
        b"GET /x HTTP/1.0\r\n\r\n",
        b"CONNECT b.test:443 HTTP/1.1\r\nHost: a.test:81\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ],
)
def test_a_request_in_a_tunnel_for_somebody_else_is_refused(head: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        parse_inner_request(head, "a.test", 81)
