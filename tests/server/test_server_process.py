from __future__ import annotations

import socket
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.server import server_process
from orchestrator.server.server_process import Dashboard, Place, bind, is_loopback


def test_a_port_that_is_taken_gives_way_to_the_next_free_one(tmp_path: Path) -> None:
    with bind(Place(tmp_path, port=0)) as taken:
        wanted = taken.getsockname()[1]
        with bind(Place(tmp_path, port=wanted)) as other:
            assert other.getsockname()[1] > wanted


def test_no_free_port_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_process, "PORTS_TRIED", 1)
    with bind(Place(tmp_path, port=0)) as taken, pytest.raises(EnvironmentUnfit, match="no port from"):
        bind(Place(tmp_path, port=taken.getsockname()[1]))


def test_an_address_that_is_not_ours_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match=r"cannot listen on 203\.0\.113\.7"):
        bind(Place(tmp_path, port=0, address="203.0.113.7"))


@pytest.mark.parametrize(
    ("address", "local"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)]
)
def test_what_only_this_machine_reaches_is_loopback(address: str, local: bool) -> None:
    assert is_loopback(address) is local


def test_the_address_has_a_token_of_its_own_each_time(tmp_path: Path) -> None:
    place = Place(tmp_path, port=0)
    with bind(place) as one, bind(place) as other:
        first, second = Dashboard(place, one).address, Dashboard(place, other).address
    assert first.url.startswith(f"http://127.0.0.1:{first.port}/?token=")
    assert len(first.url.rpartition("=")[2]) >= 43
    assert first.url.rpartition("=")[2] != second.url.rpartition("=")[2]
    assert first.is_local


def test_the_dashboard_listens_on_loopback_alone(tmp_path: Path) -> None:
    with bind(Place(tmp_path, port=0)) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        assert listening.family is socket.AF_INET
