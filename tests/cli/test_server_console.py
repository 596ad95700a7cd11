from __future__ import annotations

import io

from orchestrator.cli.server_console import say_address
from orchestrator.server.server_process import Address


def said(address: Address) -> list[str]:
    out = io.StringIO()
    say_address(address, out)
    return out.getvalue().splitlines()


def test_an_address_is_one_line_that_can_be_clicked() -> None:
    assert said(Address("http://127.0.0.1:8000/?token=x", 8000, 8000, is_local=True)) == [
        "dashboard: http://127.0.0.1:8000/?token=x"
    ]


def test_another_port_than_wanted_is_said_first() -> None:
    first, _ = said(Address("http://127.0.0.1:8001/?token=x", 8001, 8000, is_local=True))
    assert first == "port 8000 is taken, so the dashboard is on 8001"


def test_an_address_on_the_network_comes_with_a_warning() -> None:
    assert "warning:" in said(Address("http://10.0.0.5:8000/?token=x", 8000, 8000, is_local=False))[-1]
