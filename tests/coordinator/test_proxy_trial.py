"""Whether a CLI asks a proxy for its model is found out by starting it, and nothing of it stays."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import anyio
import pytest

from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.coordinator.proxy_trial import HOST, try_proxy
from orchestrator.models.identity import AgentName
from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages

CLAUDE = get_agent(AgentName("claude"))
ENVIRONMENT = {"PATH": os.environ["PATH"]}
ASKS = """
import os, pathlib, socket, sys, time
host, port = os.environ["https_proxy"].removeprefix("http://").split(":")
pathlib.Path(sys.argv[0] + ".pid").write_text(str(os.getpid()))
with socket.create_connection((host, int(port))) as proxy:
    proxy.sendall(sys.stdin.readline().encode() and b"CONNECT {host}:443 HTTP/1.1\\r\\n\\r\\n")
    proxy.recv(100)
time.sleep(3600)
"""
GOES_ITSELF = """
import os, socket
socket.create_connection((os.environ["ANTHROPIC_BASE_URL"].removeprefix("http://"), 80))
"""
ASKS_FOR_OTHERS = ASKS.replace("{host}", "telemetry.example").replace("time.sleep(3600)", "sys.exit('no model')")


def program(folder: Path, text: str) -> str:
    path = folder / "claude"
    path.write_text(f"#!{sys.executable}\n{text.replace('{host}', HOST)}")
    path.chmod(0o755)
    return str(path)


async def test_one_that_asks_the_proxy_is_seen_and_ended(tmp_path: Path) -> None:
    path = program(tmp_path, ASKS)
    with anyio.fail_after(60):
        trial = await try_proxy(CLAUDE, path, ENVIRONMENT)
        assert trial.asked
        pid = Path(f"{path}.pid").read_text()
        while Path("/proc", pid, "exe").exists():  # noqa: ASYNC110 -- another process ends
            await anyio.sleep(0.01)


@pytest.mark.parametrize("text", [GOES_ITSELF, ASKS_FOR_OTHERS], ids=["goes itself", "asks for others"])
async def test_one_that_does_not_ask_it_for_its_model_is_found_out_with_its_words(tmp_path: Path, text: str) -> None:
    trial = await try_proxy(CLAUDE, program(tmp_path, text), ENVIRONMENT)
    assert not trial.asked
    assert trial.words.startswith("it ended with 1: ")


async def test_one_that_does_nothing_is_ended_in_time(tmp_path: Path) -> None:
    trial = await try_proxy(CLAUDE, program(tmp_path, "import time; time.sleep(3600)"), ENVIRONMENT, within_s=0.5)
    assert (trial.asked, trial.words) == (False, "it was ended after 0.5 s")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(AGENTS))
async def test_every_real_cli_is_seen_to_do_what_its_adapter_says(
    name: AgentName, not_proven: Callable[[str], NoReturn]
) -> None:
    folder = installed_clis(pinned_packages(), default_cache())
    if folder is None:
        not_proven("the real CLIs are not installed: python -m orchestrator.rehearsal.installing")
    agent = AGENTS[name]
    environment = {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    trial = await try_proxy(agent, str(folder / agent.executable), environment)
    assert trial.asked == agent.obeys_proxy, trial.words
