from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import JournalDamaged
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.events import EventType, Reported, ToolCalled, ToolReturned, UsageReported
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.server.chronicle import Chronicle
from orchestrator.server.entry_lookup import PAGE
from orchestrator.server.follower import Follower
from orchestrator.server.recent_history import RecentHistory
from orchestrator.session.fold import step
from tests.server.conftest import Stage


@asynccontextmanager
async def following(stage: Stage) -> AsyncIterator[Follower]:
    follower = Follower(stage.folder)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follower.run)
        await follower.wait_until_ready()
        yield follower
        tasks.cancel_scope.cancel()


async def until(follower: Follower, n: int) -> None:
    with anyio.fail_after(60):
        while follower.n < n:  # noqa: ASYNC110 - it has no event for each entry
            await anyio.sleep(0.01)


async def test_the_state_is_that_of_the_fold(stage: Stage) -> None:
    stage.say("one")
    async with following(stage) as follower:
        assert follower.session == stage.session
        stage.say("two")
        await until(follower, stage.length)
        assert follower.session == stage.session


async def test_entries_are_found_again_by_their_number_on_every_page(stage: Stage) -> None:
    stage.say(*(str(i) for i in range(PAGE * 2)))
    wanted = list(read_journal(stage.folder.journal_file))
    async with following(stage) as follower:
        for first, last in [(1, 3), (PAGE, PAGE + 1), (PAGE + 1, PAGE + 2), (stage.length, stage.length + 9), (9, 8)]:
            assert list(follower.pages.entries(first, last)) == wanted[first - 1 : max(last, first - 1)]


async def test_measurements_and_states_are_kept_bounded(stage: Stage) -> None:
    for i in range(200):
        stage.sample(float(i))
    async with following(stage) as follower:
        past = follower._memory.of(WorkerId("gemini"))
        assert len(past.samples) == 90
        assert past.samples[-1].cpu_percent == 199.0
        assert [change.status for change in past.history] == ["waiting", "running"] or len(past.history) >= 2


async def test_who_runs_the_session_is_noticed(stage: Stage) -> None:
    async with following(stage) as follower:
        assert follower.is_live
        stage.release_workers()
        with anyio.fail_after(60):
            while follower.is_live:  # noqa: ASYNC110 - asked for by the clock
                await anyio.sleep(0.01)


async def test_a_damaged_entry_ends_the_following_after_what_is_sound_and_is_said(stage: Stage) -> None:
    stage.say("sound")
    with stage.folder.journal_file.open("ab") as file:
        file.write(b"{}\n")
    async with following(stage) as follower:
        assert follower.n == stage.length
        assert follower.problem is not None
        assert "damaged" in follower.problem.message


async def test_a_session_without_an_entry_says_so(workspace: Path) -> None:
    folder = SessionFolder(workspace / "20261121-175811-0000")
    folder.path.mkdir(parents=True)
    follower = Follower(folder)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follower.run)
        with pytest.raises(JournalDamaged, match="no journal entry"):
            await follower.wait_until_ready()
        tasks.cancel_scope.cancel()


async def test_a_torn_line_that_a_new_coordinator_cuts_off_is_followed_over(stage: Stage) -> None:
    with stage.folder.journal_file.open("ab") as file:
        file.write(b'{"n":99,"torn')
    async with following(stage) as follower:
        n = follower.n
        stage.journal.close()
        stage.journal = Journal(stage.folder.journal_file)
        stage.say("after the cut")
        await until(follower, n + 1)
        assert follower.problem is None


async def test_the_axis_is_told_on_from_what_was_told_of_it_and_not_from_entries_that_have_nothing_on_it(
    stage: Stage,
) -> None:
    async with following(stage) as follower:
        follower.clients = 1
        for _ in range(2):
            stage.take(stage.record(ToolCalled("call", "Read", "README")))
            await until(follower, stage.length)
            stage.sample()
            await until(follower, stage.length)
        with anyio.fail_after(60):
            while len(told := axis_told(follower)) < 2:  # noqa: ASYNC110 - it has no event for each block
                await anyio.sleep(0.01)

    assert [(one["from"], one["to"]) for one in told[1:]] == [(told[0]["to"], told[1]["to"])]


def axis_told(follower: Follower) -> list[dict[str, int]]:
    """What the axis of time was told, in order."""
    blocks = follower.ring.since(0) or ()
    states = [json.loads(one.data) for block in blocks for one in block.messages if one.event == "state"]
    return [state["timeline"] for state in states if "timeline" in state]


async def test_what_is_read_in_runs_is_noted_as_if_entry_by_entry(stage: Stage) -> None:
    stage.start()
    for i in range(40):
        stage.take(
            stage.record(ToolCalled("Bash", f"c{i}", f"ls {i}")),
            stage.output("I look."),
            stage.record(UsageReported(Usage(input_tokens=10, output_tokens=i))),
            stage.record(ToolReturned(f"c{i}", ok=i != 7)),
        )
    stage.take(stage.record(Reported("half is done"), kind=EventType.MILESTONE), stage.output("I go on."))
    chronicle, memory, session = Chronicle(), RecentHistory(), None
    for entry in read_journal(stage.folder.journal_file):
        before, (session, _) = session, step(session, entry)
        chronicle.note(entry, before, session)
        memory.note(entry, before, session)
    async with following(stage) as follower:
        assert follower.session is not None
        assert follower.session == session
        assert follower.chronicle.after(0) == chronicle.after(0)
        for worker in follower.session.workers:
            assert follower._memory.of(worker).history == memory.of(worker).history


async def test_entries_before_a_damaged_one_are_read(stage: Stage) -> None:
    stage.start()
    stage.say("one", "two")
    intact = stage.length
    with stage.folder.journal_file.open("ab") as file:
        file.write(b"{}\n")
    follower = Follower(stage.folder)
    await follower._read()
    assert (follower.n, follower.session) == (intact, stage.session)
    assert follower.problem is not None
