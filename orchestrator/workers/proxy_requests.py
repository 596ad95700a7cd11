"""What a client asks of its proxy: the head of a CONNECT or absolute-form request in, host and port out.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.workers.network_rules import split_port

_HOP_BY_HOP = ("proxy-", "connection:", "keep-alive:", "host:")
"""Headers that are between client and proxy, or that we say ourselves."""


class UnreadableRequest(ValueError):
    """What came is no request to a proxy."""


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """One request."""

    host: str
    """In lower case, without brackets or a trailing dot."""
    port: int
    is_tunnel: bool
    """CONNECT: bytes both ways, which we cannot read."""
    forwarded: bytes = b""
    """The head as the host itself has to be told it."""


def parse_request(head: bytes) -> ProxyRequest:
    """Read the head of one request, its blank line included.

    Raises:
        UnreadableRequest: It is not HTTP/1.x, or not meant for a proxy.
    """
    try:
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
    except ValueError:
        raise UnreadableRequest("this is a proxy for HTTP/1.1") from None
    if not version.startswith("HTTP/1."):
        raise UnreadableRequest("this is a proxy for HTTP/1.1")
    if method.upper() == "CONNECT":
        host, port = _place(target, None)
        return ProxyRequest(host, port, is_tunnel=True)
    scheme, sign, rest = target.partition("://")
    if not sign or scheme.lower() != "http":
        raise UnreadableRequest("say CONNECT host:port, or a whole http:// address")
    authority, slash, path = _cut(rest)
    if "@" in authority:
        raise UnreadableRequest("an address with a user name in it is not forwarded")
    host, port = _place(authority, 80)
    kept = [line for line in lines[1:-2] if not line.lower().startswith(_HOP_BY_HOP)]
    # One request a connection: the next may be for another host, and must be asked for anew.
    first = [f"{method} {slash}{path} {version}", f"Host: {authority}", "Connection: close"]
    return ProxyRequest(host, port, is_tunnel=False, forwarded="\r\n".join([*first, *kept, "", ""]).encode("latin-1"))


def _cut(rest: str) -> tuple[str, str, str]:
    for number, character in enumerate(rest):
        if character in "/?#":
            return rest[:number], "/", rest[number:].lstrip("/") if character == "/" else rest[number:]
    return rest, "/", ""


def _place(text: str, default: int | None) -> tuple[str, int]:
    host, port = split_port(text)
    port = default if port is None else port
    name = host.rstrip(".").lower()
    if port is None or not 0 < port < 65536 or not name or any(character in name for character in " \t\r\n\\/@?#"):
        raise UnreadableRequest(f"{text!r} is no host and port")
    return name, port


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
