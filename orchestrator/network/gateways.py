"""Find where the user's own settings have a CLI find its model: one URL or none."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from string import Formatter

from orchestrator.agents.contract import Agent
from orchestrator.files.foreign import ForeignFolder
from orchestrator.models.sandbox import MODEL_HOSTS, SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.network.network_rules import NetworkRules, address_of, rules_for, with_gateway

MOST_SETTINGS_BYTES = 16 * 1024 * 1024


def gateway_of(agent: Agent, environ: Mapping[str, str]) -> str | None:
    """The URL that the user has this CLI find its model at; ``None``: the vendor's service."""
    if agent.gateway_variable is not None and environ.get(agent.gateway_variable):
        return environ[agent.gateway_variable]
    if agent.gateway_setting is not None and environ.get("HOME"):
        file, key = agent.gateway_setting
        # What cannot be read names nothing; the CLI itself would not start with it.
        text = ForeignFolder(Path(environ["HOME"]), links="follow").read_text(file, most_bytes=MOST_SETTINGS_BYTES)
        with suppress(ValueError):
            found = tomllib.loads(text).get(key) if isinstance(text, str) else None
            return found if isinstance(found, str) and found else None
    return None


def model_hosts(agent: Agent, environ: Mapping[str, str]) -> Sequence[str]:
    """The vendor's hosts, with the user's variables put in; one whose variable is not set is left out."""
    found = []
    for host in agent.model_hosts:
        names = [name for _, name, _, _ in Formatter().parse(host) if name]
        if all(environ.get(name) for name in names):
            found.append(host.format_map(environ))
    return found


def is_here(url: str) -> bool:
    """Whether a URL leads to this machine's own loopback, which is another inside a network namespace."""
    host = address_of(url)[0].lower()
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def network_rules(
    config: SandboxConfig, assignment: Assignment, agent: Agent, environ: Mapping[str, str]
) -> NetworkRules:
    """What one worker may reach: the policy's list, with its CLI's model put in."""
    if assignment.endpoint is not None:
        # A rehearsal never meets the vendor.
        return rules_for(config, (), assignment.endpoint.url)
    url = gateway_of(agent, environ) if MODEL_HOSTS in config.allowed_hosts else None
    hosts = model_hosts(agent, environ)
    if url is None or is_here(url):
        return rules_for(config, hosts, url)
    return with_gateway(rules_for(config, hosts, None), url)
