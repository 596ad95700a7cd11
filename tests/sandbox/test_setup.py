"""The instructions for one attempt's sandbox."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.sandbox import Network
from orchestrator.models.work import ModelEndpoint
from orchestrator.network.network_rules import MODEL_NAME, NetworkRules
from orchestrator.sandbox.setup import SandboxSetup, rules_from
from tests.workers.conftest import agent

if TYPE_CHECKING:
    from tests.workers.conftest import Stage


def test_a_policy_that_lists_hosts_needs_a_proxy(stage: Stage) -> None:
    config = replace(stage.config, network="allow-list")
    setup = SandboxSetup(stage.layout, config, stage.backend, stage.environ)
    assert setup.is_listed_network == (stage.backend != "none")
    assignment = stage.assignment()
    assignment.scratch.mkdir(parents=True)
    if stage.backend != "none":
        with pytest.raises(EnvironmentUnfit, match="no proxy"):
            setup.instructions(
                ("/bin/true",),
                assignment,
                agent=agent(),
                spec=LaunchSpec(argv=(), cwd=stage.target),
                into=stage.folder / "taken",
            )
    else:
        assert "HTTP_PROXY" not in setup.environment(assignment)


def test_the_rules_of_a_dead_coordinator_are_read_back() -> None:
    rules = NetworkRules(("a.test",), ("127.0.0.1", 4000), (("llm.test", 443),))
    document = json.loads(json.dumps({"network": {**asdict(rules), "port": 4711}}))
    assert rules_from(document) == (rules, 4711)
    assert rules_from({"network": {"hosts": ["a.test"], "endpoint": None}}) == (NetworkRules(("a.test",)), None)
    former = {"hosts": ["a.test"], "endpoint": ["127.0.0.1", 4000], "gateway": ["llm.test", 443], "port": 4711}
    assert rules_from({"network": former}) == (rules, 4711)
    assert rules_from({}) is None


@pytest.mark.parametrize("network", ["open", "allow-list"])
def test_a_worker_hears_its_model_by_the_name_that_leads_there(stage: Stage, network: Network) -> None:
    config = replace(stage.config, network=network)
    rehearsed = replace(stage.assignment(), endpoint=ModelEndpoint("http://127.0.0.1:4000", "key"))
    fake = replace(agent(), gateway_variable="GATEWAY")
    setup = SandboxSetup(stage.layout, config, stage.backend, {"GATEWAY": "http://localhost:4000/v1"})
    endpoint, gateway = setup.reachable(rehearsed, fake).endpoint, setup.reachable(stage.assignment(), fake).gateway
    assert endpoint is not None
    assert gateway is not None
    is_renamed = stage.backend != "none" and network == "allow-list"
    assert (MODEL_NAME in endpoint.url, MODEL_NAME in gateway) == (is_renamed, is_renamed)
    elsewhere = SandboxSetup(stage.layout, config, stage.backend, {"GATEWAY": "https://llm.corp.test/v1"})
    assert elsewhere.reachable(stage.assignment(), fake).gateway == "https://llm.corp.test/v1"
    assert (
        SandboxSetup(stage.layout, config, stage.backend, {}).reachable(stage.assignment(), fake) == stage.assignment()
    )


@pytest.mark.parametrize("is_early", [True, False])
async def test_a_worker_under_landlock_keeps_the_port_it_knows_when_another_takes_over(
    stage: Stage, is_early: bool
) -> None:
    config = replace(stage.config, network="allow-list", backend="landlock")
    first, second = (SandboxSetup(stage.layout, config, "landlock", stage.environ) for _ in range(2))
    rules = NetworkRules(("a.test",))
    async with first.proxy_listener(lambda refusal: None):
        url = first.environment(stage.assignment())["HTTPS_PROXY"]
    document = {"network": {**asdict(rules), "port": int(url.rpartition(":")[2])}}
    if is_early:
        second.admit_again(stage.assignment().worker, document)
    async with second.proxy_listener(lambda refusal: None):
        if not is_early:
            second.admit_again(stage.assignment().worker, document)
        assert second.environment(stage.assignment())["HTTPS_PROXY"] == url
