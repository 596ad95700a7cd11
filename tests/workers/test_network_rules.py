"""Who may be reached: names, ports and addresses."""

from __future__ import annotations

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.workers.network_rules import (
    MODEL_NAME,
    NetworkRules,
    address_of,
    is_public,
    public_ones,
    renamed,
    rules_for,
    split_port,
    why_refused,
)

RULES = NetworkRules(("api.example.org", "*.registry.test", "own.test:8443"), ("127.0.0.1", 4000))


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("api.example.org", 443),
        ("API.Example.Org.", 443),
        ("api.example.org", 80),
        ("a.registry.test", 443),
        ("a.b.registry.test", 443),
        ("own.test", 8443),
        (MODEL_NAME, 80),
    ],
)
def test_listed_hosts_may_be_reached(host: str, port: int) -> None:
    assert why_refused(RULES, host, port) is None


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("example.org", 443),
        ("api.example.org.evil.test", 443),
        ("evilapi.example.org", 443),
        ("registry.test", 443),
        (".registry.test", 443),
        ("evilregistry.test", 443),
        ("api.example.org", 22),
        ("own.test", 443),
        ("127.0.0.1", 4000),
        ("localhost", 4000),
        ("", 443),
    ],
)
def test_everything_else_is_refused_with_a_reason(host: str, port: int) -> None:
    assert why_refused(RULES, host, port)


def test_without_a_rehearsal_its_models_name_leads_nowhere() -> None:
    assert why_refused(NetworkRules(("api.example.org",)), MODEL_NAME, 80) == "no rehearsal is going on"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
        ),
        *(
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "::1",
            "fe80::1",
            "fe80::1%eth0",
        ),
        *("fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:1::1", "no address", ""),
    ],
)
def test_addresses_of_this_machine_and_its_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_the_internet_are_public() -> None:
    assert public_ones(["127.0.0.1", "8.8.8.8", "2606:4700::1111"]) == ["8.8.8.8", "2606:4700::1111"]
    assert is_public("64:ff9b::808:808")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host", ("host", None)),
        ("host:80", ("host", 80)),
        ("[::1]:80", ("::1", 80)),
        ("::1", ("::1", None)),
        ("[::1]", ("::1", None)),
        ("host:x", ("host:x", None)),
    ],
)
def test_a_place_is_host_and_port(text: str, expected: tuple[str, int | None]) -> None:
    assert split_port(text) == expected


def test_the_models_hosts_are_the_clis_own_and_shut_in_a_rehearsal() -> None:
    agent = AGENTS[AgentName("claude")]
    config = SandboxConfig(name="t", network="allow-list", allowed_hosts=("{model}", "PyPI.org"))
    assert rules_for(config, agent, None) == NetworkRules((*agent.model_hosts, "pypi.org"))
    assert rules_for(config, agent, "http://127.0.0.1:4000/x") == NetworkRules(("pypi.org",), ("127.0.0.1", 4000))


def test_an_endpoint_is_said_by_the_name_that_only_the_proxy_knows() -> None:
    assert renamed("http://127.0.0.1:4000/v1/x") == f"http://{MODEL_NAME}/v1/x"
    assert renamed("http://127.0.0.1:4000") == f"http://{MODEL_NAME}"
    assert address_of("https://models.test/v1") == ("models.test", 443)
