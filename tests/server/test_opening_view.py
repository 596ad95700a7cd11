from __future__ import annotations

import os

from pydantic_core import from_json, to_json

from orchestrator.journal.checkpoint import PrefixDigest, keep_checkpoint
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.server.opening_view import opening_view
from orchestrator.session.summary import summarise
from orchestrator.settings.user_places import state_folder
from tests.server.conftest import Served, Stage


def ended(stage: Stage) -> None:
    """The session has ended and left its report."""
    stage.take(SessionClosed(Outcome.FAILED, "an \x1b[31modd\x1b[0m end"))
    assert stage.session is not None
    stage.folder.report_data_file.write_bytes(to_json(summarise(stage.session)))
    stage.release_workers()


def test_an_ended_session_is_told_from_its_report_as_from_its_journal(stage: Stage) -> None:
    ended(stage)
    view = opening_view(stage.folder)
    assert view is not None
    assert (view["session"]["task"], view["session"]["status"]) == ("Add input validation", "failed")
    assert [worker["status"] for worker in view["workers"].values()] == ["running", "waiting", "waiting"]
    assert [mark.what for mark in view["timeline"]["marks"]] == ["turn"]
    assert view["rows"][-1].n == view["session"]["entries"]
    assert "\x1b" not in to_json(view).decode()


def test_one_that_runs_is_told_from_its_checkpoint(stage: Stage) -> None:
    stage.say("line 1")
    assert stage.session is not None
    file = stage.folder.journal_file
    assert keep_checkpoint(
        stage.folder,
        stage.session,
        file.stat().st_size,
        state=state_folder(os.environ),
        prefix=PrefixDigest(file),
    )
    entries = stage.session.n
    stage.say("line 2")

    view = from_json(to_json(opening_view(stage.folder)))

    assert (view["session"]["task"], view["session"]["status"]) == ("Add input validation", "running")
    assert view["session"]["live"]
    assert view["session"]["entries"] == entries
    assert [worker["status"] for worker in view["workers"].values()] == ["running", "waiting", "waiting"]
    assert view["rows"][-1]["n"] > entries, "the newest events are of the journal as it is"

    stage.folder.checkpoint_file.write_text("{}")
    assert opening_view(stage.folder) is None


def test_one_that_runs_or_whose_report_is_garbage_is_not(stage: Stage) -> None:
    assert opening_view(stage.folder) is None
    ended(stage)
    stage.folder.report_data_file.write_text('{"id": 3}')
    assert opening_view(stage.folder) is None


async def test_the_route_tells_what_the_report_tells(served: Served, stage: Stage) -> None:
    ended(stage)
    assert (await served.get("/api/opening"))["session"]["status"] == "failed"


async def test_the_stream_begins_where_the_page_has_room(served: Served, stage: Stage) -> None:
    stage.say(*(f"line {i}" for i in range(30)))
    assert (await served.client.get("/api/opening")).status_code == 204
    seen: list[str] = []
    async with served.client.stream("GET", "/api/events/stream", params={"newest": 5}) as stream:
        async for line in stream.aiter_lines():
            seen.append(line)
            if line.startswith("event: state"):
                break
    assert sum(line == "event: entry" for line in seen) == 5
