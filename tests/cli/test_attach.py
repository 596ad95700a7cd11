from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_a_session_that_nobody_runs_cannot_be_watched(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    ran = orchestrate("attach", str(story.folder.id))

    assert ran.code == 1
    assert "is not running" in ran.err
    assert "orchestrate show" in ran.err
