"""Who may be reached: names, ports and addresses."""

from __future__ import annotations

import pytest

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.network.network_rules import (
    MODEL_NAME,
    NetworkRules,
    address_of,
    fit_ones,
    is_public,
    renamed,
    rules_for,
    split_port,
    why_refused,
    with_gateway,
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
    found = ["127.0.0.1", "8.8.8.8", "2606:4700::1111"]
    assert fit_ones(RULES, "api.example.org", 443, found) == ["8.8.8.8", "2606:4700::1111"]
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


def test_a_name_may_lead_into_ones_own_network_where_that_address_is_listed_too() -> None:
    rules = NetworkRules(("git.corp.test", "10.1.2.3"))
    assert fit_ones(rules, "git.corp.test", 443, ["10.1.2.3", "10.1.2.4", "127.0.0.1"]) == ["10.1.2.3"]
    assert fit_ones(rules, "git.corp.test", 8443, ["10.1.2.3"]) == []


def test_ones_own_gateway_is_meant_wherever_it_leads_but_for_its_port_only() -> None:
    rules = with_gateway(NetworkRules(("api.example.org",)), "https://llm.corp.test:8443/v1")
    assert why_refused(rules, "llm.corp.test", 8443) is None
    assert why_refused(rules, "llm.corp.test", 443) is not None
    assert fit_ones(rules, "llm.corp.test", 8443, ["10.9.8.7"]) == ["10.9.8.7"]
    assert fit_ones(rules, "api.example.org", 443, ["10.9.8.7"]) == []


def test_a_refusal_says_how_the_host_can_be_listed() -> None:
    assert "--allow-host a.test," in (why_refused(RULES, "a.test", 443) or "")
    assert "--allow-host a.test:22," in (why_refused(RULES, "a.test", 22) or "")
    assert "--allow-host [::1]:22," in (why_refused(RULES, "::1", 22) or "")


def test_the_models_hosts_stand_where_the_policy_says() -> None:
    config = SandboxConfig(name="t", network="allow-list", allowed_hosts=("{model}", "PyPI.org"))
    assert rules_for(config, ("m.test",), None) == NetworkRules(("m.test", "pypi.org"))
    assert rules_for(config, (), "http://127.0.0.1:4000/x") == NetworkRules(("pypi.org",), ("127.0.0.1", 4000))


def test_an_endpoint_is_said_by_the_name_that_only_the_proxy_knows() -> None:
    assert renamed("http://127.0.0.1:4000/v1/x") == f"http://{MODEL_NAME}/v1/x"
    assert renamed("http://127.0.0.1:4000") == f"http://{MODEL_NAME}"
    assert address_of("https://models.test/v1") == ("models.test", 443)
    assert address_of("http://user:word@models.test:81/v1") == ("models.test", 81)
