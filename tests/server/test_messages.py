from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from orchestrator.server.messages import Message, as_json, as_sse, changed_fields, message, message_id, position_in


def test_an_sse_message_is_an_id_an_event_and_one_line_of_data() -> None:
    told = message("beat", "20261121-175811-7f3a", 7, {"text": "two\nlines"})
    assert told.as_sse == b'id: 20261121-175811-7f3a:7\nevent: beat\ndata: {"text":"two\\nlines"}\n\n'


def test_the_socket_gets_the_same_as_json() -> None:
    told = Message("beat", "s:7", b'{"a":1}')
    assert json.loads(as_json([told, told])) == [{"id": "s:7", "event": "beat", "data": {"a": 1}}] * 2
    assert as_sse([told, told]).count(b"id: s:7\n") == 2


@pytest.mark.parametrize(
    ("text", "position"),
    [
        pytest.param("s:7", 7, id="ours"),
        pytest.param("t:7", None, id="another session's"),
        pytest.param("s:", None, id="without a number"),
        pytest.param("s:-1", None, id="negative"),
        pytest.param("s:٣", None, id="digits of another script"),
        pytest.param("s:" + "9" * 400, None, id="absurd"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_position_is_read_from_an_id_of_the_same_session_only(text: str, position: int | None) -> None:
    assert position_in(text, "s") == position


def test_an_id_is_read_as_it_was_written() -> None:
    assert position_in(message_id("s", 12), "s") == 12


@dataclass
class Flat:
    a: int
    b: str


def test_only_fields_that_differ_are_told() -> None:
    assert changed_fields(Flat(1, "x"), Flat(2, "x")) == {"a": 2}
    assert changed_fields(None, Flat(2, "x")) == {"a": 2, "b": "x"}
