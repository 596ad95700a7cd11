from __future__ import annotations

from typing import Any

import anyio
import pytest

from orchestrator.journal.control import read_commands
from orchestrator.models.entries import Command, GuardAsked, UserCommand
from orchestrator.models.identity import WorkerId
from tests.server.conftest import Served, Stage


def dropped(stage: Stage) -> list[tuple[Command, str | None, str, str | None, str]]:
    found = [one.command for one in read_commands(stage.folder, 0) if one.command]
    return [(one.command, one.worker, one.text, one.question, one.by) for one in found]


@pytest.mark.parametrize(
    ("path", "body", "command", "worker", "text"),
    [
        pytest.param("/api/control/pause", None, Command.PAUSE, None, "", id="pause"),
        pytest.param("/api/control/resume", {}, Command.RESUME, None, "", id="resume"),
        pytest.param("/api/control/stop", {"text": "enough"}, Command.STOP, None, "enough", id="stop"),
        pytest.param("/api/control/stop", {"hard": True}, Command.KILL, None, "", id="kill"),
        pytest.param("/api/control/review", {"worker": "gemini"}, Command.REVIEW, "gemini", "", id="review of one"),
        pytest.param("/api/workers/gemini/pause", None, Command.PAUSE, "gemini", "", id="pause one"),
        pytest.param("/api/workers/gemini/resume", None, Command.RESUME, "gemini", "", id="resume one"),
        pytest.param("/api/workers/gemini/stop", None, Command.STOP, "gemini", "", id="stop one"),
        pytest.param("/api/workers/gemini/restart", None, Command.RESTART, "gemini", "", id="restart one"),
    ],
)
async def test_a_wish_becomes_a_command_that_says_who_asked(
    served: Served, stage: Stage, path: str, body: Any, command: Command, worker: str | None, text: str
) -> None:
    answer = await served.client.post(path, json=body) if body is not None else await served.client.post(path)
    assert answer.status_code == 202, answer.text
    assert answer.json()["number"] == 1
    assert dropped(stage) == [(command, worker, text, None, "dashboard")]


async def test_questions_are_answered_and_guarded_commands_confirmed(served: Served, stage: Stage) -> None:
    stage.take(GuardAsked(WorkerId("gemini"), "1", "executable", ("pip", "install", "flask"), "/srv/shop"))
    with anyio.fail_after(60):
        async with served.client.stream("GET", "/api/events/stream") as stream:
            async for line in stream.aiter_lines():
                if '"questions":[{' in line:
                    break
    (question,) = await served.get("/api/questions")
    path = f"/api/questions/{question['id']}"
    for words in ("go on", "go away", "ok"):
        refused = await served.client.post(f"{path}/answer", json={"text": words})
        assert refused.status_code == 422
        assert "answer yes or no" in refused.json()["detail"]
    assert (await served.client.post(f"{path}/answer", json={"text": " Yes "})).status_code == 202
    assert (await served.client.post(f"{path}/confirmation", json={"confirmed": True})).status_code == 202
    second = await served.client.post(f"{path}/confirmation", json={"confirmed": False})
    assert (second.status_code, second.json()["hint"]) == (409, "the first answer counts; yours was not sent")
    assert "q1 was answered a moment ago, from another page of this dashboard: 'yes'" in second.json()["detail"]
    assert [(text, asked) for _, _, text, asked, _ in dropped(stage)] == [("Yes", "q1")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/api/control/pause", {"worker": "nobody"}, 404, id="unknown worker"),
        pytest.param("/api/workers/nobody/stop", None, 404, id="unknown worker in the path"),
        pytest.param("/api/questions/q9/answer", {"text": "yes"}, 404, id="question that is not open"),
        pytest.param("/api/questions/q9/answer", {"text": "  "}, 422, id="blank answer"),
        pytest.param("/api/control/pause", {"wroker": "gemini"}, 422, id="a field that does not exist"),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_drops_nothing(
    served: Served, stage: Stage, path: str, body: Any, status: int
) -> None:
    answer = await served.client.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert dropped(stage) == []


async def test_who_answers_a_closed_question_is_told_who_answered_it(served: Served, stage: Stage) -> None:
    stage.take(GuardAsked(WorkerId("gemini"), "1", "executable", ("pip", "install", "flask"), "/srv/shop"))
    stage.take(UserCommand(Command.ANSWER, by="orchestrate answer", text="no", question="q1", who="ada"))
    with anyio.fail_after(60):
        async with served.client.stream("GET", "/api/events/stream") as stream:
            async for line in stream.aiter_lines():
                if '"settled":[{' in line:
                    break
    second = await served.client.post("/api/questions/q1/confirmation", json={"confirmed": True})
    assert second.status_code == 409
    assert "q1 is closed: answered 'no' from orchestrate answer (ada) at " in second.json()["detail"]
    assert dropped(stage) == []


async def test_a_session_that_nobody_runs_takes_no_commands(served: Served, stage: Stage) -> None:
    await served.get("/api/session")
    stage.release_workers()
    with anyio.fail_after(60):
        async with served.client.stream("GET", "/api/events/stream") as stream:
            async for line in stream.aiter_lines():
                if '"live":false' in line:
                    break
    answer = await served.client.post("/api/control/stop")
    assert answer.status_code == 409
    assert "orchestrate resume" in answer.json()["hint"]
