from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

from orchestrator.cli.foreground import Attendance
from orchestrator.cli.key_reader import Wish
from orchestrator.cli.plain_view import PlainView
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command
from orchestrator.session.state import Ending

if TYPE_CHECKING:
    from tests.cli.conftest import Story


async def test_a_key_drops_the_command_that_others_would(story: Story) -> None:
    attendance = Attendance(PlainView(io.StringIO()), by="orchestrate attach", owns=False)
    attendance.session = story.session
    for wish in (Wish.PAUSE, Wish.REVIEW):
        attendance._try_to_fulfil(wish)

    told = [(command.command, command.by) for command in story.dropped()]
    assert told == [(Command.PAUSE, "orchestrate attach"), (Command.REVIEW, "orchestrate attach")]


async def test_a_key_that_cannot_be_obeyed_ends_nothing(story: Story) -> None:
    out = io.StringIO()
    attendance = Attendance(PlainView(out))
    attendance.session = story.session
    shutil.rmtree(story.folder.path)
    story.folder.path.write_text("in the way")
    attendance._try_to_fulfil(Wish.PAUSE)

    assert "cannot leave a command" in out.getvalue()


async def test_a_session_that_is_ending_is_not_left(story: Story) -> None:
    out = io.StringIO()
    attendance = Attendance(PlainView(out))
    attendance.session = story.session
    story.session.ending = Ending(Outcome.DONE, "all well")
    attendance._try_to_fulfil(Wish.LEAVE)

    assert not attendance.left_running
    assert "ending already" in out.getvalue()
