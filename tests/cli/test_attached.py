from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.cli import attached
from orchestrator.cli.attached import follow_session
from orchestrator.errors import OrchestrateError
from orchestrator.journal.checkpoint import PrefixDigest, keep_checkpoint
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.models.effects import EffectId, Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.session.fold import Folded, fold
from orchestrator.settings.user_places import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


@pytest.mark.parametrize("is_damaged", [False, True])
async def test_what_a_checkpoint_holds_is_not_folded_again(
    story: Story, monkeypatch: pytest.MonkeyPatch, is_damaged: bool
) -> None:
    story.started("gemini")
    story.write()
    state, file = state_folder(os.environ), story.folder.journal_file
    assert keep_checkpoint(story.folder, story.session, file.stat().st_size, state=state, prefix=PrefixDigest(file))
    if is_damaged:
        story.folder.checkpoint_file.write_text("{}")
    story.take(SessionClosed(Outcome.INTERRUPTED, "stopped by terminal"))
    story.write()
    folded: list[int] = []

    def counted(session: Session | None, entries: Iterable[JournalEntry]) -> Iterator[Folded]:
        for one in fold(session, entries):
            folded.append(one[0].n)
            yield one

    monkeypatch.setattr(attached, "fold", counted)
    seen, said = Seen(), list[str]()

    result = await follow_session(story.folder, seen.observe, said.append, caught_up=seen.caught_up.set)

    assert seen.kinds == [entry.body.kind for entry in story.entries]
    assert folded == [entry.n for entry in story.entries][0 if is_damaged else -1 :]
    assert ["folded again from the journal" in text for text in said] == ([False, True] if is_damaged else [False])
    assert result.state == story.session


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
