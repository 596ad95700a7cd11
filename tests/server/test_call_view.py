from __future__ import annotations

from orchestrator.models.events import ToolCalled, ToolReturned
from tests.server.conftest import Served, Stage


async def test_a_call_is_told_with_what_came_back(served: Served, stage: Stage) -> None:
    asked = ToolCalled("Bash", "c:1", "make test", command="make test\n\x1b[31m# all of them")
    back = ToolReturned("c:1", ok=False, text="2 failed", exit_code=2)
    stage.take(
        stage.record(asked), stage.record(ToolCalled("Read", "c:2", "README", path="README")), stage.record(back)
    )
    calls = {mark["text"]: mark for mark in (await served.get("/api/timeline"))["marks"] if mark["what"] == "call"}
    failed = await served.get("/api/call", key=calls["make test"]["key"])
    assert failed["command"].startswith("make test\n")
    assert "\x1b" not in failed["command"]
    assert (failed["tool"], failed["ok"], failed["exit_code"], failed["text"]) == ("Bash", False, 2, "2 failed")
    still_open = await served.get("/api/call", key=calls["README"]["key"])
    assert (still_open["path"], still_open["ok"], still_open["returned_at"]) == ("README", None, None)


async def test_a_call_that_is_not_on_the_axis_is_told_so(served: Served) -> None:
    answer = await served.client.get("/api/call", params={"key": "gemini:1:c9:3"})
    assert (answer.status_code, answer.json()["hint"]) == (404, "the event log has all of them")
