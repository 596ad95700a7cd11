"""Serve the rehearsal's model on this machine: it speaks the vendors' protocols and plays a scenario."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
from anyio.abc import ByteStream, SocketAttribute

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName
from orchestrator.models.work import ModelEndpoint
from orchestrator.rehearsal import anthropic_messages, gemini_generate, openai_chat, openai_responses
from orchestrator.rehearsal.dialogue import Answer, Dialect, Drop, ModelRequest, Pause, Refusal
from orchestrator.rehearsal.http_exchange import BadRequest, Exchange, HttpRequest
from orchestrator.rehearsal.scenario import Scenario
from orchestrator.rehearsal.script import Script, WorkerPaths, speaker_of
from orchestrator.value_class import value_class

DIALECTS: tuple[Dialect, ...] = (
    anthropic_messages.DIALECT,
    openai_responses.DIALECT,
    gemini_generate.DIALECT,
    openai_chat.DIALECT,
)
_KEY = "rehearsal-key-"
_REMEMBERED = 256
"""A request repeats the whole conversation: some 100 kB each."""
_NO_MODELS = {"object": "list", "data": [], "models": []}
_LOG = logging.getLogger(__name__)


def rehearsal_key(agent: AgentName) -> str:
    """The key by which the server knows who asks: several CLIs speak one dialect, and one CLI may speak several."""
    return f"{_KEY}{agent}"


def _asker(request: HttpRequest) -> AgentName | None:
    """Whose key came with the request; ``None`` for another key, or none."""
    told = (request.headers.get(name, "") for name in ("authorization", "x-api-key", "x-goog-api-key", "api-key"))
    found = next((key for value in told if (key := value.removeprefix("Bearer ")).startswith(_KEY)), "")
    return AgentName(found.removeprefix(_KEY)) if found else None


@value_class
class RecordedRequest:
    """One request as it came in, for tests and for people who ask what their CLI does."""

    method: str
    target: str
    agent: AgentName | None
    """``None``: a probe of no vendor in particular."""
    worker: str | None
    asked: ModelRequest | None
    """``None`` where no answer of the model was asked for."""
    body: Mapping[str, object] = field(repr=False, default_factory=dict)


@dataclass(slots=True)
class ModelServer:
    """A running server.  Made by :func:`model_server`."""

    script: Script
    requests: deque[RecordedRequest] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """What was asked last, in order."""
    kept: Path | None = None
    """Where the script's bookmarks are kept, so that another server can go on in this one's place."""
    url: str = ""
    """Without a path; empty while it listens nowhere but on a socket file."""

    @property
    def endpoints(self) -> Mapping[AgentName, ModelEndpoint]:
        """Where each CLI finds its model.  Paths are matched by their end, with or without ``/v1`` before."""
        return {agent: ModelEndpoint(self.url, rehearsal_key(agent)) for agent in AGENTS}

    def pick_up(self) -> None:
        """Go on where the server stopped that kept the bookmarks."""
        if self.kept is not None and self.kept.exists():
            self.script.restore(self.kept.read_text(encoding="utf-8"))

    def describe(self, worker: str, *, target: Path, scratch: Path, session: Path | None = None) -> None:
        """Say what ``{target}``, ``{scratch}`` and ``{session}`` stand for in this worker's turns."""
        self.script.paths[worker] = WorkerPaths(str(target), str(scratch), str(session or scratch))

    async def serve(self, stream: ByteStream) -> None:
        """Answer requests on one connection until the peer or the scenario ends it."""
        async with stream:
            exchange = Exchange(stream)
            try:
                while (request := await exchange.read_request()) is not None:
                    if not await self._respond(exchange, request):
                        return
            except BadRequest as error:
                _LOG.debug("request_refused: %s", error)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                # A CLI that is stopped goes in the middle of an answer.
                return

    async def _respond(self, exchange: Exchange, request: HttpRequest) -> bool:
        """Whether the connection can be used again."""
        body = request.json()
        for dialect in DIALECTS:
            if request.method == "POST" and dialect.understands(request.path):
                return await self._answer(exchange, request, dialect)
        for dialect in DIALECTS:
            aside = dialect.asides(request.method, request.path, body)
            if aside is not None:
                self.requests.append(RecordedRequest(request.method, request.target, dialect.agent, None, None, body))
                await exchange.send_whole(json.dumps(aside).encode())
                return True
        self.requests.append(RecordedRequest(request.method, request.target, None, None, None, body))
        known = request.method in ("GET", "HEAD")
        # Start-up probes and lists of models; a POST we do not know is said to be unknown, telemetry included.
        await exchange.send_whole(
            json.dumps(_NO_MODELS if known else {"error": {"message": "no such method"}}).encode(),
            status=200 if known else 404,
        )
        return True

    async def _answer(self, exchange: Exchange, request: HttpRequest, dialect: Dialect) -> bool:
        body = request.json()
        try:
            digest = hashlib.sha256(request.body).hexdigest()
            asked = dialect.read(request.target, body)
            asked = replace(asked, agent=_asker(request) or asked.agent, size=len(request.body), digest=digest)
        except (AttributeError, KeyError, TypeError, ValueError):
            refusal = Refusal(400, "the rehearsal's model cannot read this request")
            await _refuse(exchange, refusal, dialect)
            return True
        worker = speaker_of(asked).marker.worker
        self.requests.append(RecordedRequest(request.method, request.target, asked.agent, worker, asked, body))
        answer = self.script.answer(asked)
        if self.kept is not None:
            # Before the answer is sent: a server that dies here has not told anybody what it forgets.
            self.kept.with_suffix(".new").write_text(self.script.bookmarks(), encoding="utf-8")
            self.kept.with_suffix(".new").replace(self.kept)
        if isinstance(answer, Refusal):
            await _refuse(exchange, answer, dialect)
            return True
        await anyio.sleep(answer.hang_s)
        if asked.streaming:
            return await _send_stream(exchange, answer, asked, dialect)
        return await _send_at_once(exchange, answer, asked, dialect)


async def _refuse(exchange: Exchange, refusal: Refusal, dialect: Dialect) -> None:
    headers, body = dialect.error(refusal, time.time())
    text = refusal.body if refusal.body is not None else json.dumps(body)
    await exchange.send_whole(text.encode(), status=refusal.status, headers={**headers, **refusal.headers})


async def _send_stream(exchange: Exchange, answer: Answer, asked: ModelRequest, dialect: Dialect) -> bool:
    await exchange.begin_events()
    for item in dialect.stream(answer, asked):
        match item:
            case Pause(seconds=seconds):
                await anyio.sleep(seconds)
            case Drop():
                return False
            case bytes():
                await exchange.send_event(item)
    await exchange.end_events()
    return True


async def _send_at_once(exchange: Exchange, answer: Answer, asked: ModelRequest, dialect: Dialect) -> bool:
    await anyio.sleep(sum(piece.seconds for piece in answer.pieces if isinstance(piece, Pause)))
    if any(isinstance(piece, Drop) for piece in answer.pieces):
        return False
    await exchange.send_whole(json.dumps(dialect.whole(answer, asked)).encode())
    return True


@asynccontextmanager
async def model_server(
    scenario: Scenario,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    socket: Path | None = None,
    bookmarks: Path | None = None,
) -> AsyncIterator[ModelServer]:
    """Serve the scenario for as long as the block runs; connections still open are cut at its end.

    Args:
        port: 0 lets the kernel choose a free one; one that is taken is replaced so.
        bookmarks: A file to go on from, if it is there, and to keep up to date.
        socket: Listen on this socket file as well.
    """
    server = ModelServer(Script(scenario), kept=bookmarks)
    server.pick_up()
    failure: Exception | None = None
    async with AsyncExitStack() as listeners, anyio.create_task_group() as tasks:
        try:
            listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
        except OSError:
            listener = await anyio.create_tcp_listener(local_host=host)
        network = await listeners.enter_async_context(listener)
        chosen = network.extra(SocketAttribute.local_port)  # noqa: S610 -- anyio's name, nothing of Django's
        server.url = f"http://{host}:{chosen}"
        tasks.start_soon(network.serve, server.serve)
        if socket is not None:
            local = await listeners.enter_async_context(await anyio.create_unix_listener(socket))
            tasks.start_soon(local.serve, server.serve)
        try:
            yield server
        except Exception as error:
            # What goes wrong in the block is the caller's and must not reach it as a group of exceptions.
            failure = error
        finally:
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
