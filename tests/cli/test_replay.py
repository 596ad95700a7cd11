from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_replay_derives_a_session_again(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()

    ran = orchestrate("replay")

    assert ran.code == 0, ran.err
    assert f"{len(story.entries)} entries" in ran.out
    assert "all the same" in ran.out


def test_replay_ends_with_1_at_the_first_difference(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    text = story.folder.journal_file.read_text()
    story.folder.journal_file.write_text(text.replace('"tier":1', '"tier":2'))

    ran = orchestrate("replay")

    assert ran.code == 1
    assert "differs" in ran.err
    assert "Traceback" not in ran.err
