"""Read the usual variables for the proxy of the user's own network, and say whom to ask for a host.  It is pure."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from orchestrator.network.network_rules import split_port
from orchestrator.value_class import value_class


@value_class
class Upstream:
    """A proxy of the user's own network, through which connections go."""

    host: str
    port: int
    is_tls: bool = False
    """It is spoken to in TLS itself."""
    authorization: str | None = None
    """What its header of that name is to say."""


def upstream_for(environ: Mapping[str, str], host: str, port: int, *, is_tunnel: bool) -> Upstream | None:
    """Whom to ask for this host; ``None``: nobody, it is connected to directly.

    Args:
        is_tunnel: ``HTTPS_PROXY`` is for tunnels, ``HTTP_PROXY`` for plain requests; ``ALL_PROXY`` for both.
    """
    url = _said(environ, "HTTPS_PROXY" if is_tunnel else "HTTP_PROXY") or _said(environ, "ALL_PROXY")
    return None if not url or _is_spared(_said(environ, "NO_PROXY"), host, port) else upstream_at(url)


def upstream_at(url: str) -> Upstream | None:
    """The proxy a variable names; ``None`` if it speaks no HTTP (SOCKS) or the URL is none."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    is_tls = parts.scheme == "https"
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Upstream(parts.hostname, port or (443 if is_tls else 80), is_tls, authorization)


def _said(environ: Mapping[str, str], name: str) -> str:
    # The lower-case spelling is the older one and goes first with most programs.
    return (environ.get(name.lower()) or environ.get(name) or "").strip()


def _is_loopback(name: str) -> bool:
    """Whether it is this machine, which no proxy elsewhere could reach."""
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost" or name.endswith(".localhost")


def _is_spared(no_proxy: str, host: str, port: int) -> bool:
    name = host.rstrip(".").lower()
    if _is_loopback(name):
        return True
    for entry in filter(None, (part.strip().lower() for part in no_proxy.replace(" ", ",").split(","))):
        if entry == "*":
            return True
        wanted, only = split_port(entry)
        if only is not None and only != port:
            continue
        with suppress(ValueError):
            if ipaddress.ip_address(name) in ipaddress.ip_network(wanted, strict=False):
                return True
            continue
        suffix = wanted.removeprefix("*").removeprefix(".")
        if suffix and (name == suffix or name.endswith(f".{suffix}")):
            return True
    return False
