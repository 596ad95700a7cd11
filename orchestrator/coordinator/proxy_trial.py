"""Find out whether a CLI reaches its model through a proxy: start it beside one that answers nobody and notes who asks.

Nothing leaves the machine: the model's name leads nowhere, the key is made up, and the CLI is ended once it has asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio
from anyio.abc import SocketAttribute, SocketStream

from orchestrator.agents.contract import Agent
from orchestrator.files.programs import run_program_off_loop
from orchestrator.files.temporary import temporary_folder
from orchestrator.models.identity import WorkerId
from orchestrator.models.work import Assignment, ModelEndpoint, Role
from orchestrator.sandbox.homes import place_files
from orchestrator.session.own_words import with_line

TRIAL_S: Final = 60.0
"""Longest wait for its first request: opencode takes five seconds on an idle machine (observed, 1.18.33)."""
HOST: Final = "model.orchestrate.invalid"
"""No name server knows it, so who does not ask the proxy for it asks nobody."""
PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
MOST_BYTES: Final = 64 * 1024
_REFUSED: Final = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(slots=True)
class Trial:
    """One launch, and what was seen of it."""

    over: anyio.Event
    asked: bool = False
    """The proxy was asked for the model's host."""
    words: str = ""
    """How the CLI ended and its own last words, where it did before it had asked."""


async def try_proxy(agent: Agent, program: str, environment: Mapping[str, str], *, within_s: float = TRIAL_S) -> Trial:
    """Launch the CLI for one turn as its adapter would, with a proxy as its only way to a model.

    Args:
        environment: What a worker of it gets of the coordinator's own environment.
    """
    trial = Trial(anyio.Event())
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        port = int(listener.extra(SocketAttribute.local_port))  # noqa: S610 -- anyio's name, nothing of Django's
        tasks.start_soon(listener.serve, partial(_note, trial))
        tasks.start_soon(partial(_launch, trial, agent, program, environment, port=port, within_s=within_s))
        await trial.over.wait()
        # The program ends with the task that waits for it.
        tasks.cancel_scope.cancel()
    return trial


async def _note(trial: Trial, client: SocketStream) -> None:
    async with client:
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            head = await client.receive(4096)
            if HOST.encode() in head.split(b"\r\n", 1)[0]:
                trial.asked = True
                trial.over.set()
            await client.send(_REFUSED)


async def _launch(
    trial: Trial, agent: Agent, program: str, environment: Mapping[str, str], *, port: int, within_s: float
) -> None:
    with temporary_folder("proxy-trial") as folder:
        target, scratch, home = (folder / name for name in ("target", "scratch", "home"))
        for made in (target, scratch, home / "tmp"):
            made.mkdir(parents=True)
        spec = agent.launch(
            Assignment(
                worker=WorkerId("trial"),
                agent=agent.name,
                role=Role.DESIGNER,
                prompt="Say yes.\n",
                target=target,
                scratch=scratch,
                home=home,
                writable=(scratch,),
                endpoint=ModelEndpoint(f"http://{HOST}", "made-up"),
            )
        )
        place_files(spec.files, within=(home, scratch))
        proxy = f"http://127.0.0.1:{port}"
        own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "NO_PROXY": "127.0.0.1", "NODE_USE_ENV_PROXY": "1"}
        done = await run_program_off_loop(
            (program, *spec.argv[1:]),
            cwd=target,
            env={**environment, **own, **spec.env, **dict.fromkeys(PROXIES, proxy)},
            within_s=within_s,
            stdin=spec.stdin.encode(),
            most_bytes=MOST_BYTES,
            thorough=True,
        )
    words: tuple[str, ...] = ()
    for line in done.stderr.decode("utf-8", "replace").splitlines():
        words = with_line(words, line)
    ended = f"it ended with {done.code}" if done.ended == "exit" else f"it was ended after {within_s:g} s"
    trial.words = f"{ended}: {' / '.join(words)}" if words else ended
    trial.over.set()
