from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_a_damaged_journal_is_said_with_the_entry(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    with Path(story.folder.journal_file).open("a") as file:
        file.write("not an entry\n")

    for name in ("show", "replay", "logs"):
        ran = orchestrate(name)
        assert ran.code == 1, name
        assert "is damaged" in ran.err
        assert "Traceback" not in ran.err
