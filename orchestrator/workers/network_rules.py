"""What a worker may reach: names, ports and addresses in, a reason for refusing or none out.  Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.agents.contract import Agent
from orchestrator.models.sandbox import MODEL_HOSTS, SandboxConfig
from orchestrator.models.work import Assignment

MODEL_NAME = "model.orchestrate.internal"
"""Where a rehearsal's model is, inside: clients go round their proxy for localhost, so it needs a name, and only our
proxy resolves it."""
WEB_PORTS = (80, 443)
"""Meant by a host that is listed without a port."""
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses dressed as IPv6 (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """Of one worker."""

    hosts: tuple[str, ...] = ()
    """``example.org``, ``*.example.org``, each with ``:port`` or without."""
    endpoint: tuple[str, int] | None = None
    """Address and port that :data:`MODEL_NAME` stands for; nothing else on this machine can be reached."""


def rules_for(config: SandboxConfig, agent: Agent, endpoint_url: str | None) -> NetworkRules:
    """The policy's list for one worker's CLI; with an endpoint of its own (rehearsal) the vendor's hosts stay shut."""
    endpoint = None if endpoint_url is None else address_of(endpoint_url)
    model = agent.model_hosts if endpoint is None else ()
    hosts = (host for entry in config.allowed_hosts for host in (model if entry == MODEL_HOSTS else (entry,)))
    return NetworkRules(tuple(dict.fromkeys(host.strip().lower() for host in hosts)), endpoint)


def address_of(url: str) -> tuple[str, int]:
    """Host and port of ``http://host:port/…``."""
    place = url.split("://", 1)[-1].split("/", 1)[0]
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
        return "the policy does not list this host"
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


def public_ones(addresses: Sequence[str]) -> list[str]:
    """Those of a name's addresses that may be connected to, in their order."""
    return [address for address in addresses if is_public(address)]


def _names(entry: str, name: str) -> bool:
    return name.endswith(entry[1:]) and len(name) > len(entry) - 1 if entry.startswith("*.") else name == entry


def _ports(entry: str) -> Sequence[int]:
    port = split_port(entry)[1]
    return WEB_PORTS if port is None else (port,)


def endpoint_of(assignment: Assignment) -> str | None:
    """Where the worker's model is when that is not the vendor's own service."""
    return None if assignment.endpoint is None else assignment.endpoint.url
