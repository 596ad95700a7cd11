"""Serve the stream over a WebSocket, and take commands the other way."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import Annotated, Literal

import anyio
from fastapi import APIRouter, Query, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.websockets import WebSocketDisconnect

from orchestrator.errors import OrchestrateError
from orchestrator.models.entries import Command
from orchestrator.server.broadcast import outlet_of
from orchestrator.server.client_streams import TOO_MANY, as_text, chunks
from orchestrator.server.command_files import question_named, send
from orchestrator.server.control_routes import LONGEST_TEXT
from orchestrator.server.follower import Follower
from orchestrator.server.messages import position_in
from orchestrator.server.problems import Refusal
from orchestrator.server.ring import Block
from orchestrator.server.session_hub import SessionHub

router = APIRouter()


class Asked(BaseModel):
    """A command as it comes over the socket."""

    model_config = ConfigDict(extra="forbid")

    command: Command
    worker: str | None = Field(default=None, max_length=100)
    question: str | None = Field(default=None, max_length=100)
    text: str = Field(default="", max_length=LONGEST_TEXT)
    words: str = Field(default="", max_length=LONGEST_TEXT)
    """With ``resume``: what an agent of a session that has stopped is told."""
    ref: str | int | None = None
    """Comes back in the reply."""


class Reply(BaseModel):
    """The result of a command."""

    event: Literal["reply"] = "reply"
    ref: str | int | None = None
    status: int
    data: object


@router.websocket("/api/events/socket")
async def socket(
    websocket: WebSocket,
    session: str | None = None,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    last_event_id: Annotated[str | None, Query(max_length=200)] = None,
    events: bool = True,
) -> None:
    """Every message is a JSON array of ``{id, event, data}``; replies come in arrays too.

    With ``?events=false`` nothing but replies comes: the page reads its events from the stream, and commands go here.
    """
    hub: SessionHub = websocket.app.state.hub
    try:
        follower = await hub.follower(session)
    except OrchestrateError as error:
        await websocket.close(1008, error.message[:120])
        return
    if not events:
        await websocket.accept()
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await websocket.send_text(await _reply(follower, await websocket.receive_text()))
        return
    with hub.room.place() as is_there:
        if is_there:
            await _talk(websocket, follower, after, last_event_id)
        else:
            await websocket.close(1013, TOO_MANY)


async def _talk(websocket: WebSocket, follower: Follower, after: int | None, last_event_id: str | None) -> None:
    await websocket.accept()
    position, known = after or 0, True
    if last_event_id:
        found = position_in(last_event_id, follower.folder.id)
        position, known = (found, True) if found is not None else (0, False)
    async with anyio.create_task_group() as tasks:

        async def take_commands() -> None:
            try:
                while True:
                    await websocket.send_text(await _reply(follower, await websocket.receive_text()))
            except (WebSocketDisconnect, RuntimeError):
                tasks.cancel_scope.cancel()

        tasks.start_soon(take_commands)
        try:
            outlet = outlet_of(websocket.scope, _frame_of)
            async with aclosing(chunks(follower, position, known=known, outlet=outlet)) as told:
                async for chunk in told:
                    await websocket.send_text(as_text(chunk))
            await websocket.close(1001)
        except (WebSocketDisconnect, RuntimeError):
            pass
        tasks.cancel_scope.cancel()


def _frame_of(block: Block) -> bytes:
    return block.frame


async def _reply(follower: Follower, text: str) -> str:
    ref: str | int | None = None
    try:
        asked = Asked.model_validate_json(text)
        ref = asked.ref
        if asked.command is Command.ANSWER:
            question_named(follower, asked.question or "")
        accepted = await send(
            follower, asked.command, worker=asked.worker, text=asked.text, question=asked.question, words=asked.words
        )
        reply = Reply(ref=ref, status=202, data=accepted.model_dump(mode="json"))
    except ValidationError as error:
        reply = Reply(ref=ref, status=422, data={"detail": error.errors(include_url=False)[0]["msg"]})
    except Refusal as error:
        reply = Reply(ref=ref, status=error.status, data={"detail": error.detail, "hint": error.hint})
    except OrchestrateError as error:
        reply = Reply(ref=ref, status=409, data={"detail": error.message, "hint": error.hint})
    return f"[{to_json(reply).decode()}]"
