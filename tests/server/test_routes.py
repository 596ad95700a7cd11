from __future__ import annotations

from typing import Any

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.models.events import EventType
from orchestrator.models.identity import WorkerId
from tests.server.conftest import Served, Stage


async def test_health_is_ok(served: Served) -> None:
    assert (await served.get("/health"))["status"] == "ok"


async def test_the_session_says_where_it_stands(served: Served, stage: Stage) -> None:
    found = await served.get("/api/session")
    assert (found["id"], found["status"], found["live"]) == (stage.folder.id, "running", True)
    assert [step["worker"] for step in found["steps"]] == ["gemini", "claude", "codex"]
    stage.release_workers()
    found = await served.get("/api/session")
    assert found["id"] == stage.folder.id


async def test_workers_come_with_evidence_and_measurements(served: Served, stage: Stage) -> None:
    stage.say("reading the form")
    stage.sample(38.0)
    async with served.client.stream("GET", "/api/events/stream") as stream:
        async for line in stream.aiter_lines():
            if '"samples":[{' in line:
                break
    (gemini, *waiting) = await served.get("/api/workers")
    assert (gemini["status"], gemini["doing"], gemini["samples"][0]["cpu_percent"]) == (
        "running",
        "reading the form",
        38.0,
    )
    assert gemini["total_tokens"] is None
    assert [change["status"] for change in gemini["history"]][-1] == "running"
    assert {worker["status"] for worker in waiting} == {"waiting"}
    assert (await served.get("/api/workers/gemini"))["id"] == "gemini"


@pytest.mark.parametrize("path", ["/api/reviews", "/api/decisions", "/api/recovery", "/api/questions"])
async def test_what_has_not_happened_is_an_empty_list(served: Served, path: str) -> None:
    assert await served.get(path) == []


async def test_a_review_shows_up(served: Served, stage: Stage) -> None:
    stage.take(stage.output("the design stands", kind=EventType.MILESTONE))
    summary = await _settled(served, "/api/summary", lambda found: found["entries"] >= stage.length)
    assert summary["task"] == "Add input validation"


async def test_an_unknown_session_or_worker_is_a_problem_document(served: Served) -> None:
    answer = await served.client.get("/api/session", params={"session": "20200101-000000-0000"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    answer = await served.client.get("/api/workers/nobody")
    assert answer.status_code == 404
    assert "gemini" in answer.json()["hint"]


async def test_the_report_is_there_once_it_is_written(served: Served, stage: Stage) -> None:
    assert (await served.client.get("/api/report")).status_code == 409
    stage.folder.report_text_file.write_text("# Done\n")
    answer = await served.client.get("/api/report")
    assert (answer.text, answer.headers["content-type"]) == ("# Done\n", "text/markdown; charset=utf-8")


async def test_sessions_lists_live_and_finished_ones(served: Served, stage: Stage, staged: Any) -> None:
    other = staged("0001")
    other.take(SessionClosed(Outcome.DONE, "all of it"))
    found = {one["id"]: one for one in await served.get("/api/sessions")}
    assert found[stage.folder.id]["status"] == "running"
    assert found[other.folder.id]["status"] == "done"
    assert (await served.get("/api/session", session=other.folder.id))["live"] is False


async def test_raw_logs_come_by_page(served: Served, stage: Stage) -> None:
    stage.folder.raw_stdout(WorkerId("gemini")).write_text("one\ntwo\n")
    page = await served.get("/api/workers/gemini/log", limit=5)
    assert (page["text"], page["next_offset"], page["size"]) == ("one\n", 4, 8)
    assert (await served.get("/api/workers/gemini/log", stream="stderr"))["text"] == ""


async def test_bad_parameters_are_named(served: Served) -> None:
    answer = await served.client.get("/api/events", params={"limit": 0})
    assert answer.status_code == 422
    assert "limit" in answer.json()["detail"]


async def _settled(served: Served, path: str, holds: Any) -> Any:
    async with served.client.stream("GET", "/api/events/stream") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: state") or line.startswith("event: beat"):
                found = await served.get(path)
                if holds(found):
                    return found
    raise AssertionError("the stream ended")
