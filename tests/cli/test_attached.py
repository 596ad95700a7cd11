from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.cli.attached import follow_session
from orchestrator.errors import OrchestrateError
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.effects import EffectId, Outcome
from orchestrator.models.entries import SessionClosed

if TYPE_CHECKING:
    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.cli.conftest import Story


class Seen:
    """What a view was told, and what happens once it has caught up."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.caught_up = anyio.Event()

    def observe(self, session: Session, entry: JournalEntry) -> None:
        self.kinds.append(entry.body.kind)


async def test_every_entry_is_told_as_it_comes_until_the_end(story: Story) -> None:
    story.write()
    seen = Seen()
    with hold_session_lock(story.folder), anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:

            async def go_on() -> None:
                await seen.caught_up.wait()
                assert seen.kinds[0] == "session_opened"
                story.take(SessionClosed(Outcome.INTERRUPTED, "stopped by terminal", EffectId(1, 0)))
                story.write()

            tasks.start_soon(go_on)
            result = await follow_session(story.folder, seen.observe, print, caught_up=seen.caught_up.set)
    assert seen.kinds[-1] == "session_closed"
    assert int(result.exit_code) == 130


async def test_a_session_whose_coordinator_goes_is_said_to_have_lost_it(story: Story) -> None:
    story.write()
    seen = Seen()
    with anyio.fail_after(30), pytest.raises(OrchestrateError, match="lost its coordinator"):
        await follow_session(story.folder, seen.observe, print, caught_up=seen.caught_up.set)


async def test_a_folder_that_vanishes_while_it_is_shown_is_said(story: Story) -> None:
    story.write()
    seen = Seen()

    def vanish() -> None:
        shutil.rmtree(story.folder.path)

    with anyio.fail_after(30), pytest.raises(OrchestrateError, match="has vanished"):
        await follow_session(story.folder, seen.observe, print, caught_up=vanish)
