"""The way out of a box, from inside a real one to a real proxy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.launch import LaunchSpec
from orchestrator.workers.connecting import listen_inside
from orchestrator.workers.crew import Crew
from orchestrator.workers.proxying import Refusal
from tests.workers.conftest import WORKER, agent

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

ASK = 'exec 3<>/dev/tcp/127.0.0.1/${HTTP_PROXY##*:}; printf "CONNECT 127.0.0.1:9 HTTP/1.1\\r\\n\\r\\n" >&3; head -1 <&3'


@pytest.mark.parametrize("stage", ["bubblewrap"], indirect=True)
async def test_a_worker_reaches_the_proxy_and_nothing_else(stage: Stage) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    config = stage.config.model_copy(update={"network": "allow-list"})
    crew = Crew(stage.layout, sandbox=config, backend=stage.backend, environ=stage.environ, orphan_grace_s=30)
    stage.crews.append(crew)
    refusals: list[Refusal] = []
    async with crew.way_out(refused=refusals.append):
        spec = LaunchSpec(argv=(bash, "-c", ASK), cwd=stage.target)
        started = crew.start(stage.assignment(), 1, agent=agent(), spec=spec)
        stage.shims.append(started.shim.pid)
        ended = await stage.ended(crew)
    assert started.sandbox == "bubblewrap, listed hosts only, proven"
    assert ended.code == 0
    assert "403 Forbidden" in stage.said()
    assert [(refusal.worker, refusal.host, refusal.port) for refusal in refusals] == [(WORKER, "127.0.0.1", 9)]


def test_a_namespace_that_is_gone_cannot_be_listened_in() -> None:
    with pytest.raises(OSError, match="cannot listen"):
        listen_inside(2**22 + 1)


def test_the_hand_over_socket_lies_where_no_worker_sees_it(stage: Stage) -> None:
    assert Path(stage.layout.session_dir).is_relative_to(stage.layout.workspace)
