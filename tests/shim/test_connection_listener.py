"""The way out of a box, from inside a real one to a real proxy."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.launch import LaunchSpec
from orchestrator.network.proxy import Refusal
from orchestrator.shim.connection_listener import listen_inside
from orchestrator.workers.crew import Crew
from tests.workers.conftest import WORKER, agent

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from tests.workers.conftest import Stage

ASK = 'exec 3<>/dev/tcp/127.0.0.1/${HTTP_PROXY##*:}; printf "CONNECT 127.0.0.1:9 HTTP/1.1\\r\\n\\r\\n" >&3; head -1 <&3'


@pytest.mark.parametrize("stage", ["bubblewrap"], indirect=True)
async def test_a_worker_reaches_the_proxy_and_nothing_else(stage: Stage) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    config = replace(stage.config, network="allow-list")
    crew = Crew(stage.layout, sandbox=config, backend=stage.backend, environ=stage.environ, orphan_grace_s=30)
    stage.crews.append(crew)
    refusals: list[Refusal] = []
    async with crew.proxy_listener(refused=refusals.append):
        spec = LaunchSpec(argv=(bash, "-c", ASK), cwd=stage.target)
        started = crew.start(stage.assignment(), 1, agent=agent(), spec=spec)
        stage.shims.append(started.shim.pid)
        ended = await stage.ended(crew)
    assert started.sandbox == "bubblewrap, listed hosts only, proven"
    assert ended.code == 0
    assert "403 Forbidden" in stage.said()
    assert [(refusal.worker, refusal.host, refusal.port) for refusal in refusals] == [(WORKER, "127.0.0.1", 9)]


@pytest.mark.parametrize("stage", ["bubblewrap"], indirect=True)
async def test_egress_goes_on_through_the_users_own_proxy(stage: Stage) -> None:
    asked: list[bytes] = []

    async def further(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(further, "127.0.0.1", 0)
    url = f"http://me:word@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    config = replace(stage.config, network="allow-list", allowed_hosts=("far.test",))
    environ = {**stage.environ, "HTTPS_PROXY": url}
    crew = Crew(stage.layout, sandbox=config, backend=stage.backend, environ=environ, orphan_grace_s=30)
    stage.crews.append(crew)
    async with server, crew.proxy_listener(refused=lambda refusal: None):
        ask = ASK.replace("127.0.0.1:9 ", "far.test:443 ")
        spec = LaunchSpec(argv=(str(shutil.which("bash")), "-c", ask + "; echo me=$HTTPS_PROXY"), cwd=stage.target)
        stage.shims.append(crew.start(stage.assignment(), 1, agent=agent(), spec=spec).shim.pid)
        await stage.ended(crew)
    assert "200 Connection established" in stage.said()
    assert "word" not in stage.said()
    assert asked[0].startswith(b"CONNECT far.test:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6d29yZA==" in asked[0]


TOOLS = {
    "git": ("git", "ls-remote", "https://refused.test/x.git"),
    "npm": ("npm", "view", "x", "--registry=https://refused.test", "--fetch-retries=0"),
    "pip": (
        "python3",
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        "--retries=0",
        "https://refused.test/x-1.tar.gz",
    ),
    "curl": ("curl", "https://refused.test/"),
}


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["bubblewrap"], indirect=True)
@pytest.mark.parametrize("name", TOOLS)
async def test_the_tools_of_a_project_go_through_the_proxy_by_themselves(
    stage: Stage, name: str, not_proven: Callable[[str], NoReturn]
) -> None:
    program = shutil.which(TOOLS[name][0])
    if program is None:
        not_proven(f"there is no {name} here")
    config = replace(stage.config, network="allow-list")
    environ = {**stage.environ, "HOME": os.environ["HOME"]}
    crew = Crew(stage.layout, sandbox=config, backend=stage.backend, environ=environ, orphan_grace_s=30)
    stage.crews.append(crew)
    refusals: list[Refusal] = []
    async with crew.proxy_listener(refused=refusals.append):
        home = {"HOME": str(stage.assignment().home)}
        spec = LaunchSpec(argv=(program, *TOOLS[name][1:]), cwd=stage.target, env=home)
        stage.shims.append(crew.start(stage.assignment(), 1, agent=agent(), spec=spec).shim.pid)
        ended = await stage.ended(crew)
    assert ended.code != 0
    said = stage.said() + stage.layout.stderr(WORKER).read_text()
    assert {(refusal.host, refusal.port) for refusal in refusals} == {("refused.test", 443)}, said


def test_a_namespace_that_is_gone_cannot_be_listened_in() -> None:
    with pytest.raises(OSError, match="cannot listen"):
        listen_inside(2**22 + 1)


def test_the_hand_over_socket_lies_where_no_worker_sees_it(stage: Stage) -> None:
    assert Path(stage.layout.session_dir).is_relative_to(stage.layout.workspace)
