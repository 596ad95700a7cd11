"""Tell whether a worker may reach a name, port or address, and if not, why.  This module is pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from orchestrator.models.sandbox import MODEL_HOSTS, SandboxConfig
from orchestrator.value_class import value_class

MODEL_NAME = "model.orchestrate.internal"
"""Where a rehearsal's model is, inside: clients go round their proxy for localhost, so it needs a name, and only our
proxy resolves it."""
WEB_PORTS = (80, 443)
"""Meant by a host that is listed without a port."""
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses dressed as IPv6 (RFC 6052)."""


@value_class
class NetworkRules:
    """What one worker may reach."""

    hosts: tuple[str, ...] = ()
    """``example.org``, ``*.example.org``, each with ``:port`` or without."""
    endpoint: tuple[str, int] | None = None
    """Address and port that :data:`MODEL_NAME` stands for; nothing else on this machine can be reached."""
    gateways: tuple[tuple[str, int], ...] = ()
    """Where the user's own settings have the model; meant wherever it leads, in the user's own network too."""


def rules_for(config: SandboxConfig, model: Sequence[str], endpoint_url: str | None) -> NetworkRules:
    """The policy's list for one worker's CLI.

    Args:
        model: what ``{model}`` stands for; nothing in a rehearsal.
        endpoint_url: of a model on this machine: a rehearsal's, or the user's own gateway.
    """
    endpoint = None if endpoint_url is None else address_of(endpoint_url)
    hosts = (host for entry in config.allowed_hosts for host in (model if entry == MODEL_HOSTS else (entry,)))
    return NetworkRules(tuple(dict.fromkeys(host.strip().lower() for host in hosts)), endpoint)


def with_gateway(rules: NetworkRules, url: str) -> NetworkRules:
    """The rules with one more host that is listed for its one port."""
    host, port = address_of(url)
    return replace(rules, hosts=(*rules.hosts, f"{_spelt(host)}:{port}"), gateways=(*rules.gateways, (host, port)))


def address_of(url: str) -> tuple[str, int]:
    """Host and port of ``http://host:port/…``."""
    place = url.split("://", 1)[-1].split("/", 1)[0].rpartition("@")[2]
    host, port = split_port(place)
    return host, port if port is not None else 443 if url.startswith("https:") else 80


def renamed(url: str) -> str:
    """The same URL as a worker behind the proxy has to say it."""
    scheme, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return f"{scheme}://{MODEL_NAME}{slash}{path}"


def split_port(place: str) -> tuple[str, int | None]:
    """``host:port``, ``[::1]:port`` or only a host."""
    host, colon, port = place.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return place.strip("[]"), None


def why_refused(rules: NetworkRules, host: str, port: int) -> str | None:
    """Why this host and port may not be asked for; ``None`` if they may."""
    name = host.rstrip(".").lower()
    if name == MODEL_NAME:
        return None if rules.endpoint is not None else "no rehearsal is going on"
    listed = [entry for entry in rules.hosts if _names(split_port(entry)[0], name)]
    if not listed:
        wanted = _spelt(name) if port in WEB_PORTS else f"{_spelt(name)}:{port}"
        return f"the sandbox policy does not list this host; to list it: --allow-host {wanted}, or `allowed_hosts`"
    ports = [port for entry in listed for port in _ports(entry)]
    return None if port in ports else f"the policy lists this host for port {', '.join(map(str, sorted(set(ports))))}"


def is_public(address: str) -> bool:
    """Whether an address is out on the internet: not this machine, its network, or a cloud's metadata service."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if parsed.teredo is not None:
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def is_named(rules: NetworkRules, host: str) -> bool:
    """Whether the policy lists this very address, not only a name that leads to it."""
    return _is_address(host) and any(split_port(entry)[0] == host for entry in rules.hosts)


def fit_ones(rules: NetworkRules, host: str, port: int, addresses: Sequence[str]) -> list[str]:
    """Keep those addresses of a listed name that may be connected to, in their order.

    Out on the internet; or listed themselves; or where the user's own gateway is.
    """
    if (host, port) in rules.gateways:
        return list(addresses)
    return [one for one in addresses if is_public(one) or why_refused(rules, one, port) is None]


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def _spelt(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _names(entry: str, name: str) -> bool:
    return name.endswith(entry[1:]) and len(name) > len(entry) - 1 if entry.startswith("*.") else name == entry


def _ports(entry: str) -> Sequence[int]:
    port = split_port(entry)[1]
    return WEB_PORTS if port is None else (port,)
