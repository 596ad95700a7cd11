from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream

from orchestrator.agents.registry import AGENTS
from orchestrator.rehearsal.model_server import ModelServer, model_server
from orchestrator.rehearsal.scenario import Scenario

PATHS = {
    "claude": "/v1/messages?beta=true",
    "codex": "/v1/responses",
    "gemini": "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse",
}
TOOLS = {
    "claude": [{"name": "Bash", "input_schema": {}}],
    "codex": [{"type": "function", "name": "exec_command"}],
    "gemini": [{"functionDeclarations": [{"name": "run_shell_command"}]}],
}


@dataclass
class Connection:
    """One kept-alive connection of a client that knows just enough HTTP."""

    stream: ByteStream
    incoming: BufferedByteReceiveStream

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, str]:
        data = json.dumps(body).encode() if body is not None else b""
        await self.stream.send(
            b"%s %s HTTP/1.1\r\nHost: model\r\nContent-Length: %d\r\n\r\n%s"
            % (method.encode(), path.encode(), len(data), data)
        )
        head = (await self.incoming.receive_until(b"\r\n\r\n", 10_000)).decode().lower()
        status = int(head.split(" ")[1])
        if method == "HEAD":
            return status, ""
        if "transfer-encoding: chunked" not in head:
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            return status, (await self.incoming.receive_exactly(length)).decode()
        whole = b""
        while size := int(await self.incoming.receive_until(b"\r\n", 100), 16):
            whole += await self.incoming.receive_exactly(size)
            await self.incoming.receive_until(b"\r\n", 2)
        await self.incoming.receive_until(b"\r\n", 2)
        return status, whole.decode()


def body_for(agent: str, prompt: str, **more: Any) -> Mapping[str, Any]:
    said: dict[str, dict[str, Any]] = {
        "claude": {"messages": [{"role": "user", "content": prompt}], "stream": True},
        "codex": {"input": [{"type": "message", "role": "user", "content": prompt}], "stream": True},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": prompt}]}]},
    }
    return {"model": "m", "tools": TOOLS[agent], **said[agent], **more}


@asynccontextmanager
async def serving(*steps: Mapping[str, Any], agent: str = "claude") -> AsyncIterator[tuple[ModelServer, Connection]]:
    scenario = {"name": "test", "turn": [{"agent": agent, "step": list(steps)}]}
    async with model_server(Scenario.model_validate(scenario)) as server:
        port = int(server.url.rpartition(":")[2])
        with anyio.fail_after(60):
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                yield server, Connection(stream, BufferedByteReceiveStream(stream))


@pytest.mark.parametrize("agent", sorted(PATHS))
async def test_each_vendors_stream_carries_the_words_and_ends_whole(agent: str) -> None:
    async with serving({"say": "Words of the script."}, agent=agent) as (server, connection):
        status, events = await connection.ask("POST", PATHS[agent], body_for(agent, "hello"))
        again, _ = await connection.ask("HEAD", "/")
    assert status == again == 200
    assert "Words of the script." in events
    assert all(json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: "))
    assert [request.agent for request in server.requests] == [agent, None]
    assert server.requests[0].worker == agent


@pytest.mark.parametrize("agent", sorted(PATHS))
async def test_a_refusal_has_the_scenarios_status_headers_and_the_vendors_body(agent: str) -> None:
    step = {"status": 429, "message": "Slow down.", "headers": {"X-Reason": "script"}}
    async with serving(step, agent=agent) as (_, connection):
        status, body = await connection.ask("POST", PATHS[agent], body_for(agent, "hello"))
    assert status == 429
    assert json.loads(body)["error"]["message"] == "Slow down."


async def test_a_refusal_may_have_a_body_of_its_own() -> None:
    async with serving({"status": 503, "body": "<html>"}) as (_, connection):
        assert await connection.ask("POST", PATHS["claude"], body_for("claude", "hello")) == (503, "<html>")


async def test_a_cut_ends_the_connection_in_mid_stream() -> None:
    async with serving({"say": "as far as"}, {"drop": True}) as (_, connection):
        with pytest.raises((anyio.EndOfStream, anyio.IncompleteRead)):
            await connection.ask("POST", PATHS["claude"], body_for("claude", "hello"))


async def test_the_server_ends_while_an_answer_still_hangs() -> None:
    async with serving({"hang_s": 3600}) as (server, connection):
        data = json.dumps(body_for("claude", "hello")).encode()
        await connection.stream.send(
            b"POST /v1/messages HTTP/1.1\r\nHost: model\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data)
        )
        while not server.requests:
            await anyio.lowlevel.checkpoint()


async def test_what_goes_wrong_in_the_block_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with serving():
            raise KeyError("the caller's own")


@pytest.mark.parametrize("agent", sorted(PATHS))
async def test_a_request_nobody_can_read_is_refused_and_the_server_goes_on(agent: str) -> None:
    async with serving({"say": "still here"}, agent=agent) as (_, connection):
        broken = {"messages": [7], "input": [7], "contents": [7], "tools": [7]}
        assert (await connection.ask("POST", PATHS[agent], broken))[0] == 400
        assert "still here" in (await connection.ask("POST", PATHS[agent], body_for(agent, "hello")))[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("HEAD", "/", 200, id="probe"),
        pytest.param("GET", "/v1/models", 200, id="list of models"),
        pytest.param("POST", "/v1/messages/count_tokens", 200, id="anthropic's counting"),
        pytest.param("POST", "/v1beta/models/m:countTokens", 200, id="google's counting"),
        pytest.param("POST", "/v1/telemetry", 404, id="anything else"),
    ],
)
async def test_what_else_a_cli_asks_takes_no_turn(method: str, path: str, status: int) -> None:
    async with serving({"say": "mine"}) as (_, connection):
        assert (await connection.ask(method, path, {}))[0] == status
        assert "mine" in (await connection.ask("POST", PATHS["claude"], body_for("claude", "hello")))[1]


async def test_placeholders_stand_for_the_paths_told_before_the_worker_starts() -> None:
    async with serving({"write": {"path": "{target}/a {scratch} {session}", "text": ""}}) as (server, connection):
        server.describe("claude", target=Path("/t"), scratch=Path("/s"), session=Path("/w"))
        _, events = await connection.ask("POST", PATHS["claude"], body_for("claude", "hello"))
    assert "/t/a /s /w" in events


async def test_the_same_script_is_served_on_a_socket_file(tmp_path: Path) -> None:
    socket = tmp_path / "model.sock"
    scenario = Scenario.model_validate({"name": "test", "turn": [{"agent": "claude", "step": [{"say": "local"}]}]})
    async with model_server(scenario, socket=socket):
        with anyio.fail_after(60):
            async with await anyio.connect_unix(socket) as stream:
                connection = Connection(stream, BufferedByteReceiveStream(stream))
                assert "local" in (await connection.ask("POST", PATHS["claude"], body_for("claude", "hello")))[1]


async def test_every_dialect_has_an_endpoint() -> None:
    async with serving() as (server, _):
        assert set(server.endpoints) == set(AGENTS)
        assert len({endpoint.key for endpoint in server.endpoints.values()}) == len(AGENTS)
        assert all(endpoint.url.startswith("http://127.0.0.1:") for endpoint in server.endpoints.values())
