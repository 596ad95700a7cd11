from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from orchestrator.server.request_limits import MOST_BODY_BYTES, BoundedApp, Room, refusal_headers


class Heard:
    """An application that reads the whole body, and what was answered."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.sent: list[Any] = []

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        event = await receive()
        self.body = event.get("body", b"")
        assert not event.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(self, chunks: Iterable[bytes], *headers: tuple[bytes, bytes], cut: bool = False) -> int:
        """Send a request in chunks; the status of the answer, 0 without one."""
        left = list(chunks)
        scope = {"type": "http", "headers": list(headers)}

        async def receive() -> Any:
            if not left:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or cut}

        async def send(event: Any) -> None:
            self.sent.append(event)

        await BoundedApp(self.app)(scope, receive, send)
        return int(self.sent[0]["status"]) if self.sent else 0


CHUNKED = (b"transfer-encoding", b"chunked")


async def test_a_body_in_many_chunks_reaches_the_app_whole() -> None:
    heard = Heard()
    assert await heard.ask([b"{", b"", b"}"], CHUNKED) == 200
    assert heard.body == b"{}"


async def test_a_request_without_a_body_is_not_waited_for() -> None:
    heard = Heard()
    assert await heard.ask([b""]) == 200
    assert heard.body == b""


@pytest.mark.parametrize(
    ("chunks", "header"),
    [
        pytest.param([b"x"], (b"content-length", str(MOST_BODY_BYTES + 1).encode()), id="as it is announced"),
        pytest.param([b"x" * 65536] * (MOST_BODY_BYTES // 65536 + 1), CHUNKED, id="as it comes"),
    ],
)
async def test_a_body_that_is_too_large_never_reaches_the_app(chunks: list[bytes], header: tuple[bytes, bytes]) -> None:
    heard = Heard()
    assert await heard.ask(chunks, header) == 413
    assert heard.body is None
    assert json.loads(heard.sent[1]["body"])["status"] == 413


async def test_the_largest_body_is_let_through() -> None:
    heard = Heard()
    assert await heard.ask([b"x" * MOST_BODY_BYTES], (b"content-length", str(MOST_BODY_BYTES).encode())) == 200


async def test_a_client_that_goes_within_its_body_is_not_answered() -> None:
    heard = Heard()
    assert await heard.ask([b"{"], CHUNKED, cut=True) == 0
    assert heard.body is None


def test_places_are_counted_and_given_back() -> None:
    room = Room(most=1)
    with room.place() as first, room.place() as second:
        assert (first, second, room.taken) == (True, False, 1)
    assert room.taken == 0


def test_only_too_many_at_once_is_worth_another_try() -> None:
    assert b"retry-after" in dict(refusal_headers(429, b""))
    assert b"retry-after" not in dict(refusal_headers(413, b""))
