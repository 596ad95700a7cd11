from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Served, Stage


async def test_pages_backwards_and_forwards_show_every_row_once(served: Served, stage: Stage) -> None:
    stage.say(*(f"line {i}" for i in range(600)))
    newest = await served.get("/api/events", limit=250)
    assert len(newest["rows"]) == 250
    assert newest["rows"][-1]["text"] == "line 599"
    back: list[Any] = newest["rows"]
    page = newest
    while page["first"] > 1:
        page = await served.get("/api/events", limit=250, before=page["first"])
        back = page["rows"] + back
    forward: list[Any] = []
    page = {"last": 0, "entries": 1}
    while page["last"] < page["entries"]:
        page = await served.get("/api/events", limit=100, after=page["last"])
        forward += page["rows"]
    assert back == forward
    assert [row["text"] for row in back][-600:] == [f"line {i}" for i in range(600)]


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        pytest.param({"text": "NEEDLE"}, ["a needle"], id="by text, any case"),
        pytest.param({"agent": "codex"}, [], id="by an agent that said nothing"),
        pytest.param({"agent": "gemini", "type": "progress"}, ["hay", "a needle", "more hay"], id="by agent and type"),
        pytest.param(
            {"agent": ["codex", "gemini"], "type": ["finding", "progress"]},
            ["hay", "a needle", "more hay"],
            id="by any of several",
        ),
        pytest.param({"worker": "codex"}, [], id="by worker"),
        pytest.param({"type": "progress", "important": "true"}, [], id="by weight"),
    ],
)
async def test_only_matching_rows_are_shown(
    served: Served, stage: Stage, query: dict[str, Any], texts: list[str]
) -> None:
    stage.say("hay", "a needle", "more hay")
    assert [row["text"] for row in (await served.get("/api/events", **query))["rows"]] == texts


async def test_a_position_beyond_the_end_is_an_empty_page(served: Served) -> None:
    assert (await served.get("/api/events", after=10**9))["rows"] == []
    assert (await served.get("/api/events", before=1))["rows"] == []
