"""Read what a client asks of its proxy from a request's head, and write the head to forward.  It is pure.

Whoever stands behind us may read a head more leniently than we do, and every such difference is a way to ask one host
and be answered by another.  So only what is beyond doubt passes: h11 has to accept it, and before that each line has to
be in the strict form of RFC 9112, which h11 does not ask for (bare LF, control characters, folded lines).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import h11

from orchestrator.late_pattern import late_pattern
from orchestrator.network.network_rules import split_port
from orchestrator.value_class import value_class

MOST_HEAD_BYTES: Final = 64 * 1024
_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE: Final = late_pattern(rb"%s [!-~]+ HTTP/1\.[01]" % _TOKEN)
_HEADER_LINE: Final = late_pattern(rb"%s:[\t\x20-\x7e\x80-\xff]*" % _TOKEN)
_NAME: Final = late_pattern(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?")
_HOP_BY_HOP: Final = frozenset(
    {"connection", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"}
    | {"te", "trailer", "upgrade"}
)
"""Headers that are between client and proxy, or that we say ourselves."""
_FRAMING: Final = ("content-length", "transfer-encoding")


class UnreadableRequest(ValueError):
    """What came is no request to a proxy."""


@value_class
class ProxyRequest:
    """One request."""

    host: str
    """In lower case, without brackets or a trailing dot."""
    port: int
    is_tunnel: bool
    """CONNECT: bytes both ways."""
    forwarded: bytes = b""
    """The head as the host itself has to be told it."""


def parse_request(head: bytes) -> ProxyRequest:
    """Read the head of one request, its blank line included.

    Raises:
        UnreadableRequest: The head is not HTTP/1.x in its strict form, or not meant for a proxy.
    """
    request = _strictly_read(head)
    target = request.target.decode("ascii")
    if request.method.upper() == b"CONNECT":
        if any(name.decode("ascii") in _FRAMING for name, _ in request.headers):
            raise UnreadableRequest("a CONNECT has no body")
        host, port = _place(target, None)
        return ProxyRequest(host, port, is_tunnel=True)
    scheme, sign, rest = target.partition("://")
    if not sign or scheme.lower() != "http":
        raise UnreadableRequest("say CONNECT host:port, or a whole http:// address")
    authority, slash, path = _cut(rest)
    if "@" in authority:
        raise UnreadableRequest("an address with a user name in it is not forwarded")
    host, port = _place(authority, 80)
    return ProxyRequest(host, port, is_tunnel=False, forwarded=_forwarded(request, f"{slash}{path}", authority))


def parse_inner_request(head: bytes, host: str, port: int) -> ProxyRequest:
    """Read the head of a request that is spoken within a tunnel to ``host`` and ``port``.

    Raises:
        UnreadableRequest: The head is not HTTP/1.x in its strict form, or for another host.
    """
    request = _strictly_read(head)
    target = request.target.decode("ascii")
    named = [value.decode("latin-1") for name, value in request.headers if name == b"host"]
    if not target.startswith("/") or not named:
        raise UnreadableRequest("a request within a tunnel names a path, and its host in Host")
    if _place(named[0], 80) != (host, port) and _place(named[0], port) != (host, port):
        raise UnreadableRequest(f"the tunnel leads to {host}:{port}, and the request in it is for {named[0]!r}")
    return ProxyRequest(host, port, is_tunnel=False, forwarded=_forwarded(request, target, named[0]))


def _strictly_read(head: bytes) -> h11.Request:
    if len(head) > MOST_HEAD_BYTES:
        raise UnreadableRequest(f"the head of a request has at most {MOST_HEAD_BYTES:,} bytes")
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if not head.endswith(b"\r\n\r\n") or not _REQUEST_LINE.fullmatch(first):
        raise UnreadableRequest("this is a proxy for HTTP/1.1")
    for line in lines:
        if not _HEADER_LINE.fullmatch(line):
            raise UnreadableRequest(f"a header line is not in the form of HTTP/1.1: {line[:80]!r}")
    names = [line.partition(b":")[0].lower().decode("ascii") for line in lines]
    if sum(name in _FRAMING for name in names) > 1:
        raise UnreadableRequest("the request says in two ways how long its body is")
    if "host" not in names and first.endswith(b"1.1"):
        # Some clients leave it out of a CONNECT, which names its host anyway; h11 insists on one.
        lines = [*lines, b"Host: -"]
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * MOST_HEAD_BYTES)
    connection.receive_data(b"\r\n".join([first, *lines, b"", b""]))
    try:
        request = connection.next_event()
    except h11.RemoteProtocolError as problem:
        raise UnreadableRequest(f"this is not HTTP/1.1: {problem}") from None
    if not isinstance(request, h11.Request) or b"#" in request.target:
        raise UnreadableRequest("this is a proxy for HTTP/1.1")
    if request.http_version == b"1.0" and "transfer-encoding" in names:
        raise UnreadableRequest(
            "HTTP/1.0 has no Transfer-Encoding, and whoever overlooks it takes the body for a request"
        )
    return request


def _forwarded(request: h11.Request, path: str, authority: str) -> bytes:
    headers = [(raw.decode("ascii"), value) for raw, value in request.headers.raw_items()]
    dropped = _HOP_BY_HOP | _named_by_connection(headers)
    kept = [f"{name}: {value.decode('latin-1')}" for name, value in headers if name.lower() not in dropped]
    # One request a connection: the next may be for another host, and must be asked for anew.
    first = f"{request.method.decode('ascii')} {path} HTTP/{request.http_version.decode('ascii')}"
    said = [first, f"Host: {authority}", "Connection: close", *kept, "", ""]
    return "\r\n".join(said).encode("latin-1")


def _named_by_connection(headers: Iterable[tuple[str, bytes]]) -> frozenset[str]:
    """Headers that the client says are only for us; how long the body is cannot be one of them."""
    values = [value.decode("latin-1") for name, value in headers if name.lower() == "connection"]
    named = frozenset(word.strip().lower() for value in values for word in value.split(","))
    if named.intersection(_FRAMING):
        raise UnreadableRequest("the length of a body is not between client and proxy alone")
    return named


def _cut(rest: str) -> tuple[str, str, str]:
    for number, character in enumerate(rest):
        if character in "/?":
            return rest[:number], "/", rest[number:].lstrip("/") if character == "/" else rest[number:]
    return rest, "/", ""


def _place(text: str, default: int | None) -> tuple[str, int]:
    host, port = split_port(text)
    port = default if port is None else port
    name = host.removesuffix(".").lower()
    if port is None or not 0 < port < 65536 or not _is_host(name):
        raise UnreadableRequest(f"{text!r} is no host and port")
    return name, port


def _is_host(name: str) -> bool:
    if _NAME.fullmatch(name):
        return True
    with suppress(ValueError):
        ipaddress.IPv6Address(name.partition("%")[0])
        return "%" not in name
    return False


def for_upstream(request: ProxyRequest, authorization: str | None) -> bytes:
    """The head as another proxy has to be told it."""
    name = f"[{request.host}]" if ":" in request.host else request.host
    said = f"Proxy-Authorization: {authorization}\r\n" if authorization is not None else ""
    if request.is_tunnel:
        return f"CONNECT {name}:{request.port} HTTP/1.1\r\nHost: {name}:{request.port}\r\n{said}\r\n".encode("latin-1")
    first, rest = request.forwarded.split(b"\r\n", 1)
    method, path, version = first.split(b" ")
    place = f"http://{name}:{request.port}".encode("latin-1")
    return b"%s %s%s %s\r\n%s%s" % (method, place, path, version, said.encode("latin-1"), rest)
