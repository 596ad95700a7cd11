"""Find where the user's own settings have a CLI find its model: one URL or none."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from orchestrator.agents.contract import Agent
from orchestrator.agents.providers import chosen_names, filled_hosts
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
    """The vendor's hosts and those of the chosen cloud, with the user's variables put in."""
    found = list(filled_hosts(agent.model_hosts, environ))
    for provider in agent.credential.chosen(environ):
        found += filled_hosts(provider.hosts, environ)
    return found


def provider_urls(agent: Agent, environ: Mapping[str, str]) -> Sequence[str]:
    """Other addresses that the user gives for the chosen cloud's service."""
    chosen = agent.credential.chosen(environ)
    names = [name for provider in chosen for name in sorted(chosen_names(provider.urls, environ))]
    return [environ[name] for name in names if environ[name]]


def words_about_this_machine(agent: Agent, config: SandboxConfig, environ: Mapping[str, str]) -> str | None:
    """Which addresses of the chosen cloud lead to this machine, where no worker finds them; ``None``: none does."""
    if config.network != "allow-list":
        return None
    urls = list(dict.fromkeys(url for url in provider_urls(agent, environ) if is_here(url)))
    if not urls:
        return None
    places = ", ".join(f"{_in_brackets(host)}:{port}" for host, port in map(address_of, urls))
    return (
        f"your environment leads {agent.title} to {places}, which is this machine itself: its workers do not reach "
        "that from their sandbox; let it listen on an address of your network and name that, or run with --sandbox open"
    )


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


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
    away = url is not None and not is_here(url)
    rules = rules_for(config, hosts, None if away else url)
    others = provider_urls(agent, environ) if MODEL_HOSTS in config.allowed_hosts else ()
    for other in (*((url,) if away and url is not None else ()), *others):
        rules = rules if is_here(other) else with_gateway(rules, other)
    return rules
