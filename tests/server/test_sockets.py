from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, RejectConnection, Request, TextMessage

from orchestrator.journal.control import read_commands
from orchestrator.models.entries import GuardAsked
from orchestrator.models.identity import WorkerId
from tests.server.conftest import Picture, Served, Stage


class Socket:
    """A WebSocket client of a few lines."""

    def __init__(self, stream: SocketStream, protocol: WSConnection) -> None:
        self._stream = stream
        self._protocol = protocol
        self._text = ""

    async def send(self, value: Any) -> None:
        await self._stream.send(self._protocol.send(TextMessage(json.dumps(value))))

    async def receive(self) -> Any:
        """The next message; ``None`` at the end."""
        while True:
            for event in self._protocol.events():
                if isinstance(event, TextMessage):
                    self._text += event.data
                    if event.message_finished:
                        text, self._text = self._text, ""
                        return json.loads(text)
                elif isinstance(event, CloseConnection):
                    return None
                elif isinstance(event, Ping):
                    await self._stream.send(self._protocol.send(event.response()))
            self._protocol.receive_data(await self._stream.receive())


@asynccontextmanager
async def connected(served: Served, path: str = "/api/events/socket", **headers: str) -> AsyncIterator[Socket]:
    given = {"authorization": f"Bearer {served.token}", **headers}
    with anyio.fail_after(60):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as stream:
            protocol = WSConnection(ConnectionType.CLIENT)
            named = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
            request = Request(host=f"127.0.0.1:{served.port}", target=path, extra_headers=named)
            await stream.send(protocol.send(request))
            while True:
                protocol.receive_data(await stream.receive())
                event = next(protocol.events(), None)
                if isinstance(event, AcceptConnection):
                    break
                if isinstance(event, RejectConnection):
                    raise PermissionError(event.status_code)
            yield Socket(stream, protocol)


async def take(socket: Socket, picture: Picture) -> list[Any]:
    """Take one message in; its replies."""
    messages = await socket.receive() or []
    for said in messages:
        if said["event"] != "reply":
            picture.take(said["event"], said["id"], said["data"])
    return [said for said in messages if said["event"] == "reply"]


async def test_a_socket_tells_what_the_stream_tells(served: Served, stage: Stage) -> None:
    stage.say("one")
    picture = Picture()
    async with connected(served) as socket:
        while picture.entries != stage.length:
            await take(socket, picture)
        stage.say("two", "three")
        while picture.entries != stage.length:
            await take(socket, picture)
    again = Picture(last_id=picture.last_id, rows=list(picture.rows))
    stage.say("four")
    async with connected(served, f"/api/events/socket?last_event_id={picture.last_id}") as socket:
        while again.entries != stage.length:
            await take(socket, again)
    assert len(again.rows) == len(picture.rows) + 1
    assert again.state["workers"]["gemini"]["doing"] == "four"


async def test_commands_go_the_other_way_and_are_answered(served: Served, stage: Stage) -> None:
    picture = Picture()
    replies: list[Any] = []
    asked: list[Any] = [
        {"command": "pause", "worker": "gemini", "ref": 1},
        {"command": "pause", "worker": "nobody", "ref": 2},
        {"command": "dance", "ref": 3},
        {"command": "answer", "question": "q9", "text": "yes", "ref": 4},
    ]
    async with connected(served) as socket:
        for one in asked:
            await socket.send(one)
        while len(replies) < len(asked):
            replies += await take(socket, picture)
    assert [(reply["ref"], reply["status"]) for reply in replies] == [(1, 202), (2, 404), (None, 422), (4, 404)]
    (dropped,) = read_commands(stage.folder, 0)
    assert dropped.command is not None
    assert (dropped.command.command, dropped.command.by) == ("pause", "dashboard")


async def test_only_a_choice_consents_over_the_socket_too(served: Served, stage: Stage) -> None:
    stage.take(GuardAsked(WorkerId("gemini"), "1", "executable", ("pip", "install", "flask"), "/srv/shop"))
    picture = Picture()
    replies: list[Any] = []
    async with connected(served) as socket:
        with anyio.fail_after(60):
            while not await served.get("/api/questions"):
                await anyio.lowlevel.checkpoint()
            for ref, text in enumerate(("go away", "ok", "1")):
                await socket.send({"command": "answer", "question": "q1", "text": text, "ref": ref})
            while len(replies) < 3:
                replies += await take(socket, picture)
    assert [(reply["ref"], reply["status"]) for reply in replies] == [(0, 422), (1, 422), (2, 202)]
    (dropped,) = read_commands(stage.folder, 0)
    assert dropped.command is not None
    # The number stands for the choice's own word, by which a journal says what was consented to.
    assert (dropped.command.text, dropped.command.who) == ("yes", "the holder of the dashboard's token")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"authorization": "Bearer wrong"}, id="a wrong token"),
        pytest.param({"origin": "http://evil.example"}, id="another origin"),
        pytest.param({"sec_fetch_site": "cross-site", "origin": "http://evil.example"}, id="another site"),
    ],
)
async def test_strangers_get_no_socket(served: Served, headers: dict[str, str]) -> None:
    with pytest.raises(PermissionError, match="403"):
        async with connected(served, **headers):
            pass


async def test_the_end_of_the_server_ends_the_socket(served: Served, stage: Stage) -> None:
    picture = Picture()
    async with connected(served) as socket:
        while not picture.state:
            await take(socket, picture)
        served.dashboard.end()
        with anyio.fail_after(60):
            while await socket.receive() is not None:
                pass
