"""A cloud is chosen by the user's own variable; only then is anything of it passed on."""

from __future__ import annotations

import pytest

from orchestrator.agents.providers import Provider, chosen_names, filled_hosts
from orchestrator.agents.registry import AGENTS

CLOUD = Provider("Cloud", "USE_CLOUD", secrets=("KEY",))
ALL = [provider for agent in AGENTS.values() for provider in agent.credential.providers]


@pytest.mark.parametrize(
    ("value", "chosen"), [("1", True), ("true", True), ("a-key", True), ("", False), ("0", False), (" False ", False)]
)
def test_a_cloud_is_chosen_by_its_switch(value: str, chosen: bool) -> None:
    assert CLOUD.is_chosen({"USE_CLOUD": value}) is chosen
    assert not CLOUD.is_chosen({"KEY": "x"})


def test_a_name_may_stand_for_several() -> None:
    environ = {"AWS_ENDPOINT_URL_STS": "", "AWS_REGION": "", "HOME": ""}
    assert sorted(chosen_names(["AWS_ENDPOINT_URL_*", "AWS_REGION"], environ)) == ["AWS_ENDPOINT_URL_STS", "AWS_REGION"]


def test_a_host_whose_variable_is_not_set_is_left_out() -> None:
    hosts = ("a.test", "{REGION}.b.test")
    assert filled_hosts(hosts, {}) == ["a.test"]
    assert filled_hosts(hosts, {"REGION": "eu"}) == ["a.test", "eu.b.test"]


@pytest.mark.parametrize("provider", ALL, ids=lambda provider: provider.title)
def test_no_cloud_passes_everything_of_a_vendor(provider: Provider) -> None:
    patterns = (*provider.secrets, *provider.settings, *provider.urls)
    assert not any(pattern in ("*", "AWS_*", "AZURE_*", "GOOGLE_*") for pattern in patterns)
    assert not any("*" in secret for secret in provider.secrets)
    assert not any(path.is_absolute() for path in provider.files)
